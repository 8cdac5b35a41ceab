"""Services by the ports that they have on all nodes, in a zone of their own."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.cluster.node_ports import MOST
from pydns.kubernetes.objects import NO_BALANCER, SERVICE_NAME
from pydns.names import from_text
from pydns.plugin import House
from pydns.records import Rcode, Type
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.asking import block, directives
from tests.plugins.kubernetes.conftest import Ask, Start
from tests.pydns.cluster.shown import data
from tests.pydns.kubernetes.standin import MemoryTransport, StandIn

Item = dict[str, Any]


def node(name: str, *addresses: str, ready: str = "True", labels: Item | None = None) -> Item:
    pairs = [address.split("=") for address in addresses]
    status = {
        "conditions": [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": ready}],
        "addresses": [{"type": kind, "address": address} for kind, address in pairs],
    }
    return {"metadata": {"name": name, "labels": labels or {}}, "status": status}


def service(name: str, kind: str = "NodePort", policy: str = "Cluster") -> Item:
    ports = [
        {"name": "http", "protocol": "TCP", "port": 80, "nodePort": 30080},
        {"name": "dns", "protocol": "UDP", "port": 53, "nodePort": 30053},
    ]
    if kind == "ClusterIP":
        ports = [{"name": "http", "protocol": "TCP", "port": 80}]
    spec = {"type": kind, "clusterIPs": ["10.96.0.1"], "ports": ports, "externalTrafficPolicy": policy}
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


@pytest.fixture
def clock() -> MockClock:
    return MockClock(autojump_threshold=0)


@pytest.fixture
def standin() -> StandIn:
    found = StandIn()
    found.put("namespaces", {"metadata": {"name": "shop"}})
    found.put("services", service("web"))
    found.put("services", service("lb", "LoadBalancer"))
    found.put("services", service("near", policy="Local"))
    found.put("services", service("plain", "ClusterIP"))
    endpoints = [{"addresses": ["10.244.0.1"], "nodeName": "two.internal"}, {"addresses": ["10.244.0.2"]}]
    metadata = {"name": "near-1", "namespace": "shop", "labels": {SERVICE_NAME: "near"}}
    found.put("endpointslices", {"metadata": metadata, "endpoints": endpoints})
    found.put("nodes", node("one", "InternalIP=192.168.0.1", "ExternalIP=203.0.113.1", "Hostname=one"))
    found.put("nodes", node("two.internal", "InternalIP=192.168.0.2", "InternalIP=fd00::2"))
    found.put("nodes", node("sick", "InternalIP=192.168.0.3", ready="Unknown"))
    found.put("nodes", node("apart", "InternalIP=192.168.0.4", labels={NO_BALANCER: ""}))
    return found


@pytest.fixture
async def start(standin: StandIn, nursery: trio.Nursery, libraries_are_there: None) -> Start:
    async def start(option: str = "nodeports nodes.test") -> Kubernetes:
        text = f"kubernetes cluster.local in-addr.arpa\n  endpoint http://api.test\n  {option}"
        (found,) = Kubernetes.parse(directives(text), block())
        found.transport = lambda: MemoryTransport(standin)
        found.house = House()
        await nursery.start(found.run)
        found.local = (b"\x0a\0\0\x35",)
        return found

    return start


SRV = ["0 33 30080 one.node.nodes.test.", "0 33 30080 two.internal.node.nodes.test."]
ANSWERS = [
    ("_http._tcp.web.shop.svc", "SRV", SRV),
    ("_http._tcp.lb.shop.svc", "SRV", SRV),
    ("_dns._udp.near.shop.svc", "SRV", ["0 50 30053 two.internal.node.nodes.test."]),
    ("web.shop.svc", "A", ["203.0.113.1", "192.168.0.2"]),
    ("web.shop.svc", "AAAA", ["fd00::2"]),
    ("near.shop.svc", "A", ["192.168.0.2"]),
    ("one.node", "A", ["203.0.113.1"]),
    ("two.internal.node", "AAAA", ["fd00::2"]),
    ("", "SOA", ["ns.dns.nodes.test. hostmaster.nodes.test. SERIAL 7200 1800 86400 5"]),
    ("", "NS", ["ns.dns.nodes.test."]),
    ("ns.dns", "A", ["10.0.0.53"]),
]
NO_DATA = ["", "svc", "node", "shop.svc", "internal.node", "_tcp.web.shop.svc", "dns"]
NO_NAME = [
    "none.shop.svc", "plain.shop.svc", "web.none.svc", "_ftp._tcp.web.shop.svc", "a.web.shop.svc", "a.b.c.web.shop.svc",
    "sick.node", "apart.node", "a.one.node", "nothing", "1-2-3-4.shop.pod", "dns-version",
]  # fmt: skip


@pytest.mark.parametrize(("name", "type_", "expected"), ANSWERS)
async def test_an_answer(name: str, type_: str, expected: list[str], start: Start, ask: Ask, clock: MockClock) -> None:
    plugin = await start()
    assert plugin.index is not None
    reply = await ask(plugin, f"{name}.nodes.test".lstrip("."), type_)
    serial = str(plugin.index.serial)
    assert [data(record) for record in reply.answer] == [each.replace("SERIAL", serial) for each in expected]


async def test_the_addresses_of_nodes_stand_beside_srv(start: Start, ask: Ask, clock: MockClock) -> None:
    reply = await ask(await start(), "_http._tcp.web.shop.svc.nodes.test", "SRV")
    assert [data(record) for record in reply.additional] == ["203.0.113.1", "192.168.0.2", "fd00::2"]


async def test_by_internal_addresses(start: Start, ask: Ask, clock: MockClock) -> None:
    reply = await ask(await start("nodeports nodes.test internal"), "web.shop.svc.nodes.test")
    assert [data(record) for record in reply.answer] == ["192.168.0.1", "192.168.0.2"]


@pytest.mark.parametrize(("names", "rcode"), [(NO_DATA, Rcode.NOERROR), (NO_NAME, Rcode.NXDOMAIN)])
async def test_no_answer(names: list[str], rcode: int, start: Start, ask: Ask, clock: MockClock) -> None:
    plugin = await start()
    for name in names:
        reply = await ask(plugin, f"{name}.nodes.test".lstrip("."))
        assert (reply.rcode, list(reply.answer)) == (rcode, []), name
        assert [record.type for record in reply.authority] == [Type.SOA]


async def test_the_clusters_own_zone_is_as_ever(start: Start, ask: Ask, clock: MockClock) -> None:
    plugin = await start()
    assert [data(each) for each in (await ask(plugin, "web.shop.svc.cluster.local")).answer] == ["10.96.0.1"]
    assert (await ask(plugin, "one.node.cluster.local")).rcode == Rcode.NXDOMAIN


async def test_nodes_are_asked_for_only_where_they_are_needed(start: Start, standin: StandIn, clock: MockClock) -> None:
    await start("ttl 5")
    assert not [request for request in standin.requests if request.path.endswith("/nodes")]


async def test_a_change_is_answered_and_told(start: Start, ask: Ask, standin: StandIn, clock: MockClock) -> None:
    plugin = await start()
    epoch = plugin.house.changes.epoch
    standin.put("nodes", node("one", "InternalIP=192.168.0.1", "ExternalIP=203.0.113.1", "Hostname=other"))
    await wait_all_tasks_blocked()
    assert plugin.house.changes.epoch == epoch
    standin.put("nodes", node("one", "ExternalIP=203.0.113.1", ready="False"))
    await wait_all_tasks_blocked()
    assert [data(each) for each in (await ask(plugin, "web.shop.svc.nodes.test")).answer] == ["192.168.0.2"]
    assert plugin.house.changes.touched_since(epoch, [from_text("_http._tcp.web.shop.svc.nodes.test")])
    assert not plugin.house.changes.touched_since(epoch, [from_text("web.shop.svc.cluster.local")])
    epoch = plugin.house.changes.epoch
    standin.delete("services", "shop", "web")
    await wait_all_tasks_blocked()
    assert plugin.house.changes.touched_since(epoch, [from_text("_http._tcp.web.shop.svc.nodes.test")])


async def test_of_many_nodes_each_service_has_some(start: Start, ask: Ask, standin: StandIn, clock: MockClock) -> None:
    for i in range(2 * MOST):
        standin.put("nodes", node(f"n{i}", f"InternalIP=192.168.1.{i}"))
    plugin = await start()
    found = [
        {data(each) for each in (await ask(plugin, f"{name}.shop.svc.nodes.test")).answer} for name in ("web", "lb")
    ]
    assert [len(each) for each in found] == [MOST, MOST]
    assert found[0] != found[1]
