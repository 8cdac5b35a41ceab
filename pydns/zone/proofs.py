"""Proofs of what a signed zone does not have, of the records that stand in it (RFC 4035 section 3.1.3, RFC 5155
section 7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pydns.records import Class, Record
from pydns.zone import node as nodes
from pydns.zone.signatures import signatures

if TYPE_CHECKING:
    from pydns.zone.denials import Denials
    from pydns.zone.lookup import Found
    from pydns.zone.zone import Zone

_IN: Final = int(Class.IN)
_STAR: Final = b"\x01*"


def prove(zone: Zone, found: Found) -> None:
    """Adds to what was found the proof of what was not: a denial's, a wildcard's, or that a delegation is insecure."""
    denials = zone.denials
    if denials is None:
        return
    owners = dict.fromkeys(_owners(denials, found))
    records: list[Record] = []
    for owner in owners:
        node = zone.node(owner) or nodes.EMPTY
        place = nodes.place(node, denials.type)
        if place is not None:
            records += [Record(owner, denials.type, _IN, ttl, rdata) for ttl, rdata in nodes.records(node, *place)]
            records += signatures(node, owner, denials.type)
    found.authority = (*found.authority, *records)
    found.depends += tuple(owners)


def _owners(denials: Denials, found: Found) -> Sequence[bytes]:
    name, encloser = found.name, found.encloser
    if found.cut is not None:
        return _no_type(denials, found.cut)
    if encloser is None:
        return _no_type(denials, name)
    closer = _next_closer(name, encloser)
    wildcard = _STAR + encloser
    if denials.hashed is None:
        proof = [denials.covering(name)]
        if found.wildcard is None:
            proof.append(denials.covering(wildcard))
        elif not found.answer:
            proof.append(denials.matching(wildcard))
    elif found.answer:
        proof = [denials.covering(closer)]  # RFC 5155 section 7.2.6
    else:
        # An empty non-terminal of insecure delegations alone may have no record of its own (section 7.1).
        proof = [*_closest(denials, encloser, closer)]
        proof.append(denials.covering(wildcard) if found.wildcard is None else denials.matching(wildcard))
    return [owner for owner in proof if owner is not None]


def _no_type(denials: Denials, name: bytes) -> Sequence[bytes]:
    """That a name has no such records: its own record says so; or the one which covers it, of a name that has none."""
    own = denials.matching(name)
    if own is not None:
        return (own,)
    if denials.hashed is None:
        covering = denials.covering(name)  # an empty non-terminal
        return () if covering is None else (covering,)
    closer = name
    while name[0]:  # RFC 5155 section 7.2.4: opt-out
        closer, name = name, name[1 + name[0] :]
        if denials.matching(name) is not None:
            break
    return _closest(denials, name, closer)


def _closest(denials: Denials, encloser: bytes, closer: bytes) -> Sequence[bytes]:
    """The closest encloser proof (RFC 5155 section 7.2.1)."""
    while True:
        own = denials.matching(encloser)
        if own is not None or not encloser[0]:
            break
        closer, encloser = encloser, encloser[1 + encloser[0] :]
    return [owner for owner in (own, denials.covering(closer)) if owner is not None]


def _next_closer(name: bytes, encloser: bytes) -> bytes:
    """The name one label longer than `encloser` (RFC 5155 section 1.3)."""
    while True:
        above = name[1 + name[0] :]
        if above == encloser:
            return name
        name = above
