"""Puts the records of a reply into the order that a policy wants, as records or in the bytes of a message.

Only records of one RRset change places with each other, so each set stays together: a message that is cut to what the
client takes is cut between sets.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final

from pydns.errors import WireError
from pydns.records import Record, Type
from pydns.reply import Reply
from pydns.wire.scan import Entry, owners, scan
from pydns_plugins.loadbalance.policy import ADDRESSES, SHUFFLED, Policy

_ANSWER: Final = 1  # as in `Entry.section`
_TTL: Final = 6  # octets from the TTL to the rdata
_FEW: Final = frozenset(  # counts of the three sections, none of them over 1
    b"".join(counts) for counts in itertools.product((b"\0\0", b"\0\1"), repeat=3)
)
_KEPT: Final = 1024  # messages whose layout is remembered; a cache gives the same one for a second


def ordered(reply: Reply, policy: Policy) -> Reply:
    """The reply in a new order, then replayed in others or never; itself where there is nothing to order.

    CNAMEs come to stand ahead of addresses, since some stub resolvers are particular about that.
    """
    wire = reply.wire
    if wire is None:
        if len(reply.answer) < 2 and len(reply.authority) < 2 and len(reply.additional) < 2:
            return reply  # most
        return _ordered_records(reply, policy)
    if wire[6:12] in _FEW:
        return reply
    try:
        sets = _sets(wire, policy.types)
        if sets is None:
            return _ordered_records(reply.opened(), policy)
    except WireError:
        return reply  # it is not ours to mend
    if not sets:
        return reply
    return _shown(reply.replace(wire=_exchanged(wire, sets, policy)), policy)


def reordered(policy: Policy, message: bytes) -> bytes | None:
    """A message with its records in a new order; None where that takes more than to exchange them."""
    try:
        sets = _sets(message, policy.types)
    except WireError:
        return None
    return _exchanged(message, sets, policy) if sets else None


def _shown(reply: Reply, policy: Policy) -> Reply:
    """Of a reply that is nobody else's: how it is replayed."""
    if policy.in_turn:
        reply.orders = partial(reordered, policy)
    else:
        reply.replay = False
    return reply


def _exchanged(wire: bytes, sets: Sequence[tuple[bytes, Sequence[Entry]]], policy: Policy) -> bytes:
    out = bytearray(wire)
    for owner, entries in sets:
        order = policy.order(owner, [wire[entry.rdata : entry.end] for entry in entries])
        for to, i in zip(entries, order, strict=True):
            out[to.rdata - _TTL : to.end] = wire[entries[i].rdata - _TTL : entries[i].end]
    return bytes(out)


@lru_cache(_KEPT)
def _sets(wire: bytes, types: frozenset[int]) -> Sequence[tuple[bytes, Sequence[Entry]]] | None:
    """The RRsets of two or more records of these types, each with its owner. Raises WireError.

    None where it takes more to order them than to write rdata of one length over each other: a CNAME must move, or
    there are names in them, to which others might point.
    """
    layout = scan(wire)
    if _is_late([entry.type for entry in layout.entries if entry.section == _ANSWER]):
        return None
    if sum(entry.type in types for entry in layout.entries) < 2:
        return ()
    found: dict[tuple[int, int, bytes], list[Entry]] = {}
    for entry, owner in zip(layout.entries, owners(wire, layout), strict=True):
        if entry.type in types:
            found.setdefault((entry.section, entry.type, owner), []).append(entry)
    sets = [(owner, entries) for (_, _, owner), entries in found.items() if len(entries) > 1]
    return sets if all(_is_exchangeable(entries) for _, entries in sets) else None


def _is_exchangeable(entries: Sequence[Entry]) -> bool:
    return entries[0].type in ADDRESSES and len({entry.end - entry.rdata for entry in entries}) == 1


def _ordered_records(reply: Reply, policy: Policy) -> Reply:
    answer = reply.answer
    if len(answer) > 1 and _is_late([record.type for record in answer]):
        answer = sorted(answer, key=lambda record: record.type != Type.CNAME)
    sections = answer, reply.authority, reply.additional
    found = [_ordered_section(section, policy) if len(section) > 1 else section for section in sections]
    is_fixed = all(new is old for new, old in zip(found, sections, strict=True))
    if is_fixed and answer is reply.answer:
        return reply
    answer, authority, additional = found
    reply = reply.replace(answer=answer, authority=authority, additional=additional)
    return reply if is_fixed else _shown(reply, policy)


def _ordered_section(section: Sequence[Record], policy: Policy) -> Sequence[Record]:
    """The section in a new order; itself where there is nothing to order."""
    sets: dict[tuple[int, bytes], list[int]] = {}
    for i, record in enumerate(section):
        if record.type in policy.types:
            sets.setdefault((record.type, record.owner), []).append(i)
    found: list[Record] | None = None
    for (_, owner), places in sets.items():
        if len(places) > 1:
            found = list(section) if found is None else found
            order = policy.order(owner, [section[i].rdata for i in places])
            for place, i in zip(places, order, strict=True):
                found[place] = section[places[i]]
    return section if found is None else found


def _is_late(types: Sequence[int]) -> bool:
    """Whether a CNAME stands behind an address, by the types of an answer section."""
    if Type.CNAME not in types:
        return False
    first = next((i for i, type_ in enumerate(types) if type_ in SHUFFLED), len(types))
    return Type.CNAME in types[first:]
