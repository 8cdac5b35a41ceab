"""Which answers are kept, and for how long (RFC 2308, RFC 9520, RFC 2181 section 8, RFC 4035 section 5.3.3)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple

from pydns import names
from pydns.records import Class, Rcode, Record, Type
from pydns.wire.scan import read_name

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.reply import Reply
    from pydns.wire.scan import Entry as Found
    from pydns_plugins.cache.options import Options

ANSWER: Final = 1
AUTHORITY: Final = 2

_RRSIG: Final = int(Type.RRSIG)
_SOA: Final = int(Type.SOA)
_ONE_TRANSACTION: Final = frozenset((int(Type.TSIG), int(Type.SIG)))  # records that sign one message

NO_TTL: Final = 5
"""Seconds for an answer whose records say nothing that bounds it: one without records, a referral."""


class Kind(Enum):
    """What an answer is to a cache."""

    SUCCESS = auto()
    DENIAL = auto()
    FAILURE = auto()


class Verdict(NamedTuple):
    """How an answer is kept.

    * `seconds`: how long; never 0 or less
    * `ttls`: (offset, TTL) of each record, the TTL as clients shall see it now
    * `targets`: the names that its CNAMEs lead to
    * `answers`: False for a success that holds no record of the type that was asked
    """

    kind: Kind
    seconds: float
    ttls: tuple[tuple[int, int], ...]
    targets: tuple[bytes, ...]
    answers: bool


def is_truncated(wire: bytes) -> bool:
    return bool(wire[2] & 0x02)


def asks(wire: bytes, query: Query) -> bool:
    """True where a message's one question is the query's (RFC 5452 section 9.1)."""
    end = 12 + len(query.name)
    return (
        wire[4:6] == b"\0\1"
        and wire[12:end].translate(names.LOWER) == query.name
        and wire[end : end + 4] == struct.pack("!HH", query.type, query.class_)
    )


def judge(
    wire: bytes, entries: Sequence[Found], query: Query, rcode: int, options: Options, clock: float
) -> Verdict | None:
    """The verdict on a whole message without OPT, None where it is not kept.

    `entries` is what `scan` found in it. `clock` is the time of day in seconds since 1970, which signatures end by.
    Raises pydns.errors.WireError.
    """
    if is_truncated(wire):  # a part of an answer is no answer, RFC 2181 section 9
        return None
    types = {entry.type for entry in entries}
    if not types.isdisjoint(_ONE_TRANSACTION):
        return None
    answer = [entry for entry in entries if entry.section == ANSWER]
    answers, targets = _follow(wire, answer, query)
    soa = None
    if _SOA in types:
        soa = next((entry for entry in entries if entry.section == AUTHORITY and entry.type == _SOA), None)
    kind = _kind(rcode, answer, answers, soa)
    if kind is None or _switched_off(kind, query.name, options):
        return None
    least, most, seconds = _bounds(kind, wire, entries, answers, soa, options)
    ceiling = most if answers else int(seconds)
    if _RRSIG in types:
        left = _signature_left(wire, entries, clock)
        if left < seconds:
            seconds = ceiling = left
    if seconds <= 0:
        return None
    ttls = tuple((entry.rdata - 6, min(max(_ttl(entry), least), ceiling)) for entry in entries)
    return Verdict(kind, seconds, ttls, targets, answers)


def bounded(reply: Reply, options: Options) -> Reply:
    """An answer that need not be kept, its TTLs bounded as if it were; itself where they are already."""
    copy = reply.replace()
    bound(copy, options)
    same = copy.answer is reply.answer and copy.authority is reply.authority and copy.additional is reply.additional
    return reply if same else copy


def bound(reply: Reply, options: Options) -> None:
    """As `bounded`, for a reply that is nobody else's."""
    limits = options.success if reply.answer else options.denial
    reply.answer = _within(reply.answer, limits.least, limits.most)
    if reply.authority:
        reply.authority = _within(reply.authority, limits.least, limits.most)
    if reply.additional:
        reply.additional = _within(reply.additional, limits.least, limits.most)


