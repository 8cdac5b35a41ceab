"""What the cluster has, by the names that are asked for; the source is anybody's.

Sources put objects in and take them out, one by one; each call tells the names whose answers it may have changed. Names
are kept in wire form less the zone: the key of `web.shop.svc.cluster.local` is `web` and `shop`. There is no object an
endpoint: a slice holds its labels and addresses in two tuples, so that 100,000 of them stay small and the garbage
collector has little to walk.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

from pydns import names
from pydns.cluster.dashed import dashed
from pydns.names import MAX_LENGTH
from pydns.services import spelling
from pydns.services.model import Cluster, Endpoint, EndpointSlice, Node, Pod, Port, Service

Item = TypeVar("Item")

SVC: Final = b"\x03svc"
POD: Final = b"\x03pod"
GONE: Final = frozenset(("Succeeded", "Failed", "Unknown"))
"""Phases of pods that CoreDNS does not watch."""


class Exposed(NamedTuple):
    """What of the cluster is answered.

    * `zones`: forward zones, the first of which PTRs lead to
    * `namespaces`: none: all of them
    * `zonal`: the topology zone of each endpoint is known
    * `node_zone`: the zone of node ports, empty: there is none; `internal`: by internal addresses of the nodes, where
      they have external ones too
    """

    zones: tuple[bytes, ...]
    namespaces: frozenset[str] = frozenset()
    endpoints: bool = True
    pods: bool = False
    pod_names: bool = False
    zonal: bool = False
    node_zone: bytes = b""
    internal: bool = False


class Backends(NamedTuple):
    """The ready endpoints of one slice: the i-th label has the i-th address.

    * `labels`: an endpoint's own, and that of its cluster where the service is of a set of clusters
    * `zones`: where each is, in small letters, empty where that is not known; none where the index is not zonal
    * `nodes`: what nodes they are on, each once; none where the index has no node ports
    """

    slice: str
    ports: tuple[Port, ...]
    labels: tuple[bytes, ...]
    addresses: tuple[bytes, ...]
    zones: tuple[bytes, ...] = ()
    nodes: tuple[str, ...] = ()


class Entry:
    """A service and what is behind it. Either may come first."""

    __slots__ = ("backends", "service")

    def __init__(self) -> None:
        self.service: Service | None = None
        self.backends: tuple[Backends, ...] = ()


class Index:
    """`version` goes up with every change, `serial` is that of the zones' SOA."""

    def __init__(self, exposed: Exposed) -> None:
        self.exposed = exposed
        self.version = 0
        self.serial = 0
        self.namespaces: set[bytes] = set()
        self.entries: dict[bytes, Entry] = {}
        self.pods: dict[bytes, tuple[str, ...]] = {}
        """The namespace's label and a packed address, to the names of the pods that have it."""
        self.services_at: dict[bytes, tuple[bytes, ...]] = {}
        """A packed address to the keys of the services that have it."""
        self.endpoints_at: dict[bytes, tuple[bytes, ...]] = {}
        """A packed address to the names of endpoints: their label, then the service's key."""
        self.external_at: dict[bytes, tuple[bytes, ...]] = {}
        """A packed address from outside to the keys of the services that are reached at it."""
        self.nodes: dict[str, tuple[bytes, ...]] = {}
        """The name of a node to the addresses at which it is reached."""
        self._told = (*exposed.zones, exposed.node_zone) if exposed.node_zone else exposed.zones
        self._slices: dict[tuple[str, str], bytes] = {}
        self._pods: dict[tuple[str, str], tuple[bytes, ...]] = {}
        self._zones: dict[str, bytes] = {}

    def put_namespace(self, name: str) -> set[bytes]:
        if not self._is_exposed(name) or label(name) in self.namespaces:
            return set()
        self.version += 1
        self.namespaces.add(label(name))
        return self._namespace_names(name)

    def remove_namespace(self, name: str) -> set[bytes]:
        self.version += 1
        self.namespaces.discard(label(name))
        return self._namespace_names(name)

    def put_service(self, service: Service) -> set[bytes]:
        """Adds a service, or changes the one of that name."""
        if not self._is_exposed(service.namespace):
            return set()
        key = label(service.name) + label(service.namespace)
        before = self.entries.get(key)
        if before is not None and before.service == service:
            return set()
        changed = self.remove_service(service.namespace, service.name)
        self.entries.setdefault(key, Entry()).service = service
        for address in service.cluster_ips:
            _add(self.services_at, address, key)
        outside = external_addresses(service)
        for address in outside:
            _add(self.external_at, address, key)
        return changed | self._names(key, (*service.cluster_ips, *outside))

    def remove_service(self, namespace: str, name: str) -> set[bytes]:
        self.version += 1
        key = label(name) + label(namespace)
        entry = self.entries.get(key)
        if entry is None or entry.service is None:
            return set()
        addresses, outside = entry.service.cluster_ips, external_addresses(entry.service)
        for address in addresses:
            _discard(self.services_at, address, key)
        for address in outside:
            _discard(self.external_at, address, key)
        entry.service = None
        if not entry.backends:
            del self.entries[key]
        return self._names(key, (*addresses, *outside))

    def put_slice(self, slice_: EndpointSlice) -> set[bytes]:
        if not self._is_exposed(slice_.namespace) or not self.exposed.endpoints:
            return set()
        key = label(slice_.service) + label(slice_.namespace)
        return self.put_backends(slice_.namespace, key, self._backends(slice_))

    def put_backends(self, namespace: str, key: bytes, backends: Backends) -> set[bytes]:
        before = self.entries.get(key)
        if before is not None and backends in before.backends:
            return set()
        changed = self.remove_slice(namespace, backends.slice)
        entry = self.entries.setdefault(key, Entry())
        entry.backends = (*entry.backends, backends)
        self._slices[namespace, backends.slice] = key
        for name, address in zip(backends.labels, backends.addresses, strict=True):
            _add(self.endpoints_at, address, name + key)
        return changed | self._names(key, backends.addresses)

    def remove_slice(self, namespace: str, name: str) -> set[bytes]:
        self.version += 1
        key = self._slices.pop((namespace, name), None)
        if key is None:
            return set()
        entry = self.entries[key]
        (backends,) = (each for each in entry.backends if each.slice == name)
        entry.backends = tuple(each for each in entry.backends if each is not backends)
        for endpoint, address in zip(backends.labels, backends.addresses, strict=True):
            _discard(self.endpoints_at, address, endpoint + key)
        # Two slices may hold the same endpoint while it moves from one to the other. Others may hold thousands.
        gone = {*zip(backends.labels, backends.addresses, strict=True)}
        for other in entry.backends:
            for endpoint, address in gone.intersection(zip(other.labels, other.addresses, strict=True)):
                _add(self.endpoints_at, address, endpoint + key)
        if entry.service is None and not entry.backends:
            del self.entries[key]
        return self._names(key, backends.addresses)

    def put_pod(self, pod: Pod) -> set[bytes]:
        if not self._is_exposed(pod.namespace) or not self.exposed.pods:
            return set()
        alive = pod.phase not in GONE
        if alive and self._pods.get((pod.namespace, pod.name)) == pod.addresses:
            return set()
        changed = self.remove_pod(pod.namespace, pod.name)
        if not alive:
            return changed
        self._pods[pod.namespace, pod.name] = pod.addresses
        for address in pod.addresses:
            _add(self.pods, label(pod.namespace) + address, pod.name)
        return changed | self._pod_names(pod.namespace, pod.addresses)

    def remove_pod(self, namespace: str, name: str) -> set[bytes]:
        self.version += 1
        addresses = self._pods.pop((namespace, name), ())
        for address in addresses:
            _discard(self.pods, label(namespace) + address, name)
        return self._pod_names(namespace, addresses)

    def service_of(self, slice_: EndpointSlice) -> Service | None:
        entry = self.entries.get(label(slice_.service) + label(slice_.namespace))
        return entry.service if entry is not None else None

    def put_node(self, node: Node) -> set[bytes]:
        addresses = node.internal if self.exposed.internal else node.external or node.internal
        if self.nodes.get(node.name) == addresses:
            return set()
        self.version += 1
        self.nodes[node.name] = addresses
        return {self.exposed.node_zone}  # each service is at all of them

    def remove_node(self, name: str) -> set[bytes]:
        self.version += 1
        return {self.exposed.node_zone} if self.nodes.pop(name, None) is not None else set()

    def all_slices(self) -> Iterator[tuple[str, str, bytes]]:
        """The namespace and the name of each slice, and the key of its service. They may change meanwhile."""
        for at in list(self._slices):  # a list of all that is told would take 10 ms
            key = self._slices.get(at)
            if key is not None:
                yield (*at, key)

    def all_pods(self) -> Iterator[tuple[str, str, tuple[bytes, ...]]]:
        """The namespace, the name and the addresses of each pod. They may change meanwhile."""
        for at in list(self._pods):
            addresses = self._pods.get(at)
            if addresses is not None:
                yield (*at, addresses)

    def put_all(self, cluster: Cluster) -> None:
        for namespace in cluster.namespaces:
            self.put_namespace(namespace)
        for service in cluster.services:
            self.put_service(service)
        for slice_ in cluster.slices:
            self.put_slice(slice_)
        for pod in cluster.pods:
            self.put_pod(pod)

    def _is_exposed(self, namespace: str) -> bool:
        return not self.exposed.namespaces or namespace in self.exposed.namespaces

    def _backends(self, slice_: EndpointSlice) -> Backends:
        cluster = label(slice_.cluster) if slice_.cluster else b""
        ready = [
            (endpoint, address) for endpoint in slice_.endpoints if endpoint.ready for address in endpoint.addresses
        ]
        return Backends(
            slice_.name,
            slice_.ports,
            tuple(self._endpoint_label(endpoint, address) + cluster for endpoint, address in ready),
            tuple(address for _, address in ready),
            tuple(self._zone(endpoint.zone) for endpoint, _ in ready) if self.exposed.zonal else (),
            tuple(dict.fromkeys(sys.intern(endpoint.node) for endpoint, _ in ready)) if self.exposed.node_zone else (),
        )

    def _endpoint_label(self, endpoint: Endpoint, address: bytes) -> bytes:
        if endpoint.hostname:
            return label(endpoint.hostname)
        pod = endpoint.pod
        # A pod's name may be longer than a label, and may hold dots.
        if self.exposed.pod_names and pod and len(pod) < 64 and "." not in pod:
            return label(pod)
        return wire_label(dashed(address))

    def _zone(self, text: str) -> bytes:
        """One object for all endpoints of a zone."""
        return self._zones.setdefault(text, text.lower().encode("utf-8", "replace"))

    def _names(self, key: bytes, addresses: Iterable[bytes]) -> set[bytes]:
        """A service's names, which stand for all below them, and those of its addresses."""
        return {*self._in_zones(key + SVC), *map(names.reverse, addresses)}

    def _namespace_names(self, name: str) -> set[bytes]:
        return {*self._in_zones(label(name) + SVC), *self._in_zones(label(name) + POD)}

    def _pod_names(self, namespace: str, addresses: Sequence[bytes]) -> set[bytes]:
        """Of an IPv6 address the whole namespace: it can be asked for in many spellings."""
        if any(len(address) == 16 for address in addresses):
            return {*self._in_zones(label(namespace) + POD)}
        labels = map(wire_label, map(dashed, addresses))
        return {each for name in labels for each in self._in_zones(name + label(namespace) + POD)}

    def _in_zones(self, relative: bytes) -> list[bytes]:
        return [relative + zone for zone in self._told if len(relative) + len(zone) <= MAX_LENGTH]


def external_addresses(service: Service) -> tuple[bytes, ...]:
    """Where a service is reached from outside, each address once."""
    if not service.external_ips and not service.load_balancer:
        return ()
    ingress = (spelling.address(each) for each in service.load_balancer if spelling.is_address(each))
    return tuple(dict.fromkeys((*service.external_ips, *ingress)))


def external_hosts(service: Service) -> tuple[bytes, ...]:
    """The names of its load balancers, where they have names in place of addresses."""
    return tuple(names.from_text(each) for each in service.load_balancer if not spelling.is_address(each))


def label(text: str) -> bytes:
    """A name as one label in wire form."""
    return wire_label(text.lower().encode("utf-8", "surrogateescape")[:63])


def wire_label(octets: bytes) -> bytes:
    return bytes((len(octets),)) + octets


def _add(table: dict[bytes, tuple[Item, ...]], key: bytes, item: Item) -> None:
    found: tuple[Item, ...] = table.get(key, ())
    if item not in found:
        table[key] = (*found, item)


def _discard(table: dict[bytes, tuple[Item, ...]], key: bytes, item: Item) -> None:
    rest = tuple(each for each in table.get(key, ()) if each != item)
    if rest:
        table[key] = rest
    else:
        table.pop(key, None)
