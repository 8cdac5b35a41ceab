"""Packs a reply into a message, and fits it to what the client takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pydns.names import ROOT
from pydns.records import Record, Type
from pydns.wire.edns import OUR_SIZE, extended_errors, opt_record
from pydns.wire.scan import HEADER, Scan, scan

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.reply import Reply

_QR: Final = 0x8000
_AA: Final = 0x0400
_TC: Final = 0x0200
_RA: Final = 0x0080
_AD: Final = 0x0020
_FROM_QUERY: Final = 0x7910  # opcode, RD, CD
_MAX_POINTER: Final = 0x3FFF
_MIN_SIZE: Final = 512  # octets that every client takes over UDP, RFC 1035 section 2.3.4
_MAX_SIZE: Final = 65_535

# Types whose names may be compressed (RFC 3597 section 4): only those of RFC 1035 that are seen, name first or last.
_COMPRESSED_FROM: Final[dict[int, int]] = {Type.NS: 0, Type.CNAME: 0, Type.PTR: 0, Type.MX: 2}


def render(query: Query, reply: Reply, *, stream: bool) -> bytes:
    """The whole message for the client: id, question as it was spelled, records, OPT if it sent one.

    Over UDP (`stream` False) it is at most the client's EDNS size and ours; whole RRsets that do not fit are left out
    and TC is set, save for additional records, which go without a word (RFC 2181 section 9).
    """
    origin = query.origin
    wire = origin.wire
    question = wire[12 : origin.question_end]
    edns = origin.edns
    rcode = reply.rcode
    tail = b""
    if edns is not None:
        pairs = reply.options
        if reply.errors:
            pairs = (*pairs, *extended_errors(reply.errors))
        tail = opt_record(OUR_SIZE, rcode, edns.do, pairs)
        limit = min(max(edns.size, _MIN_SIZE), OUR_SIZE)
    else:
        limit = _MIN_SIZE
        if rcode > 15:
            rcode = 2  # an extended rcode cannot be told without EDNS
    flags = _QR | (origin.flags & _FROM_QUERY) | (reply.flags & (_AA | _TC | _RA | _AD)) | (rcode & 15)
    if not (origin.do or origin.flags & _AD):
        flags &= ~_AD  # RFC 6840 section 5.8: AD only for who asked for it
    packed = reply.wire
    if packed is None:
        packed = pack(question, reply)
    if stream:
        limit = _MAX_SIZE
    if len(packed) + len(tail) > limit:
        packed = _cut(packed, limit - len(tail))
        flags |= packed[2] << 8 & _TC
    counts = packed[6:12]
    if tail:
        counts = counts[:4] + (int.from_bytes(counts[4:]) + 1).to_bytes(2)
    asked = wire[4:6]
    return b"".join((wire[:2], flags.to_bytes(2), asked, counts, question, packed[12 + len(question) :], tail))


def pack(question: bytes, reply: Reply) -> bytes:
    """A message without OPT, uncut: header (id 0, no RD), the question's bytes, and the reply's records, compressed."""
    out = bytearray(
        HEADER.pack(
            0,
            _QR | (reply.flags & (_AA | _TC | _RA | _AD)) | (reply.rcode & 15),
            1 if question else 0,
            len(reply.answer),
            len(reply.authority),
            len(reply.additional),
        )
    )
    out += question
    known: dict[bytes, int] = {}
    if question:
        _learn(known, question[:-4].lower(), 12)
    for section in (reply.answer, reply.authority, reply.additional):
        _pack_records(out, section, known)
    return bytes(out)


def _pack_records(out: bytearray, records: Sequence[Record], known: dict[bytes, int]) -> None:
    for owner, type_, class_, ttl, rdata in records:
        at = known.get(owner)
        if at is not None:
            out += (0xC000 | at).to_bytes(2)
        else:
            _pack_name(out, owner, known)
        out += type_.to_bytes(2) + class_.to_bytes(2) + ttl.to_bytes(4)
        name_at = _COMPRESSED_FROM.get(type_)
        if name_at is None:
            out += len(rdata).to_bytes(2)
            out += rdata
        else:
            length_at = len(out)
            out += b"\0\0"
            out += rdata[:name_at]
            _pack_name(out, rdata[name_at:], known)
            out[length_at : length_at + 2] = (len(out) - length_at - 2).to_bytes(2)


def _pack_name(out: bytearray, name: bytes, known: dict[bytes, int]) -> None:
    """Writes a name, its known ending as a pointer."""
    offset = 0
    while name[offset]:
        rest = name[offset:]
        at = known.get(rest)
        if at is not None:
            out += (0xC000 | at).to_bytes(2)
            return
        here = len(out)
        if here <= _MAX_POINTER:
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


def _cut(packed: bytes, limit: int) -> bytes:
    """The message less the RRsets that go over `limit` octets; TC where one of answer or authority is missing."""
    layout = scan(packed)
    counts = [0, 0, 0]
    end, full, truncated = layout.question_end, False, False
    for section, first, last in rrsets(packed, layout):
        stop = layout.entries[last].end
        if full or stop > limit:
            full = True
            truncated = truncated or section < 3
            continue
        counts[section - 1] += last - first + 1
        end = stop
    flags = packed[2] << 8 | packed[3] | (_TC if truncated else 0)
    return HEADER.pack(0, flags, 1, *counts) + packed[12:end]


def rrsets(packed: bytes, layout: Scan) -> list[tuple[int, int, int]]:
    """Runs of entries of one section, owner and type, as (section, index of the first, index of the last).

    Owners count as one where their octets are equal, which compression by one packer gives; an RRSIG makes a run of its
    own.
    """
    runs: list[tuple[int, int, int]] = []
    previous: tuple[int, int, bytes] | None = None
    for i, entry in enumerate(layout.entries):
        key = (entry.section, entry.type, packed[entry.owner : entry.rdata - 10])
        if key == previous:
            section, first, _ = runs[-1]
            runs[-1] = (section, first, i)
        else:
            runs.append((entry.section, i, i))
            previous = key
    return runs


def without_opt(wire: bytes, layout: Scan) -> bytes:
    """The message less its OPT record.

    Where records stand behind the OPT they move, which no pointer minds: nothing may point into an OPT, and names
    behind it that point to one another are rare enough that those are left as they are by refusing to move them.
    """
    opt = layout.opt
    if opt is None:
        return wire
    if opt.end != len(wire):
        return _moved(wire, layout)
    return wire[:10] + (int.from_bytes(wire[10:12]) - 1).to_bytes(2) + wire[12 : opt.owner]


def _moved(wire: bytes, layout: Scan) -> bytes:
    """Drops the OPT and everything behind it: additional records, which are optional."""
    assert layout.opt is not None
    kept = sum(entry.section == 3 and entry.end <= layout.opt.owner for entry in layout.entries)
    return wire[:10] + kept.to_bytes(2) + wire[12 : layout.opt.owner]


def bare(wire: bytes, rcode: int) -> bytes:
    """The answer to a message that could not be read: its id, opcode and RD, and an rcode; no question."""
    flags = _QR | ((wire[2] << 8 | wire[3]) & 0x7900) | rcode
    return wire[:2] + flags.to_bytes(2) + bytes(8)
