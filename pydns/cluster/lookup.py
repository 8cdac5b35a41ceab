"""The answer algorithm: a name and a type to records, by the Kubernetes DNS specification 1.1.0 as CoreDNS reads it.

Names of the schema, less the zone:

    SERVICE.NAMESPACE.svc                     the cluster addresses, or all endpoints of a headless service
    _PORT._PROTOCOL.SERVICE.NAMESPACE.svc     the same for one port
    ENDPOINT.SERVICE.NAMESPACE.svc            one endpoint, by host name or dashed address
    ADDRESS.NAMESPACE.pod                     a pod
    dns-version, ns.dns                       the version of the schema, and this server

What lies between exists without records (RFC 8020), so it is no data and never NXDOMAIN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Self

from pydns import names
from pydns.cluster import records
from pydns.cluster.answers import NO_DATA, Found, Options
from pydns.cluster.index import Index
from pydns.cluster.packing import Packer, denial
from pydns.cluster.pods import find_pod
from pydns.cluster.records import Target
from pydns.cluster.reverse import find_address, is_reverse
from pydns.cluster.servers import Server
from pydns.cluster.services import find_plain, find_service, has_no_service, plain_service
from pydns.packed import Packed
from pydns.records import Record, Type

_ARPA: Final = b"\x04arpa\0"
_MOST: Final = 32_768  # records that are kept packed
_A, _AAAA, _PTR = int(Type.A), int(Type.AAAA), int(Type.PTR)


class Lookup:
    """Answers from an index. `servers` gives those of a zone."""

    def __init__(self, index: Index, options: Options, servers: Callable[[bytes], Sequence[Server]]) -> None:
        self.index = index
        self.options = options
        self._servers = servers
        self._packer = Packer(options.ttl)
        self._kept: dict[tuple[bytes, int], Found] = {}
        self._soa: dict[bytes, tuple[Record, ...]] = {}
        self._size = 0
        self._keeps = True
        self._version = index.version

    def alike(self) -> Self:
        """Another one that says the same, for who asks for each name once: it keeps nothing."""
        found = type(self)(self.index, self.options, self._servers)
        found._keeps = False
        return found

    def find(self, name: bytes, type_: int, zone: bytes) -> Found | None:
        """What there is at a name in a zone; None where it does not exist."""
        if self._version != self.index.version:
            self._forget()
        found = self._kept.get((name, type_))
        if found is None:
            found = find_plain(self.index, self.options, name, type_, zone) or self._find(name, type_, zone)
            # What anybody can make names for is not kept.
            if found is not None and found.why and self._keeps:
                self._keep((name, type_), found)
        return found

    def packed(self, name: bytes, type_: int, zone: bytes) -> Packed | None:
        """The answer with its records packed, where they are addresses of a service or none; None for all else."""
        if self._version != self.index.version:
            self._forget()
        service = plain_service(self.index, self.options, name, type_, zone)
        if service is not None:
            found = self._packer.addresses(service.cluster_ips, type_)
            return found or denial(name, zone, self.soa(zone), exists=True)
        exists = not has_no_service(self.index, name, zone)
        if exists and (type_ == _PTR or name.endswith(_ARPA) or self._find(name, type_, zone) is not None):
            return None
        return denial(name, zone, self.soa(zone), exists=False)

    def _keep(self, key: tuple[bytes, int], found: Found) -> None:
        size = 1 + len(found.answer) + len(found.additional)
        if self._size + size > _MOST:
            self._forget()
        self._kept[key] = found
        self._size += size

    def _forget(self) -> None:
        self._kept.clear()
        self._soa.clear()
        self._size = 0
        self._version = self.index.version

    def _find(self, name: bytes, type_: int, zone: bytes) -> Found | None:
        if name == zone:
            return self._apex(zone, type_)
        labels = names.labels(name[: len(name) - len(zone)] + names.ROOT)
        if labels == [b"dns-version"]:
            version = records.version(name, multicluster=self.options.multicluster)
            return Found(version, why="schema") if type_ == Type.TXT else NO_DATA
        if labels in ([b"dns"], [b"ns", b"dns"]):
            return self._name_server(name, type_, zone)
        if name.endswith(_ARPA) and is_reverse(name):
            return find_address(self.index, name, type_, self.options.ttl)
        if labels[-1] == b"svc":
            return find_service(self.index, self.options, name, type_, zone, labels)
        if labels[-1] == b"pod":
            return find_pod(self.index, self.options, name, type_, labels)
        return None

    def _apex(self, zone: bytes, type_: int) -> Found:
        if type_ == Type.SOA:
            return Found(self.soa(zone))
        if type_ == Type.NS:
            servers = self._servers(zone)
            ttl = self.options.ttl
            glue = [records.address_record(server.name, server.address, ttl) for server in servers]
            return Found(records.pointers(zone, Type.NS, [server.name for server in servers], ttl), tuple(glue))
        return NO_DATA

    def _name_server(self, name: bytes, type_: int, zone: bytes) -> Found:
        if type_ not in (_A, _AAAA) or name != records.name_server(zone):
            return NO_DATA
        targets = [Target(owner, address, 0) for owner, address in self._servers(zone)]
        return Found(records.addresses(name, targets, type_, self.options.ttl))

    def soa(self, zone: bytes) -> tuple[Record, ...]:
        """The SOA record of a zone, which tells how long a denial holds (RFC 2308 section 5)."""
        if self._version != self.index.version:
            self._forget()
        found = self._soa.get(zone)
        if found is None:
            found = self._soa[zone] = records.soa(zone, self.index.serial, self.options.ttl)
        return found
