"""One name of a zone as `bytes`: no object a record, and an answer is a slice of it.

    flags (1)   children (4)   then for each type   type (2)   count (2)   length (4)   records

`records` stand as they leave in an answer: C0 0C (the owner, as a pointer to the question), type, class, TTL, length,
rdata. `children` counts the names one label below that exist. An empty non-terminal has no types.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from pydns.errors import ZoneError
from pydns.names import LOWER, is_name
from pydns.records import Class, Type, type_text

CUT: Final = 1
"""It has NS records and is not the apex: what stands there and below is another zone's, save for glue."""
DNAME: Final = 2
WILDCARD: Final = 4
"""The name `*` one label below exists."""
CNAME: Final = 8
BELOW: Final = 16
"""A name above it within the zone may be a cut or have a DNAME: look. Where this is not set there is none."""

HASHED: Final = 32
"""It has NSEC3 records: it is a hash, and no name that is there unless it has other records too (RFC 5155 section
7.2.8)."""

HEAD: Final = Struct("!BI")
SET: Final = Struct("!HHI")
RECORD: Final = Struct("!HHHIH")
_FIRST: Final = Struct("!BIHHIHHHIH")  # a whole node of one record ahead of its rdata
_HEADS: Final = Struct("!BIHHI")  # of a node, and of its first RRset

FIRST: Final = HEAD.size
"""Where the first RRset begins."""

EMPTY: Final = HEAD.pack(0, 0)
MAX_LENGTH: Final = 65_535
"""Octets of an RRset: more fit no message, so they could never be answered."""

MAX_TYPES: Final = 256

_POINTER: Final = 0xC00C
_IN: Final = int(Class.IN)
_NS, _CNAME, _SOA, _DNAME, _RRSIG = int(Type.NS), int(Type.CNAME), int(Type.SOA), int(Type.DNAME), int(Type.RRSIG)
_MAX_TTL: Final = 0x7FFF_FFFF

_FOLDED_FROM: Final[dict[int, int]] = {
    # Where names begin that are all of the rest: they compare without regard to case (RFC 4034 section 6.2).
    **dict.fromkeys((_NS, 3, 4, _CNAME, 7, 8, 9, int(Type.PTR), 14, int(Type.RP), _DNAME), 0),
    **dict.fromkeys((int(Type.MX), int(Type.AFSDB), 21, int(Type.KX)), 2),
    int(Type.SRV): 6,
}

_FLAGS: Final = {_NS: CUT, _CNAME: CNAME, _DNAME: DNAME, int(Type.NSEC3): HASHED}

_PLAIN: Final = frozenset(range(1, 128)) - {int(Type.OPT), *_FLAGS}
"""Types whose records ask for no check and set no flag; some others too, of which there are few."""

_NAMES: Final = frozenset((_NS, _CNAME, _DNAME))
"""Types of those whose rdata is a name, which is looked at as such."""

_SINGLE: Final = frozenset((_CNAME, _DNAME))
"""Types of which a name has one record at most (RFC 2181 section 10.1, RFC 6672 section 2.4)."""

_OF_HASHES: Final = frozenset((int(Type.NSEC3), _RRSIG))

Rdatas = dict[bytes, tuple[int, bytes]]
"""From what tells records of one RRset apart to TTL and rdata."""

Sets = dict[int, Rdatas]


def key_of(type_: int, rdata: bytes) -> bytes:
    """What is equal where two records of a name and type are the same."""
    start = _FOLDED_FROM.get(type_)
    if start is None:
        return rdata
    return rdata[:start] + rdata[start:].translate(LOWER) if start else rdata.translate(LOWER)


def check_type(type_: int) -> None:
    """Raises ZoneError for a type that no zone has: those of questions and messages alone (RFC 6895 section 3.1)."""
    if not 0 < type_ < 65_536 or 128 <= type_ <= 255 or type_ == Type.OPT:
        raise ZoneError(f"no zone has records of type {type_text(type_)}")


def of_one(type_: int, ttl: int, rdata: bytes, apex: bool) -> bytes:
    """The node of a name with one record and no children."""
    if type_ not in _PLAIN or ttl > _MAX_TTL or len(rdata) > MAX_LENGTH - RECORD.size:
        return packed(0, 0, {type_: {key_of(type_, rdata): (ttl, rdata)}}, apex)
    length = len(rdata)
    return _FIRST.pack(0, 0, type_, 1, RECORD.size + length, _POINTER, type_, _IN, ttl, length) + rdata


