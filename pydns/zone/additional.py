"""Addresses of the hosts that records name: glue of referrals, and what saves the asker a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydns.names import LOWER, ROOT, is_name, is_within
from pydns.records import Class, Record, Type
from pydns.zone import node as nodes
from pydns.zone.signatures import signatures
from pydns.zone.zone import Zone

MAX_HOSTS: Final = 100
"""Hosts whose addresses are looked up; more would fit no message."""

NAMES_AT: Final[dict[int, int]] = {
    # Where the host's name begins in the rdata. RFC 1035 section 3.3; RFC 2782; RFC 9460 section 4.1.
    int(Type.NS): 0,
    int(Type.MX): 2,
    int(Type.SRV): 6,
    int(Type.SVCB): 2,
    int(Type.HTTPS): 2,
}

_IN, _SERVICES = int(Class.IN), frozenset((int(Type.SVCB), int(Type.HTTPS)))
_STAR: Final = b"\x01*"
_ADDRESSES: Final = (int(Type.A), int(Type.AAAA))


def addresses(zone: Zone, records: Sequence[Record], do: bool) -> tuple[Sequence[Record], tuple[bytes, ...]]:
    """The address records of those whom `records` name, each host once, and the names of those within the zone."""
    found: list[Record] = []
    named = dict.fromkeys(_host(record) for record in records if record.type in NAMES_AT)
    hosts = tuple([host for host in named if host is not None and is_within(host, zone.origin)][:MAX_HOSTS])
    octets = 0
    for host in hosts:
        node = _node(zone, host) if octets <= nodes.MAX_LENGTH else None  # more fits no message
        if node is None:
            continue
        for type_ in _ADDRESSES:
            place = nodes.place(node, type_)
            if place is not None:
                octets += place[1] - place[0]
                found += [Record(host, type_, _IN, ttl, rdata) for ttl, rdata in nodes.records(node, *place)]
                if do:
                    found += signatures(node, host, type_)
    return found, hosts


def _node(zone: Zone, host: bytes) -> bytes | None:
    """What stands at a host, or at the wildcard that answers for it. Glue may be occluded, and come from either."""
    node, encloser = zone.node(host), host
    if node is not None:
        return node
    while node is None:  # the origin exists
        encloser = encloser[1 + encloser[0] :]
        node = zone.node(encloser)
    return zone.node(_STAR + encloser) if node[0] & nodes.WILDCARD else None


def _host(record: Record) -> bytes | None:
    """None where the rdata is cut, as a primary may have sent it."""
    start, rdata = NAMES_AT[record.type], record.rdata
    if record.type not in _SERVICES:
        return rdata[start:].translate(LOWER)
    end = start
    while end < len(rdata) and rdata[end]:
        end += 1 + rdata[end]
    name = rdata[start : end + 1].translate(LOWER)
    if name == ROOT:
        return record.owner  # RFC 9460 section 2.5.2
    return name if is_name(name) else None
