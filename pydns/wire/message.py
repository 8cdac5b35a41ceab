"""Packs a reply into a message, and fits it to what the client takes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, Final

from pydns.names import LOWER, ROOT
from pydns.records import Record, Type
from pydns.wire.edns import OUR_SIZE, extended_errors, opt_record
from pydns.wire.fit import AA, TC, cut
from pydns.wire.scan import FIXED, HEADER, Scan

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.reply import Reply

_QR: Final = 0x8000
_RA: Final = 0x0080
_AD: Final = 0x0020
_CO: Final = 0x1_0000  # `Reply.CO`
_FROM_QUERY: Final = 0x7910  # opcode, RD, CD
_FROM_REPLY: Final = AA | TC | _RA | _AD
_OPT: Final = opt_record(OUR_SIZE, 0, False)
_OPT_WITH_DO: Final = opt_record(OUR_SIZE, 0, True)
_POINTED: Final = Struct("!HHHIH")  # a record ahead of its rdata, the owner a pointer
_AFTER_ID: Final = Struct("!HHHHH")  # the header less its id
_TO_QUESTION: Final = 0xC00C  # a pointer to the question's name
LAST_POINTED: Final = 0x3FFF
"""The last offset in a message that a pointer can lead to (RFC 1035 section 4.1.4)."""

_MIN_SIZE: Final = 512  # octets that every client takes over UDP, RFC 1035 section 2.3.4
_MAX_SIZE: Final = 65_535

# Types whose names may be compressed (RFC 3597 section 4): only those of RFC 1035 that are seen, name first or last.
_COMPRESSED_FROM: Final[dict[int, int]] = {Type.NS: 0, Type.CNAME: 0, Type.PTR: 0, Type.MX: 2}


def render(query: Query, reply: Reply, *, stream: bool) -> bytes:
    """The whole message for the client: id, question as it was spelled, records, OPT if it sent one.

    Over UDP (`stream` False) it is at most the client's EDNS size and ours (`reply.size`, else 1232). Whole RRsets that
    do not fit are left out and TC is set, save for additional records, which go without a word (RFC 2181 section 9).
    """
    origin = query.origin
    wire = origin.wire
    question = wire[12 : origin.question_end]
    edns = origin.edns
    rcode = reply.rcode
    tail = b""
    limit = _MIN_SIZE
    if edns is not None:
        ours = reply.size or OUR_SIZE
        if reply.options or reply.errors or rcode > 15 or reply.size or reply.flags > 0xFFFF:
            pairs = (*reply.options, *extended_errors(reply.errors))
            tail = opt_record(ours, rcode, edns.do, pairs, reply.flags & _CO != 0)
        else:
            tail = _OPT_WITH_DO if edns.do else _OPT
        limit = ours if edns.size >= ours else max(edns.size, _MIN_SIZE)
    elif rcode > 15:
        rcode = 2  # an extended rcode cannot be told without EDNS
    flags = _QR | (origin.flags & _FROM_QUERY) | (reply.flags & _FROM_REPLY) | (rcode & 15)
    if flags & _AD and not (origin.flags & _AD or origin.do):
        flags &= ~_AD  # RFC 6840 section 5.8: AD only for who asked for it
    if stream:
        limit = _MAX_SIZE
    if reply.finish:
        limit -= sum(getattr(finish, "room", 0) for finish in reply.finish)
    packed = reply.wire
    if packed is None:
        if question and not reply.additional:
            message = _plain(wire, flags, question, origin.name, reply, tail, limit)
            if message is not None and len(message) <= limit:
                return message
        packed = pack(question, reply, limit)
    elif origin.asked_within and packed[12 : 8 + len(question)].translate(LOWER) != origin.name:
        packed = pack(question, reply.opened())  # it answers a name that a plugin asked for in place of the client's
    if len(packed) + len(tail) > limit:
        packed, tail, flags = _fit(packed, tail, flags, limit, query, reply)
    counts = packed[6:12]
    if tail:
        counts = counts[:4] + (int.from_bytes(counts[4:]) + 1).to_bytes(2)
    return b"".join((wire[:2], flags.to_bytes(2), wire[4:6], counts, question, packed[12 + len(question) :], tail))


def _plain(
    wire: bytes, flags: int, question: bytes, name: bytes, reply: Reply, tail: bytes, limit: int
) -> bytes | None:
    """The whole message where all owners are the name that was asked or above it; None where they are not, or there are
    plainly too many of them.
    """
    answer, authority = reply.answer, reply.authority
    head = _AFTER_ID.pack(flags, 1, len(answer), len(authority), 1 if tail else 0)
    if not authority and len(answer) == 1:  # most
        ((owner, type_, class_, ttl, rdata),) = answer
        if owner != name or type_ in _COMPRESSED_FROM or owner == ROOT:
            return None
        record = _POINTED.pack(_TO_QUESTION, type_, class_, ttl, len(rdata))
        return b"".join((wire[:2], head, question, record, rdata, tail))
    if (len(answer) + len(authority)) * _POINTED.size > limit:
        return None
    parts = [wire[:2], head, question]
    for owner, type_, class_, ttl, rdata in (*answer, *authority):
        pointer = _TO_QUESTION if owner == name else _pointer(owner, name)
        if not pointer or type_ in _COMPRESSED_FROM or owner == ROOT:
            return None
        parts.append(_POINTED.pack(pointer, type_, class_, ttl, len(rdata)))
        parts.append(rdata)
    parts.append(tail)
    return b"".join(parts)


def _pointer(owner: bytes, name: bytes) -> int:
    """What points to `owner` within the question's name; 0 where it does not stand there."""
    at, start = 0, len(name) - len(owner)
    if not name.endswith(owner):
        return 0
    while at < start:
        at += 1 + name[at]
    return _TO_QUESTION + at if at == start else 0


