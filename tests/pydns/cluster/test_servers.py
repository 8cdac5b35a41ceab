from __future__ import annotations

import pytest

from pydns.cluster.index import Exposed, Index
from pydns.cluster.servers import Server, local_addresses, servers
from pydns.names import from_text
from pydns.services.model import Endpoint, EndpointSlice, Service

ZONE, REVERSE = from_text("cluster.local"), from_text("in-addr.arpa")
OURS, OTHER, CLUSTER = b"\x0a\xf4\3\x35", b"\x0a\xf4\3\x36", b"\x0a\x60\0\x0a"


def index(*cluster_ips: bytes, external_name: str = "") -> Index:
    found = Index(Exposed((ZONE,)))
    found.put_service(Service("kube-system", "dns", cluster_ips=cluster_ips, external_name=external_name))
    found.put_slice(EndpointSlice("kube-system", "dns-1", "dns", (), (Endpoint((OURS,), "one"), Endpoint((OTHER,)))))
    return found


@pytest.mark.parametrize("zone", [ZONE, REVERSE])
def test_behind_a_service_it_is_the_service(zone: bytes) -> None:
    name = from_text("dns.kube-system.svc.cluster.local")
    assert servers(index(CLUSTER), zone, [OURS]) == [Server(name, CLUSTER)]


def test_behind_a_headless_service_it_is_the_endpoints() -> None:
    assert servers(index(), ZONE, [OURS]) == [
        Server(from_text("one.dns.kube-system.svc.cluster.local"), OURS),
        Server(from_text("10-244-3-54.dns.kube-system.svc.cluster.local"), OTHER),
    ]


@pytest.mark.parametrize("zone", [ZONE, REVERSE])
def test_else_it_is_this_host(zone: bytes) -> None:
    host = b"\xc0\0\2\1"
    assert servers(index(CLUSTER), zone, [host]) == [Server(b"\x02ns\x03dns" + zone, host)]


@pytest.mark.parametrize(("bind", "except_", "expected"), [
    (["127.0.0.1"], [], [b"\x7f\0\0\1"]),
    (["127.0.0.1", "192.0.2.1"], [], [b"\xc0\0\2\1"]),
    (["192.0.2.1", "192.0.2.2"], ["192.0.2.1"], [b"\xc0\0\2\2"]),
    (["fe80::1%lo"], [], []),
    (["no-such-interface"], [], []),
])  # fmt: skip
def test_local_addresses(bind: list[str], except_: list[str], expected: list[bytes]) -> None:
    assert list(local_addresses(bind, except_)) == expected


@pytest.mark.parametrize("bind", [[], ["0.0.0.0"], ["::"]])
def test_all_addresses_are_those_of_the_interfaces(bind: list[str]) -> None:
    assert local_addresses(bind) == local_addresses([])
    assert local_addresses(bind)