def of_one_type(gathered: list[tuple[int, int, bytes]]) -> bytes | None:
    """The node of a name below the apex with these records (type, TTL, rdata), no children and no others.

    None where they are not of one type and TTL, or some are the same: `packed` takes all.
    """
    type_, ttl, _ = gathered[0]
    count = len(gathered)
    if (type_ not in _PLAIN and type_ != _NS) or ttl > _MAX_TTL or count > MAX_LENGTH // RECORD.size:
        return None
    keys = set()
    parts = [b""]
    size = 0
    for each, own, rdata in gathered:
        if each != type_ or own != ttl or (type_ == _NS and not is_name(rdata)):
            return None
        keys.add(key_of(type_, rdata))
        size += RECORD.size + len(rdata)
        parts.append(RECORD.pack(_POINTER, type_, _IN, ttl, len(rdata)))
        parts.append(rdata)
    if len(keys) != count or size > MAX_LENGTH:
        return None
    parts[0] = _HEADS.pack(CUT if type_ == _NS else 0, 0, type_, count, size)
    return b"".join(parts)


def packed(flags: int, children: int, sets: Sets, apex: bool) -> bytes:
    """A node of these records. Of `flags`, WILDCARD and BELOW are taken; the others follow from the records.

    Raises ZoneError.
    """
    flags &= WILDCARD | BELOW
    if len(sets) > MAX_TYPES:
        raise ZoneError(f"records of over {MAX_TYPES} types at one name")
    parts = [b""]
    for type_, rdatas in sets.items():
        if rdatas:
            check_type(type_)
            flags |= _FLAGS.get(type_, 0)
            whole = _packed_set(type_, rdatas)
            parts.append(SET.pack(type_, len(rdatas), len(whole)))
            parts.append(whole)
    if apex:
        flags &= ~CUT
    parts[0] = HEAD.pack(flags, children)
    return b"".join(parts)


def _packed_set(type_: int, rdatas: Rdatas) -> bytes:
    if type_ in _SINGLE and len(rdatas) > 1:
        raise ZoneError(f"{len(rdatas)} {type_text(type_)} records at one name")
    lowest = min(ttl for ttl, _ in rdatas.values())
    parts = []
    for own, rdata in rdatas.values():
        ttl = own if type_ == _RRSIG else lowest
        if len(rdata) > MAX_LENGTH:
            raise ZoneError(f"rdata of {len(rdata)} octets")
        if type_ in _NAMES and not is_name(rdata):
            raise ZoneError(f"the rdata of a {type_text(type_)} record is no name")
        # RFC 2181 section 8: one with the highest bit set is 0.
        parts.append(RECORD.pack(_POINTER, type_, _IN, ttl if ttl <= _MAX_TTL else 0, len(rdata)))
        parts.append(rdata)
    whole = b"".join(parts)
    if len(whole) > MAX_LENGTH:
        raise ZoneError(f"{len(rdatas)} records of type {type_text(type_)} at one name are more than fit any message")
    return whole


def opened(node: bytes) -> Sets:
    """The records of a node, to be changed and packed again."""
    sets: Sets = {}
    for type_, _, start, end in sets_of(node):
        sets[type_] = {key_of(type_, rdata): (ttl, rdata) for ttl, rdata in records(node, start, end)}
    return sets


def sets_of(node: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Type, count, and the places of the first record and behind the last, of each RRset."""
    at, size = FIRST, len(node)
    while at < size:
        type_, count, length = SET.unpack_from(node, at)
        at += 8
        yield type_, count, at, at + length
        at += length


def records(node: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """TTL and rdata of the records that stand there."""
    while start < end:
        _, _, _, ttl, length = RECORD.unpack_from(node, start)
        start += 12
        yield ttl, node[start : start + length]
        start += length


def place(node: bytes, type_: int) -> tuple[int, int] | None:
    """Where the records of a type begin and end; None where there are none."""
    at, size = FIRST, len(node)
    while at < size:
        each, _, length = SET.unpack_from(node, at)
        at += 8
        if each == type_:
            return at, at + length
        at += length
    return None


def is_hash(node: bytes) -> bool:
    """Whether it has NSEC3 records, and nothing but these and their signatures."""
    return bool(node[0] & HASHED) and all(type_ in _OF_HASHES for type_, _, _, _ in sets_of(node))