def _within(records: Sequence[Record], least: int, most: int) -> Sequence[Record]:
    for record in records:
        if not least <= record.ttl <= most:
            return tuple([Record(o, t, c, min(max(ttl, least), most), data) for o, t, c, ttl, data in records])
    return records


def _kind(rcode: int, answer: Sequence[Found], answers: bool, soa: Found | None) -> Kind | None:
    if rcode in (Rcode.SERVFAIL, Rcode.NOTIMP):
        return Kind.FAILURE
    if rcode == Rcode.NXDOMAIN:
        # Without SOA there is no TTL for it, RFC 2308 section 5.
        return Kind.DENIAL if soa is not None else None
    if rcode != Rcode.NOERROR:
        return None
    if answers:
        return Kind.SUCCESS
    if soa is not None:  # NODATA, with a CNAME chain before it or none: RFC 2308 section 2.2
        return Kind.DENIAL
    # A chain that stops half-way is no answer. With nothing in it at all the data may be in the additional section.
    return None if answer else Kind.SUCCESS


def _switched_off(kind: Kind, name: bytes, options: Options) -> bool:
    zones = options.no_success if kind is Kind.SUCCESS else options.no_denial
    return bool(zones) and names.longest_match(name, zones) is not None


def _bounds(
    kind: Kind, wire: bytes, entries: Sequence[Found], answers: bool, soa: Found | None, options: Options
) -> tuple[int, int, float]:
    """The least and the most TTL that a client may see, and how long the answer is kept."""
    if kind is Kind.FAILURE:
        return 0, int(options.failure), options.failure
    lowest = min(map(_ttl, entries), default=NO_TTL)
    if kind is Kind.DENIAL and soa is not None:
        # RFC 2308 section 5: the SOA's own TTL or its MINIMUM, whichever is less.
        lowest = min(lowest, int.from_bytes(wire[soa.end - 4 : soa.end]))
        limits = options.denial
    else:
        limits = options.success
        if any(entry.section == AUTHORITY and entry.type == Type.NS for entry in entries) and not answers:
            lowest = min(lowest, NO_TTL)  # a referral
    return limits.least, limits.most, min(max(lowest, limits.least), limits.most)


def _ttl(entry: Found) -> int:
    # A TTL with the highest bit set is 0, RFC 2181 section 8; RFC 8767 section 4 would allow to take it as long.
    return entry.ttl if entry.ttl < 2**31 else 0


def _signature_left(wire: bytes, entries: Sequence[Found], clock: float) -> int:
    """Seconds until the first of the signatures ends, negative where it has. At least one is there."""
    return min(
        # Serial number arithmetic, RFC 4034 section 3.1.5: the difference is signed, in 32 bits.
        ((int.from_bytes(wire[entry.rdata + 8 : entry.rdata + 12]) - int(clock) + 2**31) & 0xFFFFFFFF) - 2**31
        for entry in entries
        if entry.type == _RRSIG
    )


def _follow(wire: bytes, answer: Sequence[Found], query: Query) -> tuple[bool, tuple[bytes, ...]]:
    """Whether the answer section answers the question, and the names that its CNAMEs lead to.

    The chain begins at the question's name (RFC 1034 section 3.6.2). One that loops, or an owner with two CNAMEs
    (RFC 2181 section 10.1), leads nowhere.
    """
    held: set[tuple[bytes, int]] = set()
    cnames: dict[bytes, bytes] = {}
    twofold: set[bytes] = set()
    for entry in answer:
        if query.class_ not in (entry.class_, Class.ANY):
            continue
        owner = query.name if wire[entry.owner : entry.owner + 2] == b"\xc0\x0c" else read_name(wire, entry.owner)[0]
        held.add((owner, entry.type))
        if entry.type == Type.CNAME:
            target, _ = read_name(wire, entry.rdata)
            if cnames.setdefault(owner, target) != target:
                twofold.add(owner)
    if query.type == Type.ANY:
        return any(owner == query.name for owner, _ in held), tuple(cnames.values())
    name, targets = query.name, []
    while (name, query.type) not in held:
        if name not in cnames or name in twofold or cnames[name] in targets:
            return False, tuple(cnames.values())
        name = cnames[name]
        targets.append(name)
    return name not in twofold, tuple(cnames.values())
