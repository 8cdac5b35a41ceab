"""pydns with zones from files and from primaries, served and asked as its peers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tests.e2e.programs import Program, pydns
from tests.peers.peer import Peer
from tests.peers.zones import Key, Remote, keys


class Pydns(Peer):
    program = "pydns"
    plugins: ClassVar[Sequence[str]] = ()
    """Lines ahead of those of the zones."""

    def words(self) -> Sequence[str]:
        return ("-conf", str(self.config))

    def start(self) -> Program:
        return pydns(*self.words(), folder=self.folder)

    def reload(self) -> None:
        """It sees by itself that a file changed."""

    def configuration(self) -> str:
        lines = ["bind 127.0.0.1", *self.plugins]
        zones = list(self.zones.values())
        if used := keys(zones):
            (self.folder / "keys").write_text("".join(map(_key, used)))
            lines += ["tsig {", "secrets keys", "}"]
        for zone in zones:
            if zone.primaries:
                lines += [f"secondary {zone.name}. {{", *map(_from, zone.primaries), "}"]
            else:
                lines.append(f"file {zone.file} {zone.name}.")
            if zone.secondaries:
                lines += [f"transfer {zone.name}. {{", *map(_to, zone.secondaries), "}"]
        return "\n".join((f".:{self.port} {{", *lines, "}", "")) + self.extra


class Cached(Pydns):
    """With the cache plugin ahead, which keeps answers of its own."""

    plugins = ("cache",)


def _key(key: Key) -> str:
    return f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.secret}"; }};\n'


def _from(remote: Remote) -> str:
    return f"transfer from {_there(remote)}"


def _to(remote: Remote) -> str:
    return f"to {_there(remote)}"


def _there(remote: Remote) -> str:
    return f"127.0.0.1:{remote.port}" + (f" key {remote.key.name}" if remote.key else "")
