"""Services of a set of clusters, by its specification (KEP-1645) as CoreDNS reads it."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.kubernetes.objects import IMPORT_NAME, SERVICE_NAME, SOURCE_CLUSTER
from pydns.names import from_text
from pydns.plugin import House
from pydns.records import Ede, Rcode
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.asking import block, directives
from tests.plugins.kubernetes.conftest import Ask, Start
from tests.pydns.cluster.shown import data
from tests.pydns.kubernetes import standin as api
from tests.pydns.kubernetes.standin import MemoryTransport, StandIn

HTTP = {"name": "http", "protocol": "TCP", "port": 80}
Item = dict[str, Any]


def service_import(name: str, *ips: str, kind: str = "ClusterSetIP") -> Item:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"type": kind, "ips": list(ips), "ports": [HTTP]}}


def endpoint_slice(name: str, labels: Item, *endpoints: Item) -> Item:
    metadata = {"name": name, "namespace": "shop", "labels": labels}
    return {"metadata": metadata, "ports": [HTTP], "endpoints": list(endpoints)}


def imported(name: str, service: str, cluster: str, *endpoints: Item) -> Item:
    return endpoint_slice(name, {IMPORT_NAME: service, SOURCE_CLUSTER: cluster}, *endpoints)


@pytest.fixture
def clock() -> MockClock:
    return MockClock(autojump_threshold=0)


@pytest.fixture
def standin() -> StandIn:
    found = StandIn()
    found.put("namespaces", {"metadata": {"name": "shop"}})
    found.put("services", {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "10.96.0.1"}})
    found.put("endpointslices", endpoint_slice("own", {SERVICE_NAME: "web"}, {"addresses": ["10.244.0.1"]}))
    found.put("serviceimports", service_import("web", "10.112.0.1", "fd00::1"))
    found.put("serviceimports", service_import("db", kind="Headless"))
    found.put("serviceimports", service_import("pending"))
    found.put("endpointslices", imported("w1", "web", "one", {"addresses": ["172.16.0.9"]}))
    one = {"addresses": ["172.16.0.1"], "hostname": "db-0"}
    found.put("endpointslices", imported("d1", "db", "one", one, {"addresses": ["172.16.0.2"]}))
    two = {"addresses": ["172.17.0.1"], "hostname": "db-0"}
    unready = {"addresses": ["172.17.0.2"], "conditions": {"ready": False}}
    found.put("endpointslices", imported("d2", "db", "two", two, unready))
    return found


@pytest.fixture
async def start(standin: StandIn, nursery: trio.Nursery, libraries_are_there: None) -> Start:
    async def start(*options: str) -> Kubernetes:
        lines = "".join(f"\n  {option}" for option in ("endpoint http://api.test", "multicluster", *options))
        text = f"kubernetes cluster.local clusterset.local in-addr.arpa{lines}"
        (found,) = Kubernetes.parse(directives(text), block())
        found.transport = lambda: MemoryTransport(standin)
        found.house = House()
        await nursery.start(found.run)
        found.local = (b"\x0a\0\0\x35",)
        return found

    return start


ANSWERS = [
    ("web.shop.svc", "A", ["10.112.0.1"]),
    ("web.shop.svc", "AAAA", ["fd00::1"]),
    ("_http._tcp.web.shop.svc", "SRV", ["0 50 80 web.shop.svc.clusterset.local."]),
    ("172-16-0-9.one.web.shop.svc", "A", ["172.16.0.9"]),
    ("db.shop.svc", "A", ["172.16.0.1", "172.16.0.2", "172.17.0.1"]),
    ("db-0.one.db.shop.svc", "A", ["172.16.0.1"]),
    ("db-0.two.db.shop.svc", "A", ["172.17.0.1"]),
    ("172-16-0-2.one.db.shop.svc", "A", ["172.16.0.2"]),
    (
        "_http._tcp.db.shop.svc", "SRV",
        [
            "0 33 80 db-0.one.db.shop.svc.clusterset.local.", "0 33 80 172-16-0-2.one.db.shop.svc.clusterset.local.",
            "0 33 80 db-0.two.db.shop.svc.clusterset.local.",
        ],
    ),
    ("dns-version", "TXT", ["1.0.0"]),
    ("", "NS", ["ns.dns.clusterset.local."]),
    ("ns.dns", "A", ["10.0.0.53"]),
]  # fmt: skip
NO_DATA = ["shop.svc", "svc", "one.db.shop.svc", "_tcp.web.shop.svc", "one.web.shop.svc"]
NO_NAME = [
    "none.shop.svc", "web.none.svc", "pending.shop.svc", "db-0.db.shop.svc", "db-0.three.db.shop.svc",
    "172-17-0-2.two.db.shop.svc", "three.db.shop.svc", "a.db-0.one.db.shop.svc", "us.pin._zone.db.shop.svc",
    "10-0-0-1.shop.pod",
]  # fmt: skip


@pytest.mark.parametrize(("name", "type_", "expected"), ANSWERS)
async def test_an_answer(name: str, type_: str, expected: list[str], start: Start, ask: Ask, clock: MockClock) -> None:
    reply = await ask(await start("zonal"), f"{name}.clusterset.local".lstrip("."), type_)
    assert [data(record) for record in reply.answer] == expected


@pytest.mark.parametrize(("names", "rcode"), [(NO_DATA, Rcode.NOERROR), (NO_NAME, Rcode.NXDOMAIN)])
async def test_no_answer(names: list[str], rcode: int, start: Start, ask: Ask, clock: MockClock) -> None:
    plugin = await start("zonal", "pods insecure")
    for name in names:
        reply = await ask(plugin, f"{name}.clusterset.local")
        assert (reply.rcode, list(reply.answer)) == (rcode, []), name


@pytest.mark.parametrize(("name", "expected"), [
    ("web.shop.svc.cluster.local", ["10.96.0.1"]),
    ("10-244-0-1.web.shop.svc.cluster.local", ["10.244.0.1"]),
    ("db.shop.svc.cluster.local", []),
    ("172-16-0-9.web.shop.svc.cluster.local", []),
])  # fmt: skip
async def test_the_clusters_own_zone_has_its_own_services(
    name: str, expected: list[str], start: Start, ask: Ask, clock: MockClock
) -> None:
    assert [data(record) for record in (await ask(await start(), name)).answer] == expected


@pytest.mark.parametrize(("address", "expected"), [
    ("10.96.0.1", "web.shop.svc.cluster.local."),
    ("10.244.0.1", "10-244-0-1.web.shop.svc.cluster.local."),
    ("10.112.0.1", "web.shop.svc.clusterset.local."),
    ("172.17.0.1", "db-0.two.db.shop.svc.clusterset.local."),
])  # fmt: skip
async def test_an_address_has_a_name_of_the_set_where_the_cluster_has_none(
    address: str, expected: str, start: Start, ask: Ask, clock: MockClock
) -> None:
    name = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
    assert [data(record) for record in (await ask(await start(), name, "PTR")).answer] == [expected]


async def test_a_change_is_answered_and_told(start: Start, ask: Ask, standin: StandIn, clock: MockClock) -> None:
    plugin = await start()
    epoch = plugin.house.changes.epoch
    standin.put("serviceimports", service_import("web", "10.112.0.2"))
    standin.delete("endpointslices", "shop", "d2")
    standin.put("namespaces", {"metadata": {"name": "late"}})
    await wait_all_tasks_blocked()
    assert [data(each) for each in (await ask(plugin, "web.shop.svc.clusterset.local")).answer] == ["10.112.0.2"]
    assert (await ask(plugin, "db-0.two.db.shop.svc.clusterset.local")).rcode == Rcode.NXDOMAIN
    assert (await ask(plugin, "late.svc.clusterset.local")).rcode == Rcode.NOERROR
    for name in ("web", "db-0.two.db", "_http._tcp.db"):
        assert plugin.house.changes.touched_since(epoch, [from_text(f"{name}.shop.svc.clusterset.local")]), name
    assert plugin.house.changes.touched_since(epoch, [from_text("late.svc.clusterset.local")])
    assert not plugin.house.changes.touched_since(epoch, [from_text("web.shop.svc.cluster.local")])


async def test_without_the_resource_the_cluster_itself_is_answered(
    start: Start, ask: Ask, standin: StandIn, clock: MockClock
) -> None:
    def fault(request: api.Request) -> api.Answer | None:
        return api.status(404) if request.path.endswith("serviceimports") else None

    standin.faults = [fault] * 1000
    plugin = await start()
    assert (await ask(plugin, "web.shop.svc.cluster.local")).answer
    reply = await ask(plugin, "web.shop.svc.clusterset.local")
    assert (reply.rcode, reply.errors[0][0]) == (Rcode.SERVFAIL, Ede.NOT_READY)
    assert not plugin.ready()
    standin.faults.clear()
    await trio.sleep(60)
    assert plugin.ready()
    assert (await ask(plugin, "web.shop.svc.clusterset.local")).answer
