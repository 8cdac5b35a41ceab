"""Records into as few messages as they need, one message at a time, names compressed (RFC 5936 section 2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import TYPE_CHECKING, Final

from pydns.names import to_text
from pydns.records import Record, Type, type_text
from pydns.wire.message import LAST_POINTED, add_name
from pydns.zone import node as nodes

if TYPE_CHECKING:
    from pydns.zone.zone import Zone

SOON: Final = 16_384
"""Octets at which a message is full: it takes 1 ms to make, and all names in it can be pointed to."""

MOST: Final = 65_000
"""Octets of a message that one large record alone makes longer. An OPT and a TSIG record find room behind it."""

_QUESTIONS_AT: Final = 5
_COUNT_AT: Final = 6
_SOA: Final = int(Type.SOA)
_LENGTH_AT: Final = nodes.FIRST + 4  # of a node's first RRset
_ONE_SET: Final = nodes.FIRST + nodes.SET.size
_SIZE: Final = Struct("!I").unpack_from

# Types whose names may be compressed (RFC 3597 section 4), and octets ahead of the name that follows.
_NAME_FROM: Final[dict[int, int]] = {Type.NS: 0, Type.CNAME: 0, Type.PTR: 0, Type.MX: 2}
_WITH_NAMES: Final = frozenset((_SOA, *map(int, _NAME_FROM)))


class TooLongError(ValueError):
    """A record that no message has room for."""


Chunk = tuple[bytes, int, bytes]
"""Owner, type, and records of these as they stand in a zone's nodes: two octets for the owner, then the rest."""


def of_zone(zone: Zone) -> Iterator[Chunk]:
    """All records of a zone: its SOA first, and once more at the end (RFC 5936 section 2.2)."""
    soa = of_record(zone.soa.records()[0])
    yield soa
    apex = zone.node(zone.origin) or nodes.EMPTY
    for type_, _, start, end in nodes.sets_of(apex):
        if type_ != _SOA:
            yield zone.origin, type_, apex[start:end]
    for part in zone.parts:
        for name, node in part.items():
            if node is apex:
                continue
            if len(node) > _ONE_SET and len(node) == _ONE_SET + _SIZE(node, _LENGTH_AT)[0]:  # most
                yield name, node[nodes.FIRST] << 8 | node[nodes.FIRST + 1], node[_ONE_SET:]
            else:
                for type_, _, start, end in nodes.sets_of(node):
                    yield name, type_, node[start:end]
    yield soa


def of_record(record: Record) -> Chunk:
    owner, type_, class_, ttl, rdata = record
    return owner, type_, nodes.RECORD.pack(0xC00C, type_, class_, ttl, len(rdata)) + rdata


def pack(chunks: Iterable[Chunk], head: bytes, question: bytes) -> Iterator[bytes]:
    """The messages. Each begins with `head`, its 12 octets of header; `question` stands in the first alone.

    Raises TooLongError.
    """
    out = bytearray(head + question)
    out[_QUESTIONS_AT] = 1 if question else 0
    # From names, as they are spelled, to where they stand in this message.
    known: dict[bytes, int] = {question[:-4]: 12} if len(question) > 5 else {}  # nothing points to the root
    count, last, pointer = 0, b"", b""
    for owner, type_, records in chunks:
        plain = type_ not in _WITH_NAMES
        start, size = 0, len(records)
        while start < size:
            # Two octets for the owner, type, class, TTL, length: ten ahead of that, and twelve ahead of the rdata.
            end = start + 12 + (records[start + 10] << 8 | records[start + 11])
            if count and len(out) + len(owner) + end - start > SOON:
                yield _whole(out, count)
                out, known = bytearray(head), {}
                count, last = 0, b""
            if owner == last:
                out += pointer
            else:
                at = len(out)
                parent = known.get(owner[1 + owner[0] :])
                if parent is not None and owner not in known:  # most
                    out += owner[: 1 + owner[0]]
                    out += (0xC000 | parent).to_bytes(2)
                    if at <= LAST_POINTED:
                        known[owner] = at
                else:
                    add_name(out, owner, known)
                if at <= LAST_POINTED:
                    last, pointer = owner, (0xC000 | at).to_bytes(2)
            if plain:
                out += records[start + 2 : end]
            else:
                _add_with_names(out, type_, records[start:end], known)
            start = end
            count += 1
            if len(out) > MOST:
                raise TooLongError(f"the {type_text(type_)} record of {to_text(owner)} is longer than any message")
    yield _whole(out, count)


def _whole(out: bytearray, count: int) -> bytes:
    out[_COUNT_AT : _COUNT_AT + 2] = count.to_bytes(2)
    return bytes(out)


def _add_with_names(out: bytearray, type_: int, record: bytes, known: dict[bytes, int]) -> None:
    """Writes a record behind its owner, names in it compressed."""
    length_at = len(out) + 8
    out += record[2:12]
    at = 12 + _NAME_FROM.get(type_, 0)
    out += record[12:at]
    for _ in range(2 if type_ == _SOA else 1):
        end = _end_of_name(record, at)
        add_name(out, record[at:end], known)
        at = end
    out += record[at:]
    out[length_at : length_at + 2] = (len(out) - length_at - 2).to_bytes(2)


def _end_of_name(record: bytes, at: int) -> int:
    while record[at]:
        at += 1 + record[at]
    return at + 1
