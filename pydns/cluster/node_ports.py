"""Services by the ports that they have on all nodes: where they are reached from outside without a load balancer.

Names of the schema, less the zone:

    SERVICE.NAMESPACE.svc                     the nodes
    _PORT._PROTOCOL.SERVICE.NAMESPACE.svc     the nodes, and the node port of one port
    NODE.node                                 a node, whose name may be of several labels
    ns.dns                                    this server
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from pydns import names
from pydns.cluster.answers import NO_DATA, Found
from pydns.cluster.index import SVC, Entry, wire_label
from pydns.cluster.lookup import Lookup
from pydns.cluster.records import Target
from pydns.cluster.targets import found_at, is_protocol, part_of
from pydns.packed import Packed
from pydns.services.model import Port

NODE: Final = b"\x04node"

MOST: Final = 50
"""Nodes that are told of a service: all do the same. Where there are more, each service has others of them."""


class NodePorts(Lookup):
    """Answers of the zone of node ports."""

    _order: tuple[int, list[str]] = (-1, [])

    def find(self, name: bytes, type_: int, zone: bytes) -> Found | None:
        if name == zone:
            return self._apex(zone, type_)
        labels = names.labels(name[: len(name) - len(zone)] + names.ROOT)
        if labels in ([b"dns"], [b"ns", b"dns"]):
            return self._name_server(name, type_, zone)
        if labels[-1] == NODE[1:]:
            return self._node(name, type_, labels[:-1])
        return self._service(name, type_, zone, labels[:-1]) if labels[-1] == SVC[1:] else None

    def packed(self, name: bytes, type_: int, zone: bytes) -> Packed | None:
        return None

    def _node(self, name: bytes, type_: int, labels: Sequence[bytes]) -> Found | None:
        text = b".".join(labels).decode("latin-1")
        addresses = self.index.nodes.get(text)
        if addresses is None:
            return NO_DATA if not text or any(each.endswith(f".{text}") for each in self.index.nodes) else None
        return found_at(name, type_, _targets(name, addresses, -1), self.options.ttl, f"node {text}")

    def _service(self, name: bytes, type_: int, zone: bytes, labels: Sequence[bytes]) -> Found | None:
        if not labels:
            return NO_DATA
        namespace = wire_label(labels[-1])
        if namespace not in self.index.namespaces:
            return None
        if len(labels) == 1:
            return NO_DATA
        key = wire_label(labels[-2]) + namespace
        entry = self.index.entries.get(key)
        service = entry.service if entry is not None else None
        ports = [port for port in service.ports if port.node_port] if service is not None else []
        part = part_of(labels[:-2])
        if entry is None or service is None or not ports or part is None:
            return None
        fitting = [] if part.endpoint else [port for port in ports if part.fits(port)]
        if not fitting:
            return NO_DATA if len(labels) == 3 and is_protocol(labels[0], ports) else None
        targets = self._nodes_of(key, entry, zone, fitting)
        return found_at(name, type_, targets, self.options.ttl, f"service {service.namespace}/{service.name}")

    def _sorted(self) -> list[str]:
        """All nodes, in an order that all replicas have."""
        version, found = self._order
        if version != self.index.version:
            found = sorted(self.index.nodes)
            self._order = self.index.version, found
        return found

    def _nodes_of(self, key: bytes, entry: Entry, zone: bytes, ports: Sequence[Port]) -> list[Target]:
        nodes = self.index.nodes
        chosen = self._sorted()
        if entry.service is not None and entry.service.local:
            chosen = sorted({node for backends in entry.backends for node in backends.nodes if node in nodes})
        if len(chosen) > MOST:
            first = crc32(key) % len(chosen)
            chosen = (chosen + chosen)[first : first + MOST]
        return [
            target
            for port in ports
            for node in chosen
            for target in _targets(_name_of(node) + NODE + zone, nodes[node], port.node_port)
        ]


def _name_of(node: str) -> bytes:
    """Its labels in wire form, without the root's."""
    return names.from_text(node)[:-1]


def _targets(name: bytes, addresses: Sequence[bytes], port: int) -> list[Target]:
    return [Target(name, address, port) for address in addresses]
