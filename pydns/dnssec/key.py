"""The public half of a key: a DNSKEY record's rdata (RFC 4034 section 2)."""

from __future__ import annotations

from functools import cached_property
from struct import Struct
from typing import Final

from pydns.dnssec.algorithm import Algorithm

ZONE: Final = 0x0100
"""The flag of keys that sign zones; others may stand in a DNSKEY RRset and sign nothing."""
SEP: Final = 0x0001
"""The flag of keys that a parent points to: key-signing keys (RFC 4034 section 2.1.1)."""

_FIXED: Final = Struct("!HBB")
_PROTOCOL: Final = 3  # RFC 4034 section 2.1.2


class Key:
    """A key without what signs. `name` is the zone that it was made for, in wire form."""

    def __init__(self, name: bytes, flags: int, algorithm: Algorithm, public: bytes) -> None:
        self.name = name
        self.flags = flags
        self.algorithm = algorithm
        self.public = public

    @property
    def is_sep(self) -> bool:
        """Whether it is made to sign keys (a KSK), or everything (a CSK)."""
        return bool(self.flags & SEP)

    def public_of(self, zone: bytes) -> Key:
        """The same for another zone, without what signs."""
        return Key(zone, self.flags, self.algorithm, self.public)

    @cached_property
    def rdata(self) -> bytes:
        return (
            _FIXED.pack(
                self.flags,
                _PROTOCOL,
                self.algorithm,
            )
            + self.public
        )

    @cached_property
    def tag(self) -> int:
        return key_tag(self.rdata)


def key_tag(rdata: bytes) -> int:
    """A short number for a DNSKEY, which several may share (RFC 4034 appendix B)."""
    total = sum(rdata[0::2]) * 256 + sum(rdata[1::2])
    return (total + (total >> 16)) & 0xFFFF
