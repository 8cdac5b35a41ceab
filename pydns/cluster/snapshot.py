"""An index as text, a line for each object, and back: what is known outlives the process.

The lines hold what the index holds, not the API's objects. So they can be taken back by an index alone that was made
by the same options; whoever keeps them sees to that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from pydns.cluster.index import Backends, Index
from pydns.errors import PydnsError
from pydns.services.model import Kind, Node, Pod, Port, Service


class SnapshotError(PydnsError):
    """A line is none of those that `lines` writes."""


def lines(index: Index) -> Iterator[str]:
    """Each object as one line. The index may change between two lines: then one is told as it was, or as it is."""
    write = json.JSONEncoder(separators=(",", ":")).encode
    for namespace in sorted(index.namespaces):
        yield write(["namespace", namespace[1:].decode("utf-8", "surrogateescape")])
    for entry in list(index.entries.values()):
        service = entry.service
        if service is not None:
            yield write(["service", *service[:3], _texts(service.cluster_ips), service.ports, service.external_name,
                         _texts(service.external_ips), service.load_balancer, service.local])  # fmt: skip
    for namespace_, name, key in index.all_slices():
        entry_ = index.entries.get(key)
        for each in entry_.backends if entry_ is not None else ():
            if each.slice == name:
                yield write(["slice", namespace_, key.hex(), name, each.ports, _texts(each.labels),
                             _texts(each.addresses), _texts(each.zones), each.nodes])  # fmt: skip
    for namespace_, name, addresses in index.all_pods():
        yield write(["pod", namespace_, name, _texts(addresses)])
    for name, addresses in list(index.nodes.items()):
        yield write(["node", name, _texts(addresses)])


def restore(index: Index, line: str | bytes) -> None:
    """Puts the object of a line in. Raises SnapshotError."""
    try:
        kind, *fields = json.loads(line)
        _READERS[kind](index, *fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SnapshotError(f"no object of a snapshot: {line[:60]!r}") from error


def _texts(values: tuple[bytes, ...]) -> list[str]:
    return [value.hex() for value in values]


def _octets(values: list[str]) -> tuple[bytes, ...]:
    return tuple([bytes.fromhex(value) for value in values])


def _ports(values: list[list[Any]]) -> tuple[Port, ...]:
    return tuple([Port(str(name), str(protocol), *map(int, rest)) for name, protocol, *rest in values])


def _service(index: Index, namespace: str, name: str, kind: str, cluster: list[str], ports: list[Any],
             external_name: str, external: list[str], balancer: list[str], local: bool) -> None:  # fmt: skip
    index.put_service(
        Service(
            str(namespace), str(name), Kind(kind), _octets(cluster), _ports(ports), str(external_name),
            _octets(external), tuple(map(str, balancer)), bool(local)
        )
    )  # fmt: skip


def _slice(index: Index, namespace: str, key: str, name: str, ports: list[Any], labels: list[str],
           addresses: list[str], zones: list[str], nodes: list[str]) -> None:  # fmt: skip
    found = Backends(
        str(name), _ports(ports), _octets(labels), _octets(addresses), _octets(zones), tuple(map(str, nodes))
    )
    if len(found.labels) != len(found.addresses) or (found.zones and len(found.zones) != len(found.addresses)):
        raise ValueError("labels and addresses do not match")
    index.put_backends(str(namespace), bytes.fromhex(key), found)


_READERS: Final[dict[str, Callable[..., object]]] = {
    "namespace": lambda index, name: index.put_namespace(str(name)),
    "service": _service,
    "slice": _slice,
    "pod": lambda index, namespace, name, addresses: index.put_pod(Pod(str(namespace), str(name), _octets(addresses))),
    "node": lambda index, name, addresses: index.put_node(Node(str(name), _octets(addresses), _octets(addresses))),
}
