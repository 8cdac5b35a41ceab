"""Rdata out of a message: which of its names may come compressed, and how they read without."""

from __future__ import annotations

from typing import Final

from pydns.errors import WireError
from pydns.records import Type
from pydns.wire.scan import spelled_name

NAMES_AT: Final[dict[int, tuple[int, int]]] = {
    # type: octets ahead of the names, number of names, for the types whose names may come compressed (RFC 3597
    # section 4). NAPTR is one of them, but what stands ahead of its name varies.
    Type.NS: (0, 1),
    3: (0, 1),  # MD
    4: (0, 1),  # MF
    Type.CNAME: (0, 1),
    Type.SOA: (0, 2),
    7: (0, 1),  # MB
    8: (0, 1),  # MG
    9: (0, 1),  # MR
    Type.PTR: (0, 1),
    14: (0, 2),  # MINFO
    Type.MX: (2, 1),
    Type.RP: (0, 2),
    Type.AFSDB: (2, 1),
    21: (2, 1),  # RT
    Type.SIG: (18, 1),
    26: (2, 2),  # PX
    30: (0, 1),  # NXT
    Type.SRV: (6, 1),
    Type.KX: (2, 1),
    Type.DNAME: (0, 1),
}

LENGTHS: Final[dict[int, int]] = {Type.A: 4, Type.AAAA: 16}
"""Octets that the rdata of a type must have."""

_TAILS: Final[dict[int, int]] = {Type.SOA: 20}
"""Octets behind the names, where there are any; SIG and NXT have any number."""

_ANY_TAIL: Final = frozenset((int(Type.SIG), 30))
_NAPTR: Final = int(Type.NAPTR)


def spelled_rdata(wire: bytes, type_: int, start: int, end: int) -> bytes:
    """The rdata from `start` to `end` with its names decompressed, their letters as they came.

    Raises WireError where a name is cut or leads nowhere, or the rdata is too short or too long for what it holds.
    """
    length = LENGTHS.get(type_)
    if length is not None:
        if end - start != length:
            raise WireError(f"{end - start} octets of rdata, where {length} belong")
        return wire[start:end]
    ahead, count = NAMES_AT.get(type_, (0, 0))
    if type_ == _NAPTR:
        ahead, count = octets_ahead_in_naptr(wire, start, end), 1
    if not count:
        return wire[start:end]
    offset = start + ahead
    parts = [wire[start:offset]]
    for _ in range(count):
        name, offset = spelled_name(wire, offset)
        parts.append(name)
    if offset > end or (end - offset != _TAILS.get(type_, 0) and type_ not in _ANY_TAIL):
        raise WireError("rdata that does not end with what it holds")
    parts.append(wire[offset:end])
    return b"".join(parts)


def octets_ahead_in_naptr(wire: bytes, start: int, end: int) -> int:
    """Order, preference and three character strings (RFC 3403 section 4.1)."""
    offset = start + 4
    for _ in range(3):
        if offset >= end:
            raise WireError("a NAPTR record is cut")
        offset += 1 + wire[offset]
    return offset - start
