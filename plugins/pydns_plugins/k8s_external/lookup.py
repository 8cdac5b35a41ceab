"""The answer algorithm: a name and a type to records, as CoreDNS has them.

Names, less the zone:

    SERVICE.NAMESPACE                     the addresses that it is reached at from outside
    _PORT._PROTOCOL.SERVICE.NAMESPACE     the same for one port
    ENDPOINT.SERVICE.NAMESPACE            one endpoint of a headless service
    APEX, ns1.APEX                        this server

What lies between exists without records (RFC 8020), so it is no data and never NXDOMAIN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydns import names
from pydns.cluster import records, reverse
from pydns.cluster.answers import NO_DATA, Found
from pydns.cluster.index import Entry, Index, external_addresses, external_hosts, wire_label
from pydns.cluster.records import Target
from pydns.cluster.targets import NO_PORTS, endpoints, found_at, is_protocol, part_of
from pydns.names import MAX_LENGTH
from pydns.records import Record, Type
from pydns.services.model import Port, Service
from pydns_plugins.k8s_external.options import Options

_NS1: Final = b"\x03ns1"
_A, _AAAA, _CNAME, _PTR = (int(type_) for type_ in (Type.A, Type.AAAA, Type.CNAME, Type.PTR))


class Lookup:
    """Answers from an index. `local`: our own addresses, packed."""

    def __init__(self, index: Index, options: Options, local: Sequence[bytes]) -> None:
        self.index = index
        self._options = options
        self.local = local

    def find(self, name: bytes, type_: int, zone: bytes) -> Found | None:
        """What there is at a name in a zone; None where it does not exist."""
        if name == zone:
            return self._apex(zone, type_)
        if names.is_within(name, self._options.apex + zone):
            return self._below_apex(name, type_, zone)
        if reverse.is_reverse(name):
            return self._address(name, type_)
        labels = names.labels(name[: len(name) - len(zone)] + names.ROOT)
        namespace = wire_label(labels[-1])
        if namespace not in self.index.namespaces:
            return None
        if len(labels) == 1:
            return NO_DATA
        key = wire_label(labels[-2]) + namespace
        entry = self.index.entries.get(key)
        service = entry.service if entry is not None else None
        if entry is None or service is None:
            return None
        return self._service(name, type_, key + zone, labels[:-2], entry, service)

    def _service(
        self, name: bytes, type_: int, owner: bytes, labels: Sequence[bytes], entry: Entry, service: Service
    ) -> Found | None:
        part = part_of(labels)
        if part is None:
            return None
        why = f"service {service.namespace}/{service.name}"
        addresses, hosts = external_addresses(service), external_hosts(service)
        ports: Sequence[Port] = service.ports
        if addresses or hosts:
            outside = [Target(owner, address, 0) for address in addresses] + [Target(host, b"", 0) for host in hosts]
            # Endpoints are reached from inside.
            fitting = () if part.endpoint else [each for each in ports or NO_PORTS if part.fits(each)]
            targets = [target._replace(port=each.number) for each in fitting for target in outside]
        elif self._options.headless and (part.endpoint or _is_headless(service)):
            targets = endpoints(entry, owner, part, type_)
            ports = [port for each in entry.backends for port in each.ports]
        else:
            return None
        if not targets:
            return NO_DATA if len(labels) == 1 and is_protocol(labels[0], ports) else None
        # An alias has no other data (RFC 1034 section 3.6.2), so where there are addresses as well these are told.
        if not addresses and hosts and type_ in (_A, _AAAA, _CNAME):
            cname = records.pointers(name, _CNAME, hosts[:1], self._options.ttl)
            return Found(cname, (), why, None if type_ == _CNAME else hosts[0])
        return found_at(name, type_, targets, self._options.ttl, why)

    def _address(self, name: bytes, type_: int) -> Found | None:
        address = names.address_of_reverse(name)
        owners = sorted(self.index.external_at.get(address, ())) if address is not None else ()
        if not owners:
            return None
        why = f"address of {', '.join(names.to_text(owner + names.ROOT) for owner in owners)}"
        if type_ != _PTR:
            return Found(why=why)
        targets = [owner + self._options.primary for owner in owners]
        return Found(records.pointers(name, _PTR, targets, self._options.ttl), (), why)

    def _apex(self, zone: bytes, type_: int) -> Found:
        if type_ == Type.SOA:
            return Found(self.soa(zone))
        server = self.server(zone)
        if type_ != Type.NS or len(server) > MAX_LENGTH:
            return NO_DATA
        ttl = self._options.ttl
        glue = [records.address_record(server, address, ttl) for address in self._own_addresses()]
        return Found(records.pointers(zone, Type.NS, (server,), ttl), tuple(glue))

    def _below_apex(self, name: bytes, type_: int, zone: bytes) -> Found | None:
        server = self.server(zone)
        if name != server:
            return NO_DATA if names.is_within(server, name) else None
        if type_ not in (_A, _AAAA):
            return NO_DATA
        targets = [Target(name, address, 0) for address in self._own_addresses()]
        return Found(records.addresses(name, targets, type_, self._options.ttl))

    def _own_addresses(self) -> list[bytes]:
        """Those that the services we are behind are reached at from outside; those of this host where we are none's."""
        keys = [each[1 + each[0] :] for local in self.local for each in self.index.endpoints_at.get(local, ())]
        found: dict[bytes, None] = {}
        for key in keys:
            entry = self.index.entries[key]
            if entry.service is None:
                continue
            if self._options.headless and _is_headless(entry.service):
                found.update((address, None) for backends in entry.backends for address in backends.addresses)
            else:
                found.update((address, None) for address in external_addresses(entry.service))
        return list(found) if keys else list(self.local)

    def server(self, zone: bytes) -> bytes:
        """The name of this server."""
        return _NS1 + self._options.apex + zone

    def soa(self, zone: bytes) -> tuple[Record, ...]:
        options = self._options
        mailbox = records.HOSTMASTER + options.apex + zone
        return records.soa_of(zone, self.server(zone), mailbox, self.index.serial, options.ttl, options.ttl)


def _is_headless(service: Service) -> bool:
    return not service.cluster_ips and not service.external_name
