"""All that is answered in one zone of a cluster, as a zone that can be transferred (RFC 5936).

What is told by the address in a name alone (pods) and what widens an answer (topology zones) has no records to list.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final, Protocol

from pydns import names
from pydns.cluster.answers import Found
from pydns.cluster.index import SVC, Entry, Index
from pydns.cluster.node_ports import NODE
from pydns.cluster.records import name_server
from pydns.records import Type
from pydns.zone.builder import Builder
from pydns.zone.zone import Zone

_TYPES: Final = tuple(int(each) for each in (Type.CNAME, Type.A, Type.AAAA, Type.SRV))


class Answers(Protocol):
    """A `Lookup`, or what answers like one."""

    index: Index

    def find(self, name: bytes, type_: int, zone: bytes) -> Found | None: ...


def build(answers: Answers, zone: bytes, below: bytes = SVC, server: bytes = b"") -> Generator[None, None, Zone]:
    """The zone, made in steps. `below`: what stands between services and the zone; `server`: the name of this server.

    The index may change meanwhile: then some names are as they were and others as they are. Raises ZoneError.
    """
    builder = Builder(zone)
    _add(builder, answers.find(zone, Type.SOA, zone))
    _add(builder, answers.find(zone, Type.NS, zone))
    _add(builder, answers.find(b"\x0bdns-version" + zone, Type.TXT, zone))
    for name in _names(answers.index, below + zone, server or name_server(zone)):
        for type_ in _TYPES:
            found = answers.find(name, type_, zone)
            _add(builder, found)
            if found is not None and type_ == Type.CNAME and found.answer:
                break
        yield
    return (yield from builder.finish())


def _add(builder: Builder, found: Found | None) -> None:
    for record in found.answer if found is not None else ():
        builder.add(record.owner, record.type, record.ttl, record.rdata)


def _names(index: Index, below: bytes, server: bytes) -> Iterator[bytes]:
    yield server
    for key, entry in list(index.entries.items()):
        if key[1 + key[0] :] in index.namespaces and entry.service is not None:
            for relative in _of_service(key, entry):
                if len(relative) + len(below) <= names.MAX_LENGTH:
                    yield relative + below
    if index.nodes and below == SVC + index.exposed.node_zone:
        for node in list(index.nodes):
            yield names.from_text(node)[:-1] + NODE + index.exposed.node_zone


def _of_service(key: bytes, entry: Entry) -> Iterator[bytes]:
    """The name of a service, those of its ports and those of its endpoints, less the zone."""
    yield key
    service = entry.service
    ports = [*(service.ports if service is not None else ()), *(port for each in entry.backends for port in each.ports)]
    for port in dict.fromkeys((port.name, port.protocol) for port in ports if port.name):
        yield b"".join(bytes((len(label) + 1,)) + b"_" + label.encode() for label in port) + key
    for label in dict.fromkeys(label for each in entry.backends for label in each.labels):
        yield label + key
