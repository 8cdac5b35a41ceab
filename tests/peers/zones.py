"""What a peer is told of its zones and of those who share them, in words that all peers have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple


class Key(NamedTuple):
    """A TSIG key; `secret` is base64."""

    name: str
    secret: str
    algorithm: str = "hmac-sha256"

    @property
    def for_dig(self) -> str:
        """What follows `-y`."""
        return f"{self.algorithm}:{self.name}:{self.secret}"


KEY: Final = Key("key.example", "c2VjcmV0IG9mIHRoZSB0ZXN0cywgbm90IG9mIG90aGVycw==")


class Remote(NamedTuple):
    """Another server on 127.0.0.1, which signs by `key` and is signed to; None: unsigned."""

    port: int
    key: Key | None = None


class PeerZone(NamedTuple):
    """A zone as one peer has it: with `primaries` it is a secondary there, and its text is what it gets from them.

    `secondaries` are told of changes, and may transfer it. `options` are lines of the program's own language for this
    zone.
    """

    name: str
    text: str = ""
    primaries: Sequence[Remote] = ()
    secondaries: Sequence[Remote] = ()
    options: str = ""

    @property
    def file(self) -> str:
        return (self.name.rstrip(".").replace("/", "-") or "root") + ".zone"


def remotes(zones: Sequence[PeerZone]) -> list[Remote]:
    """All that are named, each once."""
    return list(dict.fromkeys(remote for zone in zones for remote in (*zone.primaries, *zone.secondaries)))


def keys(zones: Sequence[PeerZone]) -> list[Key]:
    """All that are used, each once."""
    return list(dict.fromkeys(remote.key for remote in remotes(zones) if remote.key))
