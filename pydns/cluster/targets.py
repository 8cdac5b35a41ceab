"""What the labels to the left of a service's name lead to, and the records of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from pydns.cluster import records
from pydns.cluster.answers import Found
from pydns.cluster.index import Backends, Entry, wire_label
from pydns.cluster.records import Target
from pydns.records import Type
from pydns.services.model import Port

NO_PORTS: Final = (Port("", "", -1),)

MOST: Final = 4096
"""Targets that are looked at for an answer: more have no room in one (see `records.ROOM`)."""

_A, _AAAA, _SRV = int(Type.A), int(Type.AAAA), int(Type.SRV)
_LENGTHS: Final = {_A: 4, _AAAA: 16}


class Part(NamedTuple):
    """What of a service is asked for; empty: all of it.

    * `endpoint`: its labels in wire form
    """

    endpoint: bytes = b""
    port: str = ""
    protocol: str = ""

    def fits(self, port: Port) -> bool:
        return (not self.port or self.port == port.name) and (not self.protocol or self.protocol == port.protocol)


WHOLE: Final = Part()


def part_of(labels: Sequence[bytes], *, multicluster: bool = False) -> Part | None:
    """None, an endpoint, or a port and a protocol, as they stand to the left of a service. None: too many labels.

    In a set of clusters an endpoint has two labels, of which none begins with an underscore.
    """
    if not labels:
        return WHOLE
    if multicluster and len(labels) == 2 and not any(label.startswith(b"_") for label in labels):
        return Part(b"".join(map(wire_label, labels)))
    if len(labels) == 1:
        return Part(wire_label(labels[0]))
    if len(labels) == 2:
        return Part(b"", *(label.decode("latin-1").removeprefix("_") for label in labels))
    return None


def endpoints(entry: Entry, parent: bytes, part: Part, type_: int) -> list[Target]:
    """The ready endpoints that matter for a type, by their names below `parent`: for SRV with each port that fits."""
    found = (
        Target(label + parent, address, number)
        for backends in entry.backends
        if (numbers := _ports(backends, part, type_))
        for label, address in zip(backends.labels, backends.addresses, strict=True)
        if not part.endpoint or label == part.endpoint
        for number in numbers
    )
    return _as_many(found, type_)


def in_zone(entry: Entry, parent: bytes, zone: bytes, type_: int) -> list[Target]:
    """Those of the ready endpoints that are in a topology zone."""
    found = (
        Target(label + parent, address, number)
        for backends in entry.backends
        for label, address, where in zip(backends.labels, backends.addresses, backends.zones, strict=True)
        if where == zone
        for number in _ports(backends, WHOLE, type_)
    )
    return _as_many(found, type_)


def _as_many(targets: Iterator[Target], type_: int) -> list[Target]:
    """Of those with addresses of the type as many as have room; else one of the others, since the name exists."""
    length, other = _LENGTHS.get(type_), None
    if length is None:
        return list(islice(targets, MOST))
    found: list[Target] = []
    for target in targets:
        if len(target.address) != length:
            other = target
            continue
        found.append(target)
        if len(found) == MOST:
            break
    return found or ([other] if other is not None else [])


def _ports(backends: Backends, part: Part, type_: int) -> list[int]:
    """The ports of a slice that fit; of these the first, where ports do not matter."""
    numbers = [port.number for port in backends.ports or NO_PORTS if part.fits(port)]
    return numbers if type_ == _SRV else numbers[:1]


def found_at(name: bytes, type_: int, targets: Sequence[Target], ttl: int, why: str) -> Found:
    """What there is at a name that leads to `targets`."""
    if type_ in (_A, _AAAA):
        return Found(records.addresses(name, targets, type_, ttl), (), why)
    if type_ == _SRV:
        return Found(*records.srv(name, targets, ttl), why)
    return Found(why=why)


def is_protocol(label: bytes, ports: Iterable[Port]) -> bool:
    """True for a label like `_tcp`, below which there are ports: it exists, though it has no records (RFC 8020)."""
    text = label.decode("latin-1")
    return any(port.name and text == f"_{port.protocol}" for port in ports)
