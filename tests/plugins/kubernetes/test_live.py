"""The plugin answers from the API: what a real one recorded, and all that an unreliable one does."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.kubernetes.objects import SERVICE_NAME, TRIGGER
from pydns.names import from_text
from pydns.plugin import House
from pydns.records import Ede, Rcode
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.asking import block, directives
from tests.plugins.kubernetes.conftest import Ask
from tests.pydns.cluster.shown import data
from tests.pydns.kubernetes import standin as api
from tests.pydns.kubernetes.standin import MemoryTransport, StandIn

ZONES = "cluster.local in-addr.arpa ip6.arpa"

ANSWERS = [
    ("web.default.svc", "A", ["10.96.1.10"]),
    ("_http._tcp.web.default.svc", "SRV", ["0 100 80 web.default.svc.cluster.local."]),
    ("10-244-0-11.web.default.svc", "A", ["10.244.0.11"]),
    ("db.default.svc", "A", ["10.244.0.21", "10.244.1.22"]),
    ("db-0.db.default.svc", "A", ["10.244.0.21"]),
    ("early.default.svc", "A", ["10.244.0.31"]),
    ("plain.default.svc", "SRV", [
        "0 50 7000 10-244-2-41.plain.default.svc.cluster.local.",
        "0 50 7000 10-244-2-42.plain.default.svc.cluster.local.",
    ]),
    ("ds.prod.svc", "AAAA", ["fd00:10:96::31"]),
    ("hds.prod.svc", "A", ["10.244.4.1"]),
    ("hds.prod.svc", "AAAA", ["fd00:244::41"]),
    ("h0.hds.prod.svc", "AAAA", ["fd00:244::41"]),
    ("_sip._udp.sess.dev.svc", "SRV", ["0 100 5060 sess.dev.svc.cluster.local."]),
    ("ext.default.svc", "CNAME", ["www.example.com."]),
    ("lb.prod.svc", "A", ["10.96.2.40"]),
    ("10-244-0-21.default.pod", "A", ["10.244.0.21"]),
    ("dns-version", "TXT", ["1.1.0"]),
]  # fmt: skip

Start = Callable[..., Awaitable[Kubernetes]]


@pytest.fixture
def standin() -> StandIn:
    found = StandIn()
    found.load_recording()
    return found


@pytest.fixture
def clock() -> MockClock:
    return MockClock(autojump_threshold=0)


def parse(*options: str, standin: StandIn) -> Kubernetes:
    lines = "\n".join(f"  {option}" for option in ("endpoint http://api.test", *options))
    (found,) = Kubernetes.parse(directives(f"kubernetes {ZONES}\n{lines}"), block())
    found.transport = lambda: MemoryTransport(standin)
    found.house = House()
    return found


@pytest.fixture
async def start(standin: StandIn, nursery: trio.Nursery, libraries_are_there: None) -> Start:
    async def start(*options: str) -> Kubernetes:
        found = parse(*options, standin=standin)
        await nursery.start(found.run)
        return found

    return start


async def answer(plugin: Kubernetes, ask: Ask, name: str, type_: str = "A") -> list[str]:
    reply = await ask(plugin, f"{name}.cluster.local", type_)
    return [data(record) for record in reply.answer]


def metric(plugin: Kubernetes, name: str, *labels: str) -> float:
    (found,) = (each for each in plugin.house.metrics.read() if each.name == name)
    return found.value("http://api.test", *labels)  # type: ignore[union-attr]  # none of these is a histogram


@pytest.mark.parametrize(("name", "type_", "expected"), ANSWERS)
async def test_an_answer_from_what_a_real_api_says(
    name: str, type_: str, expected: list[str], start: Start, ask: Ask, clock: MockClock
) -> None:
    assert await answer(await start("pods verified"), ask, name, type_) == expected


async def test_an_answer_tells_the_objects_that_it_comes_from(start: Start, ask: Ask, clock: MockClock) -> None:
    reply = await ask(await start(), "web.default.svc.cluster.local")
    assert re.fullmatch(
        r"service default/web \(resourceVersion \d+\)(, endpointslice default/web-\w+ \(resourceVersion \d+\))+",
        reply.why,
    )


@pytest.mark.parametrize("address", ["10.245.9.9", "10.244.0.99"])
async def test_a_pod_that_is_over_has_no_name(address: str, start: Start, ask: Ask, clock: MockClock) -> None:
    reply = await ask(await start("pods verified"), f"{address.replace('.', '-')}.default.pod.cluster.local")
    assert reply.rcode == Rcode.NXDOMAIN


async def test_pods_are_asked_for_only_where_they_are_verified(
    start: Start, standin: StandIn, clock: MockClock
) -> None:
    await start("pods insecure")
    assert not [request for request in standin.requests if request.path.endswith("/pods")]


async def test_a_change_is_answered_and_told(start: Start, ask: Ask, standin: StandIn, clock: MockClock) -> None:
    plugin = await start()
    assert await answer(plugin, ask, "fresh.dev.svc") == []
    epoch = plugin.house.changes.epoch
    standin.play_recording()
    await wait_all_tasks_blocked()
    assert await answer(plugin, ask, "fresh.dev.svc")
    assert await answer(plugin, ask, "idle.default.svc") == []
    for name in ("fresh.dev.svc", "idle.default.svc", "api.late.svc", "web.default.svc"):
        assert plugin.house.changes.touched_since(epoch, [from_text(f"{name}.cluster.local")]), name
    assert not plugin.house.changes.touched_since(epoch, [from_text("lb.prod.svc.cluster.local")])


async def test_the_serial_grows_with_each_change(start: Start, ask: Ask, standin: StandIn, clock: MockClock) -> None:
    plugin = await start()
    serials = []
    for i in range(3):
        (serial,) = (data(each).split()[2] for each in (await ask(plugin, "cluster.local", "SOA")).answer)
        serials.append(int(serial))
        standin.put("services", {"metadata": {"name": f"s{i}", "namespace": "dev"}, "spec": {"clusterIP": "10.0.0.1"}})
        await wait_all_tasks_blocked()
    assert serials == sorted(set(serials))
    assert serials[0] > 1_700_000_000


async def test_a_change_that_is_nothing_to_dns_is_not_told(start: Start, standin: StandIn, clock: MockClock) -> None:
    plugin = await start("pods verified")
    epoch = plugin.house.changes.epoch
    for collection, objects in standin.objects.items():
        for item in list(objects.values()):
            item["metadata"]["annotations"] = {"a": "b"}
            standin.put(collection, item)
    await wait_all_tasks_blocked()
    assert plugin.house.changes.epoch == epoch


async def test_until_the_first_lists_names_are_servfail(
    start: Start, ask: Ask, standin: StandIn, clock: MockClock
) -> None:
    standin.down = True
    plugin = await start("fallthrough", "startup_timeout 3s")
    assert trio.current_time() == pytest.approx(3)
    for name in ("web.default.svc.cluster.local", "nothing.cluster.local", "1.0.0.10.in-addr.arpa"):
        reply = await ask(plugin, name)
        assert (reply.rcode, [code for code, _ in reply.errors]) == (Rcode.SERVFAIL, [Ede.NOT_READY])
    assert not plugin.ready()
    epoch = plugin.house.changes.epoch
    standin.down = False
    await trio.sleep(5)
    assert plugin.house.changes.touched_since(
        epoch, [from_text("web.default.svc.cluster.local")]
    )  # failures are kept too
    assert plugin.ready()
    assert await answer(plugin, ask, "web.default.svc") == ["10.96.1.10"]


async def test_it_is_not_ready_while_one_of_the_lists_is_missing(
    start: Start, standin: StandIn, clock: MockClock
) -> None:
    def fault(request: api.Request) -> api.Answer | None:
        return api.status(403) if request.path.endswith("endpointslices") else None

    standin.faults = [fault] * 1000
    assert not (await start()).ready()


async def test_with_the_api_lost_the_last_answers_go_on(
    start: Start, ask: Ask, standin: StandIn, clock: MockClock
) -> None:
    plugin = await start()
    assert metric(plugin, "pydns_kubernetes_age_seconds") == 0
    standin.down = True
    standin.cut()
    standin.delete("services", "default", "web")
    await trio.sleep(600)
    assert await answer(plugin, ask, "web.default.svc") == ["10.96.1.10"]
    assert plugin.ready()
    assert metric(plugin, "pydns_kubernetes_age_seconds") == pytest.approx(600)
    assert metric(plugin, "pydns_kubernetes_complaints") == 1
    standin.forget()
    standin.down = False
    await trio.sleep(5)
    assert await answer(plugin, ask, "web.default.svc") == []
    assert metric(plugin, "pydns_kubernetes_age_seconds") == 0
    assert metric(plugin, "pydns_kubernetes_complaints") == 0


async def test_what_there_is_is_counted(start: Start, standin: StandIn, clock: MockClock) -> None:
    plugin = await start("pods verified")
    for kind in ("namespaces", "services", "pods"):
        there = len(standin.objects[kind]) - (kind == "pods")
        assert metric(plugin, "pydns_kubernetes_objects", kind) == there
    standin.delete("services", "default", "web")
    await wait_all_tasks_blocked()
    assert metric(plugin, "pydns_kubernetes_changes_total", "removed") == 1


@pytest.mark.parametrize(("namespaces", "paths"), [
    ("dev", {"/api/v1/namespaces/dev/services", "/apis/discovery.k8s.io/v1/namespaces/dev/endpointslices"}),
    ("a b c d dev", {"/api/v1/services", "/apis/discovery.k8s.io/v1/endpointslices"}),
])  # fmt: skip
async def test_few_namespaces_are_asked_for_one_by_one(
    namespaces: str, paths: set[str], start: Start, ask: Ask, standin: StandIn, clock: MockClock
) -> None:
    plugin = await start(f"namespaces {namespaces}")
    assert {request.path for request in standin.requests} == paths | {"/api/v1/namespaces"}
    assert await answer(plugin, ask, "sess.dev.svc") == ["10.96.5.60"]
    assert await answer(plugin, ask, "web.default.svc") == []


async def test_labels_select_services_and_endpoints(start: Start, ask: Ask, standin: StandIn, clock: MockClock) -> None:
    plugin = await start("labels app=sess")
    assert await answer(plugin, ask, "sess.dev.svc")
    assert await answer(plugin, ask, "web.default.svc") == []


async def test_labels_select_namespaces(start: Start, ask: Ask, standin: StandIn, clock: MockClock) -> None:
    plugin = await start("namespace_labels kubernetes.io/metadata.name=dev")
    assert await answer(plugin, ask, "sess.dev.svc")
    assert await answer(plugin, ask, "web.default.svc") == []


async def test_an_address_has_its_name_whatever_namespaces_are_selected(
    start: Start, ask: Ask, standin: StandIn, clock: MockClock
) -> None:
    """As in CoreDNS: by labels its names are left out, and by `namespaces` its addresses too."""
    for option, expected in (
        ("namespace_labels kubernetes.io/metadata.name=dev", ["web.default.svc.cluster.local."]),
        ("namespaces dev", []),
    ):
        reply = await ask(await start(option), "10.1.96.10.in-addr.arpa", "PTR")
        assert [data(record) for record in reply.answer] == expected


async def test_without_endpoints_they_are_not_asked_for(start: Start, standin: StandIn, clock: MockClock) -> None:
    await start("noendpoints")
    assert not [request for request in standin.requests if "endpointslices" in request.path]


async def test_another_attempt_knows_the_cluster_anew(
    ask: Ask, standin: StandIn, nursery: trio.Nursery, libraries_are_there: None, clock: MockClock
) -> None:
    plugin = parse(standin=standin)
    async with trio.open_nursery() as first:
        await first.start(plugin.run)
        first.cancel_scope.cancel()
    standin.down = True
    standin.delete("services", "default", "web")
    epoch = plugin.house.changes.epoch
    await nursery.start(plugin.run)
    assert await answer(plugin, ask, "web.default.svc") == ["10.96.1.10"]
    standin.down = False
    await trio.sleep(5)
    assert await answer(plugin, ask, "web.default.svc") == []
    assert plugin.house.changes.touched_since(epoch, [from_text("web.default.svc.cluster.local")])


async def test_an_heir_answers_on_until_it_has_heard_the_api(
    start: Start, ask: Ask, standin: StandIn, nursery: trio.Nursery, clock: MockClock
) -> None:
    old = await start()
    standin.down = True
    standin.cut()
    await trio.sleep(100)
    new = parse(standin=standin)
    new.house = old.house
    new.inherit(old)
    await nursery.start(new.run)
    assert await answer(new, ask, "web.default.svc") == ["10.96.1.10"]
    assert metric(new, "pydns_kubernetes_age_seconds") == pytest.approx(105)
    standin.delete("services", "default", "web")
    epoch = new.house.changes.epoch
    standin.down = False
    await trio.sleep(5)
    assert await answer(new, ask, "web.default.svc") == []
    assert new.house.changes.touched_since(epoch, [from_text("web.default.svc.cluster.local")])
    assert not new.house.changes.touched_since(epoch, [from_text("www.example.com")])


async def test_how_long_a_change_takes_to_be_answered_is_measured(
    start: Start, standin: StandIn, clock: MockClock
) -> None:
    plugin = await start()
    histogram = plugin.house.metrics.histogram(
        "coredns_kubernetes_dns_programming_duration_seconds", "", "service_kind", bounds=()
    )
    assert not histogram.counts  # what a list holds happened long ago
    moment = datetime.now(tz=UTC) - timedelta(seconds=3)
    for name in ("web", "db"):
        item = next(
            each
            for each in standin.objects["endpointslices"].values()
            if each["metadata"]["labels"][SERVICE_NAME] == name
        )
        item["metadata"]["annotations"] = {TRIGGER: moment.isoformat().replace("+00:00", "Z")}
        standin.put("endpointslices", item)
    await wait_all_tasks_blocked()
    assert {labels[0]: sum(counts) for labels, counts in histogram.counts.items()} == {
        "cluster_ip": 1, "headless_with_selector": 1
    }  # fmt: skip
    assert all(3 <= each < 60 for each in histogram.sums.values())
