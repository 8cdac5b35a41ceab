"""Reads the answer section of one message of a transfer, record by record."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from pydns.errors import WireError
from pydns.names import LOWER, MAX_LENGTH
from pydns.records import Class, Type
from pydns.wire.rdata import spelled_rdata
from pydns.wire.scan import FIXED, read_name

Found = tuple[bytes, int, int, bytes]
"""Owner in lower case, type, TTL, rdata without compression."""

_IN: Final = int(Class.IN)
_OPT: Final = int(Type.OPT)
_MAX_TTL: Final = 2**31 - 1


def records(wire: bytes, offset: int, count: int) -> Iterator[Found]:
    """`count` records from `offset` on. Raises WireError where they are cut, or of a kind that no zone holds."""
    known: dict[int, bytes] = {}  # names, by where a pointer to them leads
    try:
        for _ in range(count):
            owner, offset = _owner(wire, offset, known)
            type_, class_, ttl, length = FIXED.unpack_from(wire, offset)
            start = offset + 10
            offset = start + length
            if offset > len(wire):
                raise WireError("rdata runs out of the message")
            if class_ != _IN:
                raise WireError(f"a record of class {class_}")
            if type_ == _OPT or not type_ or 128 <= type_ < 256:  # RFC 6895 section 3.1
                raise WireError(f"a record of type {type_}, which is for questions and messages")
            if ttl > _MAX_TTL:
                ttl = 0  # RFC 2181 section 8
            yield owner, type_, ttl, spelled_rdata(wire, type_, start, offset)
    except (IndexError, struct.error):
        raise WireError("a record is cut") from None


def _owner(wire: bytes, offset: int, known: dict[int, bytes]) -> tuple[bytes, int]:
    """As `read_name`; most owners are a pointer, or a label and a pointer."""
    length = wire[offset]
    if length >= 0xC0:
        target = (length & 0x3F) << 8 | wire[offset + 1]
        name = known.get(target)
        if name is None:
            name = known[target] = read_name(wire, offset)[0]
        return name, offset + 2
    at = offset + 1 + length
    if length and length < 64 and wire[at] >= 0xC0:
        target = (wire[at] & 0x3F) << 8 | wire[at + 1]
        rest = known.get(target)
        if rest is None:
            if target >= offset:
                raise WireError("a compression pointer that does not lead backwards")
            rest = known[target] = read_name(wire, target)[0]
        name = wire[offset:at].translate(LOWER) + rest
        if len(name) > MAX_LENGTH:
            raise WireError("a name of over 255 octets")
        if offset < 0x4000:
            known[offset] = name
        return name, at + 2
    return read_name(wire, offset)
