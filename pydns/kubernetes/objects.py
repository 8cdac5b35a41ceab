"""Objects of the API to those of `pydns.services`: only what DNS has a use for is kept.

Each reader gives None where the object has nothing for DNS. The API has checked what it holds; what does not fit all
the same is left out, the object where it is its name, and never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar

from pydns.kubernetes.tree import Tree
from pydns.services import spelling
from pydns.services.model import Endpoint, EndpointSlice, Kind, Node, Pod, Port, Service

SERVICE_NAME: Final = "kubernetes.io/service-name"
"""The label of an EndpointSlice that names its service."""

TRIGGER: Final = "endpoints.kubernetes.io/last-change-trigger-time"
"""The annotation by which the controller of EndpointSlices says when a pod or the service changed."""

IMPORT_NAME: Final = "multicluster.kubernetes.io/service-name"
SOURCE_CLUSTER: Final = "multicluster.kubernetes.io/source-cluster"
"""The labels of an EndpointSlice that was imported: its ServiceImport, and the cluster that its endpoints are in."""

NO_BALANCER: Final = "node.kubernetes.io/exclude-from-external-load-balancers"
"""The label of a node that is not to be reached from outside."""

T = TypeVar("T")


def namespace(item: Tree) -> str | None:
    return _name(item, spelling.label)


def service(item: Tree) -> Service | None:
    place = _place(item, spelling.label)
    if place is None:
        return None
    spec = item.tree("spec")
    kind = next((each for each in Kind if each == spec.text("type")), Kind.CLUSTER_IP)
    ingress = item.tree("status").tree("loadBalancer").trees("ingress")
    addresses = spec.texts("clusterIPs") or [spec.text("clusterIP")]
    external = spec.text("externalName") if kind is Kind.EXTERNAL_NAME else ""
    if kind is Kind.EXTERNAL_NAME and not _fit((external,), spelling.host):
        return None
    return Service(
        *place,
        kind,
        () if external else _fit(addresses, spelling.address),
        tuple(map(_service_port, spec.trees("ports"))),
        external,
        _fit(spec.texts("externalIPs"), spelling.address),
        _fit((each.text("ip") or each.text("hostname") for each in ingress), spelling.host),
        spec.text("externalTrafficPolicy") == "Local",
    )


def endpoint_slice(item: Tree) -> EndpointSlice | None:
    return _slice(item, item.tree("metadata").tree("labels").text(SERVICE_NAME))


def triggered(item: Tree) -> float:
    """When what changed a slice happened, in seconds since 1970; 0 where it does not say."""
    text = item.tree("metadata").tree("annotations").text(TRIGGER)
    try:
        return max(0.0, datetime.fromisoformat(text).timestamp()) if text else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0


def imported_slice(item: Tree) -> EndpointSlice | None:
    """Endpoints of a service of a set of clusters."""
    labels = item.tree("metadata").tree("labels")
    cluster = "".join(_fit((labels.text(SOURCE_CLUSTER),), spelling.label))
    return _slice(item, labels.text(IMPORT_NAME), cluster)


def service_import(item: Tree) -> Service | None:
    """A service of a set of clusters; None where it has no address yet, and is to have one."""
    place = _place(item, spelling.label)
    spec = item.tree("spec")
    addresses = _fit(spec.texts("ips"), spelling.address) if spec.text("type") != "Headless" else ()
    if place is None or (not addresses and spec.text("type") != "Headless"):
        return None
    return Service(*place, Kind.CLUSTER_IP, addresses, tuple(map(_service_port, spec.trees("ports"))))


def pod(item: Tree) -> Pod | None:
    place = _place(item, spelling.subdomain)
    if place is None or item.tree("metadata").text("deletionTimestamp"):
        return None
    status = item.tree("status")
    addresses = [each.text("ip") for each in status.trees("podIPs")] or [status.text("podIP")]
    return Pod(*place, _fit(addresses, spelling.address), status.text("phase") or "Unknown")


def node(item: Tree) -> Node | None:
    """None where it takes no queries from outside: it is not ready, or taken out of load balancing."""
    name = _name(item, spelling.subdomain)
    status = item.tree("status")
    ready = any(each.text("type") == "Ready" and each.text("status") == "True" for each in status.trees("conditions"))
    if name is None or not ready or NO_BALANCER in item.tree("metadata").tree("labels"):
        return None

    def addresses(kind: str) -> tuple[bytes, ...]:
        found = (each.text("address") for each in status.trees("addresses") if each.text("type") == kind)
        return _fit(found, spelling.address)

    return Node(name, addresses("InternalIP"), addresses("ExternalIP"))


def _slice(item: Tree, owner: str, cluster: str = "") -> EndpointSlice | None:
    place = _place(item, spelling.subdomain)
    if place is None or not _fit((owner,), spelling.label):
        return None
    ports = tuple(Port(each.text("name").lower(), _protocol(each), _number(each)) for each in item.trees("ports"))
    return EndpointSlice(*place, owner, ports, tuple(map(_endpoint, item.trees("endpoints"))), cluster)


def _endpoint(item: Tree) -> Endpoint:
    conditions, target = item.tree("conditions"), item.tree("targetRef")
    # What is not said is to be taken as ready, and as serving where it is ready.
    ready = conditions.get("ready") is not False
    return Endpoint(
        _fit(item.texts("addresses"), spelling.address),
        "".join(_fit((item.text("hostname"),), spelling.label)),
        "".join(_fit((target.text("name"),), spelling.subdomain)) if target.text("kind") == "Pod" else "",
        item.text("nodeName"),
        item.text("zone"),
        ready,
        conditions.get("serving", ready) is True,
        conditions.get("terminating") is True,
    )


def _service_port(item: Tree) -> Port:
    number = _number(item)
    target = item.number("targetPort")
    return Port(
        item.text("name").lower(),
        _protocol(item),
        number,
        0 if target == number else target,
        item.number("nodePort"),
    )


def _number(item: Tree) -> int:
    """-1 where there is none: then there are no SRV records of it."""
    number = item.number("port")
    return number if 0 < number <= spelling.MAX_PORT else -1


def _protocol(item: Tree) -> str:
    return item.text("protocol").lower() or "tcp"


def _place(item: Tree, read: Callable[[str], str]) -> tuple[str, str] | None:
    """The namespace of an object and its name."""
    within, name = _fit((item.tree("metadata").text("namespace"),), spelling.label), _name(item, read)
    return (within[0], name) if within and name is not None else None


def _name(item: Tree, read: Callable[[str], str]) -> str | None:
    found = _fit((item.tree("metadata").text("name"),), read)
    return found[0] if found else None


def _fit(texts: Iterable[str], read: Callable[[str], T]) -> tuple[T, ...]:
    """What `read` makes of the texts; those that it refuses are left out."""
    found: list[T] = []
    for text in texts:
        with suppress(ValueError):
            found.append(read(text))
    return tuple(found)
