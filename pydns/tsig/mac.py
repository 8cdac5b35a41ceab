"""The MACs of one exchange: a request, and the messages that answer it, each of which goes on from the one before."""

from __future__ import annotations

import hmac

from pydns.tsig.key import Key
from pydns.tsig.record import Tsig


class Chain:
    """What the next MAC of an exchange begins with, and what it covers (RFC 8945 sections 4.3 and 5.3).

    Begin with `prior` the MAC of the request, as it was sent; b"" for the request itself.
    """

    __slots__ = ("_key", "_later", "_prior", "_unsigned")

    def __init__(self, key: Key, prior: bytes = b"") -> None:
        self._key = key
        self._prior = prior
        self._later = False  # the second message of a sequence, or a later one
        self._unsigned: list[bytes] = []

    def mac(self, message: bytes, record: Tsig) -> bytes:
        """The whole MAC of a message, which is given as it is without its record."""
        parts = [len(self._prior).to_bytes(2), self._prior] if self._prior else []
        parts += self._unsigned
        parts += (message, record.timers() if self._later else record.variables())
        return hmac.digest(self._key.secret, b"".join(parts), self._key.algorithm.hash)

    def went(self, mac: bytes) -> None:
        """An answer has this MAC, as it was sent: the next one goes on from it."""
        self._prior = mac
        self._later = True
        self._unsigned.clear()

    def skipped(self, message: bytes) -> None:
        """A message between signed ones, which the next MAC covers as well."""
        self._unsigned.append(message)
