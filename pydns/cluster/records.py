"""Packs what is found into records, with CoreDNS's values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from pydns.names import MAX_LENGTH
from pydns.records import Class, Record, Type

VERSION: Final = "1.1.0"
"""Of the Kubernetes DNS specification."""

MULTICLUSTER_VERSION: Final = "1.0.0"
"""Of the specification for sets of clusters (KEP-1645)."""

VERSION_TTL: Final = 28800
MAX_SOA_TTL: Final = 300

ROOM: Final = 64_000
"""Octets that the records of an answer take at most. A set of more could never be told whole, since a message has
65,535, and so not at all (RFC 2181 section 9). Of a service with thousands of endpoints there are as many as fit."""

_POINTED: Final = 12  # octets of a record ahead of its rdata, its owner a pointer
HOSTMASTER: Final = b"\x0ahostmaster"

_IN: Final = int(Class.IN)
_A, _AAAA, _SRV = int(Type.A), int(Type.AAAA), int(Type.SRV)
_TIMERS: Final = b"".join(seconds.to_bytes(4) for seconds in (7200, 1800, 86400))  # refresh, retry, expire


class Target(NamedTuple):
    """Where a service is: an owner's name, an address, and a port (-1 where there is none).

    Without an address (empty) it is a name elsewhere.
    """

    name: bytes
    address: bytes
    port: int


def address_record(owner: bytes, address: bytes, ttl: int) -> Record:
    return Record(owner, _A if len(address) == 4 else _AAAA, _IN, ttl, address)


def addresses(owner: bytes, targets: Iterable[Target], type_: int, ttl: int) -> tuple[Record, ...]:
    """A or AAAA records, each address once, as many as there is room for."""
    size = 4 if type_ == _A else 16
    found = dict.fromkeys(target.address for target in targets if len(target.address) == size)
    return tuple([Record(owner, type_, _IN, ttl, address) for address in islice(found, ROOM // (_POINTED + size))])


def srv(owner: bytes, targets: Sequence[Target], ttl: int) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """SRV records (RFC 2782), and the addresses of their targets as additional records, as many as there is room for.

    All have priority 0 and share a weight of 100, as CoreDNS does it: rounded down, 1 at least.
    """
    weight = max(1, math.floor(100.0 / (100 * len(targets)) * 100)) if targets else 0
    found: dict[tuple[bytes, int], Record] = {}
    beside: dict[tuple[bytes, bytes], None] = {}
    room = ROOM
    for name, address, port in targets:
        if port < 0 or len(name) > MAX_LENGTH:
            continue
        if (name, port) not in found:
            rdata = b"\0\0" + weight.to_bytes(2) + port.to_bytes(2) + name
            room -= _POINTED + len(rdata)
            if room < 0:
                break
            found[name, port] = Record(owner, _SRV, _IN, ttl, rdata)
        if address:
            beside[name, address] = None
    additional: list[Record] = []
    for name, address in beside:
        room -= _POINTED + len(name) + len(address)
        if room < 0:
            break
        additional.append(address_record(name, address, ttl))
    return tuple(found.values()), tuple(additional)


def pointers(owner: bytes, type_: int, targets: Iterable[bytes], ttl: int) -> tuple[Record, ...]:
    """PTR, NS or CNAME records, each name once; those that are too long to be names are left out."""
    found = dict.fromkeys(target for target in targets if len(target) <= MAX_LENGTH)
    return tuple([Record(owner, type_, _IN, ttl, target) for target in found])


def soa(zone: bytes, serial: int, ttl: int) -> tuple[Record, ...]:
    """The SOA of a zone of the cluster; none where the zone's name leaves no room for the names in it."""
    return soa_of(zone, name_server(zone), HOSTMASTER + zone, serial, min(ttl, MAX_SOA_TTL), ttl)


def soa_of(zone: bytes, primary: bytes, mailbox: bytes, serial: int, ttl: int, minimum: int) -> tuple[Record, ...]:
    """None where a name in it is too long to be one."""
    if max(len(primary), len(mailbox)) > MAX_LENGTH:
        return ()
    rdata = primary + mailbox + (serial & 0xFFFFFFFF).to_bytes(4) + _TIMERS + minimum.to_bytes(4)
    return (Record(zone, Type.SOA, _IN, ttl, rdata),)


def version(owner: bytes, *, multicluster: bool = False) -> tuple[Record, ...]:
    text = (MULTICLUSTER_VERSION if multicluster else VERSION).encode()
    return (Record(owner, Type.TXT, _IN, VERSION_TTL, bytes((len(text),)) + text),)


def name_server(zone: bytes) -> bytes:
    """The name that stands in the SOA, and in NS where the cluster has no service that is this server."""
    return b"\x02ns\x03dns" + zone
