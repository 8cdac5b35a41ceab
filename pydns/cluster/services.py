"""Names of services and of their endpoints."""

from __future__ import annotations

from collections.abc import Sequence

from pydns import names
from pydns.cluster import records
from pydns.cluster.answers import NO_DATA, Found, Options
from pydns.cluster.index import SVC, Entry, Index, wire_label
from pydns.cluster.records import Target
from pydns.cluster.targets import NO_PORTS, WHOLE, Part, endpoints, found_at, in_zone, is_protocol, part_of
from pydns.records import Type
from pydns.services.model import Port, Service
from pydns.services.spelling import is_address

ZONE, PIN, PREFER = b"_zone", b"pin", b"prefer"
_A, _AAAA, _CNAME = int(Type.A), int(Type.AAAA), int(Type.CNAME)


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
    own, owner = labels[:-3], key + SVC + zone
    if options.zonal and own and own[-1] == ZONE and not options.multicluster:
        return _zonal(entry, name, type_, owner, own[:-1], options.ttl) if not service.cluster_ips else None
    targets = _targets(entry, owner, part_of(own, multicluster=options.multicluster), type_)
    if targets:
        return found_at(name, type_, targets, options.ttl, why)
    return NO_DATA if count == 4 and _has_below(labels[0], entry, service, options) else None


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


def has_no_service(index: Index, name: bytes, zone: bytes) -> bool:
    """True for SERVICE.NAMESPACE.svc, in whatever namespace, that nothing has; False where it takes more to tell."""
    parent = SVC + zone
    if not name.endswith(parent):
        return False
    key = name[: -len(parent)]
    second = 1 + key[0] if key else 0
    return 0 < second < len(key) == second + 1 + key[second] and key not in index.entries


def _targets(entry: Entry, owner: bytes, part: Part | None, type_: int) -> list[Target]:
    service = entry.service
    if service is None or part is None:
        return []
    if part.endpoint or not service.cluster_ips:
        return endpoints(entry, owner, part, type_)
    return [
        Target(owner, address, each.number)
        for each in service.ports or NO_PORTS
        if part.fits(each)
        for address in service.cluster_ips
    ]


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


def _zonal(entry: Entry, name: bytes, type_: int, owner: bytes, labels: Sequence[bytes], ttl: int) -> Found | None:
    """What there is at `TOPOLOGY-ZONE.pin` and `TOPOLOGY-ZONE.prefer`, whose zone may be of several labels.

    A zone without endpoints is no data, whether anybody has heard of it or not, so that all replicas say the same.
    """
    if labels and labels[-1] not in (PIN, PREFER):
        return None
    if len(labels) < 2:
        return NO_DATA
    targets = in_zone(entry, owner, b".".join(labels[:-1]), type_)
    if not targets and labels[-1] == PREFER:
        targets = endpoints(entry, owner, WHOLE, type_)
    # There are as many of these names as anybody likes: it is not said why, so none of them is kept.
    return found_at(name, type_, targets, ttl, "")


def _has_below(label: bytes, entry: Entry, service: Service, options: Options) -> bool:
    """True where there are names below this one, which so exists without records (RFC 8020)."""
    if is_protocol(label, _ports(entry, service)):
        return True
    cluster = wire_label(label)
    return options.multicluster and any(
        own[1 + own[0] :] == cluster for backends in entry.backends for own in backends.labels
    )


def _ports(entry: Entry, service: Service) -> Sequence[Port]:
    return service.ports if service.cluster_ips else [port for each in entry.backends for port in each.ports]
