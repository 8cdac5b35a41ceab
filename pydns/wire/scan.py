"""Where each record of a message stands, read without making objects of their contents.

Bounded for any bytes: compression pointers must lead backwards (RFC 1035 section 4.1.4, RFC 9267 section 2), and each
record takes at least 11 octets, so that lying counts end with the message.
"""

from __future__ import annotations

import sys
from struct import Struct
from typing import Final, NamedTuple

from pydns.errors import WireError
from pydns.names import LOWER, MAX_LENGTH
from pydns.records import Type

HEADER: Final = Struct("!HHHHHH")
"""id, flags, and the counts of questions, answers, authority and additional records."""

FIXED: Final = Struct("!HHIH")
"""What stands between a record's owner and its rdata: type, class, TTL, length of the rdata."""

_ADDITIONAL: Final = 3
_OPT: Final = int(Type.OPT)  # a member of an enumeration costs more to reach, for each record
_FIRST_NAME: Final = 12  # a pointer into the header would mean another name for each id
_MAX_POINTERS: Final = 128
"""Pointers followed in one name: one to it, and one behind each of its 127 labels. More lead from pointer to pointer,
which nobody writes in earnest; 8,000 of them in each of 4,000 names of a message would take seconds."""

MAX_DECOMPRESSED: Final = 8 * 65_535
"""Octets that a message's owners, or its rdata, may decompress to. No honest one comes near; a bomb gives 2 MiB."""


class Entry(NamedTuple):
    """A record's place. `section` is 1 answer, 2 authority, 3 additional; `owner`, `rdata` and `end` are offsets.

    Its TTL (4 octets) stands at `rdata - 6`, the length of its rdata at `rdata - 2`.
    """

    section: int
    owner: int
    type: int
    class_: int
    ttl: int
    rdata: int
    end: int


class Scan(NamedTuple):
    """A message's layout; its OPT record stands in `opt` and not among the entries."""

    question_end: int
    entries: tuple[Entry, ...]
    opt: Entry | None


def scan(wire: bytes, limit: int = sys.maxsize) -> Scan:
    """The places of all records of a message with one question.

    Of answer and authority none is read behind the first that goes over `limit` octets, nor anything that follows.
    Raises WireError where a count lies, a name or record runs out of the message, two OPTs stand there, or octets are
    left over.
    """
    if len(wire) < 12:
        raise WireError("shorter than a header", None)
    _, _, questions, *counts = HEADER.unpack_from(wire)
    if questions != 1:
        raise WireError(f"{questions} questions")
    offset = question_end = skip_name(wire, 12) + 4
    if offset > len(wire):
        raise WireError("the question is cut")
    entries: list[Entry] = []
    opt: Entry | None = None
    for section, count in enumerate(counts, 1):
        for _ in range(count):
            entry = entry_at(wire, section, offset)
            offset = entry.end
            if entry.type != Type.OPT:
                entries.append(entry)
            elif opt is not None or section != _ADDITIONAL or wire[entry.owner] != 0:
                raise WireError("an OPT record where none may stand")
            else:
                opt = entry
            if offset > limit and section != _ADDITIONAL:
                return Scan(question_end, tuple(entries), opt)
    if offset != len(wire):
        raise WireError("octets behind the last record")
    return Scan(question_end, tuple(entries), opt)


def opt_at(wire: bytes, question_end: int) -> int:
    """The offset of the OPT record of a message with one question, 0 where there is none.

    Checks all that `scan` does, and keeps nothing of it: for a message that is passed on as it is. Raises WireError.
    """
    _, _, _, answers, authority, additional = HEADER.unpack_from(wire)
    offset, found = question_end, 0
    try:
        for i in range(answers + authority + additional):
            owner, length = offset, wire[offset]
            if not length:
                offset += 1
            elif length >= 0xC0:
                if not _FIRST_NAME <= ((length & 0x3F) << 8 | wire[offset + 1]) < offset:
                    raise WireError("a compression pointer that does not lead backwards")
                offset += 2
            else:
                offset = skip_name(wire, offset)
            if wire[offset + 1] == _OPT and not wire[offset]:
                if found or length or i < answers + authority:
                    raise WireError("an OPT record where none may stand")
                found = owner
            offset += 10 + (wire[offset + 8] << 8 | wire[offset + 9])
    except IndexError:
        raise WireError("a record is cut") from None
    if offset != len(wire):
        raise WireError("octets behind the last record, or too few")
    return found


def entry_at(wire: bytes, section: int, owner: int) -> Entry:
    """The record that begins there. Raises WireError."""
    fixed = skip_name(wire, owner)
    if fixed + 10 > len(wire):
        raise WireError("a record is cut")
    type_, class_, ttl, length = FIXED.unpack_from(wire, fixed)
    end = fixed + 10 + length
    if end > len(wire):
        raise WireError("rdata runs out of the message")
    return Entry(section, owner, type_, class_, ttl, fixed + 10, end)


def skip_name(wire: bytes, offset: int) -> int:
    """The offset behind a name, which may end in a pointer. Raises WireError."""
    start = offset
    try:
        while length := wire[offset]:
            if length >= 0xC0:
                if not _FIRST_NAME <= ((length & 0x3F) << 8 | wire[offset + 1]) < start:
                    raise WireError("a compression pointer that does not lead backwards")
                return offset + 2
            if length > 63:
                raise WireError("a label of a reserved kind")
            offset += 1 + length
    except IndexError:
        raise WireError("a name runs out of the message") from None
    return offset + 1


def read_name(wire: bytes, offset: int) -> tuple[bytes, int]:
    """The name at `offset`, decompressed and in lower case, and the offset behind it. Raises WireError."""
    spelled, end = spelled_name(wire, offset)
    return spelled.translate(LOWER), end


def owners(wire: bytes, layout: Scan) -> list[bytes]:
    """The owner of each entry, as `read_name` gives it. Raises WireError."""
    known: dict[bytes, bytes] = {}  # from how an owner stands there, most often a pointer, to its name
    found = []
    room = MAX_DECOMPRESSED
    for entry in layout.entries:
        stands = wire[entry.owner : entry.rdata - FIXED.size]
        name = known.get(stands)
        if name is None:
            name = known[stands] = read_name(wire, entry.owner)[0]
            room -= len(name)
            if room < 0:
                raise WireError("names that decompress to too much")
        found.append(name)
    return found


def spelled_name(wire: bytes, offset: int) -> tuple[bytes, int]:
    """As `read_name`, in the sender's spelling."""
    parts: list[bytes] = []
    size, end, segment, pointers = 1, 0, offset, 0
    try:
        while length := wire[offset]:
            if length >= 0xC0:
                target = (length & 0x3F) << 8 | wire[offset + 1]
                pointers += 1
                if not _FIRST_NAME <= target < segment or pointers > _MAX_POINTERS:
                    raise WireError("a compression pointer that does not lead backwards, or one of a long chain")
                end = end or offset + 2
                offset = segment = target
                continue
            if length > 63:
                raise WireError("a label of a reserved kind")
            size += 1 + length
            if size > MAX_LENGTH or offset + 1 + length > len(wire):
                raise WireError("a name of over 255 octets, or cut")
            parts.append(wire[offset : offset + 1 + length])
            offset += 1 + length
    except IndexError:
        raise WireError("a name runs out of the message") from None
    return b"".join(parts) + b"\0", end or offset + 1
