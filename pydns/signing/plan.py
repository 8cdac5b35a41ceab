"""Which RRsets of a zone are signed, and which names are denied: RFC 4035 section 2, RFC 5155 section 7.1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydns.dnssec.bitmap import bitmap
from pydns.dnssec.canonical import order
from pydns.dnssec.nsec3 import Parameters, label
from pydns.records import Type
from pydns.zone import node as nodes
from pydns.zone.rrset import RRset, minimum_of
from pydns.zone.zone import Zone

_NS, _DS, _RRSIG, _NSEC, _NSEC3 = map(int, (Type.NS, Type.DS, Type.RRSIG, Type.NSEC, Type.NSEC3))


class Name(NamedTuple):
    """A name of a zone: RRsets that are signed, and those that are not, as the servers of a delegation and glue."""

    name: bytes
    signed: Sequence[RRset]
    unsigned: Sequence[RRset]
    is_denied: bool
    """Whether it is the zone's own, so that denials tell of it."""


def names_of(zone: Zone) -> list[Name]:
    """All of them in canonical order, empty non-terminals too."""
    found = []
    for name in sorted((name for part in zone.parts for name in part), key=order):
        node = zone.node(name) or nodes.EMPTY
        rrsets = zone.rrsets_at(name) or ()
        if _is_occluded(zone, name, node):
            found.append(Name(name, (), rrsets, False))
        elif node[0] & nodes.CUT:
            signed = [rrset for rrset in rrsets if rrset.type == _DS]
            found.append(Name(name, signed, [rrset for rrset in rrsets if rrset.type != _DS], True))
        else:
            found.append(Name(name, rrsets, (), True))
    return found


def _is_occluded(zone: Zone, name: bytes, node: bytes) -> bool:
    """Whether it stands below a delegation or a DNAME."""
    if not node[0] & nodes.BELOW:
        return False
    while name != zone.origin:
        name = name[1 + name[0] :]
        if (zone.node(name) or nodes.EMPTY)[0] & (nodes.CUT | nodes.DNAME):
            return True
    return False


def denial_ttl(zone: Zone) -> int:
    """RFC 9077 section 3."""
    return min(zone.soa.ttl, minimum_of(zone.soa.rdatas[0]))


def nsec(zone: Zone, names: Sequence[Name]) -> Iterator[RRset]:
    """The NSEC records, each of the name that it stands at, in the order of `names`."""
    ttl = denial_ttl(zone)
    own = [name for name in names if name.is_denied and (name.signed or name.unsigned)]
    for i, name in enumerate(own):
        following = own[i + 1].name if i + 1 < len(own) else zone.origin
        yield RRset(name.name, _NSEC, ttl, (following + bitmap({*_types(name), _RRSIG, _NSEC}),))


def nsec3(zone: Zone, names: Sequence[Name], parameters: Parameters, opt_out: bool = False) -> Iterator[RRset]:
    """The NSEC3 records, in the order of their hashes. Raises ValueError where two names have the same.

    `opt_out`: insecure delegations have none, nor have empty non-terminals of these alone (RFC 5155 section 7.1).
    """
    ttl = denial_ttl(zone)
    denied = _less_insecure(zone, names) if opt_out else [name for name in names if name.is_denied]
    own = {parameters.hash(name.name): name for name in denied}
    if len(own) != len(denied):
        raise ValueError("two names have the same hash; take another salt")
    ordered = sorted(own)
    for i, digest in enumerate(ordered):
        name = own[digest]
        types = _types(name)
        if name.signed:
            types.add(_RRSIG)
        rdata = parameters.nsec3(ordered[(i + 1) % len(ordered)], bitmap(types), opt_out)
        yield RRset(label(digest) + zone.origin, _NSEC3, ttl, (rdata,))


def _less_insecure(zone: Zone, names: Sequence[Name]) -> list[Name]:
    """The zone's own names that have something signed, and those above them."""
    wanted: set[bytes] = set()
    for each in names:
        name = each.name
        while each.is_denied and each.signed and name not in wanted:
            wanted.add(name)
            if name == zone.origin:
                break
            name = name[1 + name[0] :]
    return [name for name in names if name.name in wanted]


def _types(name: Name) -> set[int]:
    types = {rrset.type for rrset in name.signed}
    # Of a delegation NS, and not the addresses that its servers have at the same name.
    types.update(rrset.type for rrset in name.unsigned if rrset.type == _NS)
    return types
