"""Hashed names, and the records that deny with them (RFC 5155)."""

from __future__ import annotations

from base64 import b32hexencode
from hashlib import sha1
from typing import Final, NamedTuple

SHA1: Final = 1
OPT_OUT: Final = 1
"""The flag of an NSEC3 record which says that insecure delegations may stand between its name and the next."""


class Parameters(NamedTuple):
    """How names are hashed. By default as RFC 9276 section 3.1 wants it: once, and without salt."""

    iterations: int = 0
    salt: bytes = b""

    @property
    def rdata(self) -> bytes:
        """Of the NSEC3PARAM record."""
        return bytes((SHA1, 0)) + self._rest()

    def _rest(self) -> bytes:
        return self.iterations.to_bytes(2) + bytes((len(self.salt),)) + self.salt

    def nsec3(self, following: bytes, types: bytes, opt_out: bool = False) -> bytes:
        """The rdata of an NSEC3 record. `following` is the next hash, `types` a bitmap."""
        flags = OPT_OUT if opt_out else 0
        return bytes((SHA1, flags)) + self._rest() + bytes((len(following),)) + following + types

    def hash(self, name: bytes) -> bytes:
        """20 octets."""
        digest, salt = sha1(name + self.salt).digest(), self.salt
        for _ in range(self.iterations):
            digest = sha1(digest + salt).digest()
        return digest


def read_parameters(rdata: bytes) -> Parameters | None:
    """Of an NSEC3PARAM or NSEC3 record; None where it is cut, or the hash is not SHA-1, the only one there is."""
    if len(rdata) < 5 or rdata[0] != SHA1 or len(rdata) < 5 + rdata[4]:
        return None
    return Parameters(int.from_bytes(rdata[2:4]), rdata[5 : 5 + rdata[4]])


def label(digest: bytes) -> bytes:
    """The first label of an NSEC3 record's owner, with its length: base32hex in small letters."""
    text = b32hexencode(digest).rstrip(b"=").lower()
    return bytes((len(text),)) + text