def _fit(packed: bytes, tail: bytes, flags: int, limit: int, query: Query, reply: Reply) -> tuple[bytes, bytes, int]:
    """Message, OPT and flags that keep within `limit`, for an answer that does not."""
    edns = query.origin.edns
    if edns is not None and reply.errors:
        # Extended errors go before any other data, and TC tells of it (RFC 8914 section 3).
        tail = opt_record(reply.size or OUR_SIZE, reply.rcode, edns.do, reply.options, reply.flags & _CO != 0)
        flags |= TC
    if edns is not None and query.origin.question_end + len(tail) > limit:
        # Options as long as that are no use to anybody.
        tail = opt_record(reply.size or OUR_SIZE, reply.rcode, edns.do, (), reply.flags & _CO != 0)
    if len(packed) + len(tail) > limit:
        packed = cut(packed, limit - len(tail), flags)
        flags |= packed[2] << 8 & TC
    return packed, tail, flags


def pack(question: bytes, reply: Reply, limit: int = sys.maxsize) -> bytes:
    """A message without OPT, uncut: header (id 0, no RD), the question's bytes, and the reply's records, compressed.

    Where it would go over `limit` octets in answer or authority it ends with the first record that does: `cut` leaves
    nothing of what follows, and there may be thousands.
    """
    out = bytearray(
        HEADER.pack(
            0,
            _QR | (reply.flags & _FROM_REPLY) | (reply.rcode & 15),
            1 if question else 0,
            len(reply.answer),
            len(reply.authority),
            len(reply.additional),
        )
    )
    out += question
    # Where each name that may be pointed to stands. To begin with the question, which most owners are.
    known = {question[:-4].lower(): 12} if len(question) > 5 else {}
    for at, section in ((6, reply.answer), (8, reply.authority), (10, reply.additional)):
        if section:
            count = _pack_records(out, section, known, limit if at < 10 else sys.maxsize)
            if count < len(section):
                out[at:12] = count.to_bytes(2) + bytes(10 - at)
                break
    return bytes(out)


def _pack_records(out: bytearray, records: Sequence[Record], known: dict[bytes, int], limit: int) -> int:
    """Says how many were packed: all of them, or those up to the first that goes over the limit."""
    for count, (owner, type_, class_, ttl, rdata) in enumerate(records, 1):
        at = known.get(owner)
        name_at = _COMPRESSED_FROM.get(type_)
        if at is not None and name_at is None:
            out += _POINTED.pack(0xC000 | at, type_, class_, ttl, len(rdata))
            out += rdata
        else:
            _pack_name(out, owner, known)
            length_at = len(out) + 8
            out += FIXED.pack(type_, class_, ttl, len(rdata))
            if name_at is None:
                out += rdata
            else:
                out += rdata[:name_at]
                _pack_name(out, rdata[name_at:], known)
                out[length_at : length_at + 2] = (len(out) - length_at - 2).to_bytes(2)
        if len(out) > limit:
            return count
    return len(records)


def _pack_name(out: bytearray, name: bytes, known: dict[bytes, int]) -> None:
    """Writes a name, its known ending as a pointer."""
    if len(known) == 1 and name not in known:
        # The first name besides the question's: only now are the question's own endings worth their time.
        ((whole, start),) = known.items()
        _learn(known, whole, start)
    add_name(out, name, known)


def add_name(out: bytearray, name: bytes, known: dict[bytes, int]) -> None:
    """Writes a name, its longest known ending as a pointer; `known` has names and where they stand, and gets more."""
    offset = 0
    while name[offset]:
        rest = name[offset:]
        at = known.get(rest)
        if at is not None:
            out += (0xC000 | at).to_bytes(2)
            return
        here = len(out)
        if here <= LAST_POINTED:
            known[rest] = here
        length = 1 + name[offset]
        out += name[offset : offset + length]
        offset += length
    out += ROOT


def _learn(known: dict[bytes, int], name: bytes, at: int) -> None:
    offset = 0
    while name[offset]:
        known[name[offset:]] = at + offset
        offset += 1 + name[offset]


def without_opt(wire: bytes, layout: Scan) -> bytes:
    """The message less its OPT record, and less what stands behind that.

    Few put anything there, and to move it would break pointers among those records. They are additional, so optional,
    or a TSIG, which was meant for us.
    """
    opt = layout.opt
    if opt is None:
        return wire
    kept = sum(entry.section == 3 and entry.owner < opt.owner for entry in layout.entries)
    return wire[:10] + kept.to_bytes(2) + wire[12 : opt.owner]


def bare(wire: bytes, rcode: int) -> bytes:
    """The answer to a message that could not be read: its id, opcode and RD, and an rcode; no question."""
    flags = _QR | ((wire[2] << 8 | wire[3]) & 0x7900) | rcode
    return wire[:2] + flags.to_bytes(2) + bytes(8)
