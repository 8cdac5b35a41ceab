"""Names of services and of their endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydns import names
from pydns.records import Type
from pydns.services.model import Port, Service
from pydns.services.spelling import is_address
from pydns_plugins.kubernetes import records
from pydns_plugins.kubernetes.answers import NO_DATA, Found, Options
from pydns_plugins.kubernetes.index import SVC, Entry, Index, wire_label
from pydns_plugins.kubernetes.records import Target

_NO_PORTS: Final = (Port("", "", -1),)
_A, _AAAA, _CNAME, _SRV = (int(type_) for type_ in (Type.A, Type.AAAA, Type.CNAME, Type.SRV))


def find_service(
    index: Index, options: Options, name: bytes, type_: int, zone: bytes, labels: Sequence[bytes]
) -> Found | None:
    """What there is at a name whose labels, less the zone, end in `svc`; None where it does not exist."""
    count = len(labels)
    if count == 1:
        return NO_DATA
    namespace = wire_label(labels[-2])
    if namespace not in index.namespaces:
        return None
    if count == 2:
        return NO_DATA
    key = wire_label(labels[-3]) + namespace
    entry = index.entries.get(key)
    service = entry.service if entry is not None else None
    if entry is None or service is None:
        return None
    why = f"service {service.namespace}/{service.name}"
    if service.external_name:
        return _external(name, type_, service.external_name, options.ttl, why) if count == 3 else None
    if options.ignore_empty and service.cluster_ips and not any(each.addresses for each in entry.backends):
        return None
    targets = _targets(entry, key + SVC + zone, labels[:-3])
    if targets:
        return _at(name, type_, targets, options.ttl, why)
    return NO_DATA if count == 4 and _is_protocol(labels[0], entry) else None


def find_plain(index: Index, options: Options, name: bytes, type_: int, zone: bytes) -> Found | None:
    """As `find_service`, for what is asked most: the cluster addresses of a service. None for all else."""
    service = plain_service(index, options, name, type_, zone)
    if service is None:
        return None
    size = 4 if type_ == _A else 16
    answer = [
        records.address_record(name, address, options.ttl) for address in service.cluster_ips if len(address) == size
    ]
    return Found(tuple(answer), (), f"service {service.namespace}/{service.name}")


def plain_service(index: Index, options: Options, name: bytes, type_: int, zone: bytes) -> Service | None:
    """The service whose cluster addresses are the answer; None where it takes `find_service` to tell."""
    if type_ != _A and type_ != _AAAA:
        return None
    parent = SVC + zone
    entry = index.entries.get(name[: -len(parent)]) if name.endswith(parent) else None
    service = entry.service if entry is not None else None
    if service is None or not service.cluster_ips or options.ignore_empty:
        return None
    if service.external_name or name[1 + name[0] : -len(parent)] not in index.namespaces:
        return None
    return service


def _targets(entry: Entry, owner: bytes, labels: Sequence[bytes]) -> list[Target]:
    """What the labels to the left of a service lead to: none, an endpoint, or a port and a protocol."""
    service = entry.service
    assert service is not None
    endpoint, port, protocol = b"", "", ""
    if len(labels) == 1:
        endpoint = wire_label(labels[0])
    elif len(labels) == 2:
        port, protocol = (label.decode("latin-1").removeprefix("_") for label in labels)
    elif labels:
        return []
    if endpoint or not service.cluster_ips:
        return _endpoints(entry, owner, endpoint, port, protocol)
    return [
        Target(owner, address, each.number)
        for each in service.ports or _NO_PORTS
        if _fits(each, port, protocol)
        for address in service.cluster_ips
    ]


def _endpoints(entry: Entry, parent: bytes, endpoint: bytes, port: str, protocol: str) -> list[Target]:
    return [
        Target(label + parent, address, each.number)
        for backends in entry.backends
        for label, address in zip(backends.labels, backends.addresses, strict=True)
        if not endpoint or label == endpoint
        for each in backends.ports or _NO_PORTS
        if _fits(each, port, protocol)
    ]


def _fits(each: Port, port: str, protocol: str) -> bool:
    return (not port or port == each.name) and (not protocol or protocol == each.protocol)


def _at(name: bytes, type_: int, targets: Sequence[Target], ttl: int, why: str) -> Found:
    if type_ in (_A, _AAAA):
        return Found(records.addresses(name, targets, type_, ttl), (), why)
    if type_ == _SRV:
        return Found(*records.srv(name, targets, ttl), why)
    return Found(why=why)


def _external(name: bytes, type_: int, target: str, ttl: int, why: str) -> Found | None:
    """CoreDNS has no records for an ExternalName that is an address, and so no such name."""
    if is_address(target):
        return None
    alias = names.from_text(target)
    # One that lies below itself would lead to itself.
    if type_ not in (_A, _AAAA, _CNAME) or names.is_within(alias, name):
        return Found(why=why)
    cname = records.pointers(name, _CNAME, (alias,), ttl)
    return Found(cname, (), why, None if type_ == _CNAME else alias)


def _is_protocol(label: bytes, entry: Entry) -> bool:
    """True for a label like `_tcp`, below which there are ports: it exists, though it has no records (RFC 8020)."""
    service = entry.service
    assert service is not None
    text = label.decode("latin-1")
    ports = service.ports if service.cluster_ips else [port for each in entry.backends for port in each.ports]
    return any(port.name and text == f"_{port.protocol}" for port in ports)
