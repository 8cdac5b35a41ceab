"""Who serves the zones: this server, by the name of the service that it is behind where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple

from pydns.cluster.index import SVC, Index
from pydns.cluster.records import name_server
from pydns.cluster.reverse import is_reverse
from pydns.listen.interfaces import addresses


class Server(NamedTuple):
    """A name in NS, and one of its addresses, packed."""

    name: bytes
    address: bytes


def servers(index: Index, zone: bytes, local: Iterable[bytes]) -> list[Server]:
    """The services with an endpoint at one of our `local` addresses; else `ns.dns.ZONE` at these."""
    local = tuple(local)
    found = list(dict.fromkeys(server for address in local for server in _of_services(index, zone, address)))
    return found or own_servers(zone, local)


def own_servers(zone: bytes, local: Iterable[bytes]) -> list[Server]:
    return [Server(name_server(zone), address) for address in local]


def _of_services(index: Index, zone: bytes, local: bytes) -> Iterator[Server]:
    # The names of services are in forward zones alone.
    below = SVC + (index.exposed.zones[0] if is_reverse(zone) else zone)
    for endpoint in index.endpoints_at.get(local, ()):
        key = endpoint[1 + endpoint[0] :]
        entry = index.entries[key]
        if entry.service is None or entry.service.external_name:
            continue
        for address in entry.service.cluster_ips:
            yield Server(key + below, address)
        if not entry.service.cluster_ips:
            for backends in entry.backends:
                pairs = zip(backends.labels, backends.addresses, strict=True)
                yield from (Server(label + key + below, address) for label, address in pairs)


def local_addresses(bind: Sequence[str], except_: Sequence[str] = ()) -> tuple[bytes, ...]:
    """The addresses that others reach us at, packed. `bind`: as in the Corefile, none: all.

    Loopback counts only where there is no other: then all who ask are on this host.
    """
    hosts = [host for name in bind for host in _addresses(name)] if bind else _all()
    left_out = {host for name in except_ for host in _addresses(name)}
    found = [ip_address(host.partition("%")[0]) for host in dict.fromkeys(hosts) if host not in left_out]
    found = [address for address in found if not address.is_link_local]
    return tuple(address.packed for address in found if not address.is_loopback) or tuple(a.packed for a in found)


def _addresses(name: str) -> list[str]:
    found: list[str] = []
    with suppress(ValueError):  # an interface that is not there: listening fails, or waits for it
        found = addresses(name)
    return _all() if "0.0.0.0" in found or "::" in found else found


def _all() -> list[str]:
    import ifaddr  # only here: most blocks name their addresses

    return [host for adapter in ifaddr.get_adapters() for host in _addresses(adapter.name.partition(":")[0])]
