"""Whatever sequence of changes, cuts and faults: at rest, answers are those of the final state.

Beside the plugin stands a store that keeps its answers as a cache does, until the plugin tells that they changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.cluster.answers import Found
from pydns.cluster.index import Index
from pydns.kubernetes import objects
from pydns.kubernetes.tree import Tree
from pydns.names import from_text, to_text
from pydns.plugin import House
from pydns.reply import Reply
from pydns.services.model import Cluster
from pydns.testing import query
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.asking import block, directives
from tests.pydns.cluster.test_index import content
from tests.pydns.kubernetes import standin as api
from tests.pydns.kubernetes.standin import Answer, Cut, MemoryTransport, Request, StandIn
from tests.pydns.kubernetes.test_objects import values

NAMES = ["a", "b"]
ADDRESSES = ["10.0.0.1", "10.0.0.2", "fd00::1"]

Step = Callable[[StandIn], None]


def metadata(namespace: str, name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def namespace(name: str) -> dict[str, Any]:
    return {"metadata": metadata("", name)}


def service(namespace: str, name: str, addresses: list[str], external: bool) -> dict[str, Any]:
    port = {"name": "http", "protocol": "TCP", "port": 80}
    spec = {"type": "ClusterIP", "clusterIPs": addresses or ["None"], "ports": [port]}
    outside = {"type": "ExternalName", "externalName": "www.example.com"}
    return {"metadata": metadata(namespace, name), "spec": outside if external else spec}


def endpoint_slice(namespace: str, name: str, owner: str, addresses: list[str], ready: bool) -> dict[str, Any]:
    endpoints = [{"addresses": [each], "conditions": {"ready": ready}} for each in addresses]
    labels = {objects.SERVICE_NAME: owner}
    return {"metadata": metadata(namespace, name, labels=labels), "endpoints": endpoints}


def pod(namespace: str, name: str, address: str, phase: str) -> dict[str, Any]:
    return {"metadata": metadata(namespace, name), "status": {"phase": phase, "podIPs": [{"ip": address}]}}


def imported_slice(namespace: str, name: str, owner: str, addresses: list[str], ready: bool) -> dict[str, Any]:
    item = endpoint_slice(namespace, name, owner, addresses, ready)
    item["metadata"]["labels"] = {objects.IMPORT_NAME: owner, objects.SOURCE_CLUSTER: "one"}
    return item


def service_import(namespace: str, name: str, addresses: list[str], headless: bool) -> dict[str, Any]:
    spec = {
        "type": "Headless" if headless else "ClusterSetIP",
        "ips": addresses,
        "ports": [{"name": "http", "port": 80}],
    }
    return {"metadata": metadata(namespace, name), "spec": spec}


def node(name: str, address: str, ready: bool) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": str(ready)}]
    status = {"conditions": conditions, "addresses": [{"type": "InternalIP", "address": address}]}
    return {"metadata": metadata("", name), "status": status}


some = st.sampled_from(NAMES)
several = st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True)
OBJECTS = {
    "namespaces": st.builds(namespace, some),
    "services": st.builds(service, some, some, several, st.booleans()),
    "endpointslices": st.one_of(
        st.builds(endpoint_slice, some, st.sampled_from(["s", "t"]), some, several, st.booleans()),
        st.builds(imported_slice, some, st.sampled_from(["s", "i"]), some, several, st.booleans()),
    ),
    "serviceimports": st.builds(service_import, some, some, several, st.booleans()),
    "nodes": st.builds(node, some, st.sampled_from(ADDRESSES), st.booleans()),
    "pods": st.builds(pod, some, some, st.sampled_from(ADDRESSES), st.sampled_from(["Running", "Failed"])),
}


def put(collection: str, item: dict[str, Any]) -> Step:
    return lambda standin: standin.put(collection, item)


def delete(collection: str, number: int) -> Step:
    def step(standin: StandIn) -> None:
        keys = sorted(standin.objects[collection])
        if keys:
            standin.delete(collection, *keys[number % len(keys)])

    return step


def lose(standin: StandIn) -> None:
    standin.down = True
    standin.cut()


def come_back(standin: StandIn) -> None:
    standin.down = False


def away(changes: list[Step], forget: bool) -> Step:
    """What happens while nobody hears it, and whether it can be told later."""

    def step(standin: StandIn) -> None:
        standin.cut()
        for change in changes:
            change(standin)
        if forget:
            standin.forget()

    return step


def _cut(_: Request) -> Answer:
    raise Cut


FAULTS: list[api.Fault] = [
    _cut,
    lambda _: api.status(401),
    lambda _: api.status(410, "too old"),
    lambda _: api.status(429, "wait", {"retry-after": "1"}),
    lambda _: api.status(500),
    lambda _: api.text(200, b"<html>"),
    lambda _: api.cut_after(b'{"items":[{"metadata":{"name":"a"'),
    lambda _: api.cut_after(b'{"type":"ADDED","object":{"metadata":'),
    lambda _: api.silence(),
]


def fail(number: int, times: int) -> Step:
    return lambda standin: standin.faults.extend([FAULTS[number]] * times)


def send_in(piece: int) -> Step:
    def step(standin: StandIn) -> None:
        standin.piece = piece

    return step


changes = [st.builds(put, st.just(collection), items) for collection, items in OBJECTS.items()]
deletions = st.builds(delete, st.sampled_from(list(OBJECTS)), st.integers(0, 3))
steps = st.lists(
    st.tuples(
        st.one_of(
            *changes,
            deletions,
            st.builds(away, st.lists(st.one_of(*changes, deletions), max_size=4), st.booleans()),
            st.sampled_from([lose, come_back, StandIn.cut, StandIn.forget]),
            st.builds(fail, st.integers(0, len(FAULTS) - 1), st.integers(1, 3)),
            st.builds(send_in, st.sampled_from([1, 7, 100, 1 << 16])),
        ),
        st.sampled_from([0.0, 0.0, 0.1, 5.0, 200.0]),
    ),
    max_size=20,
)  # fmt: skip


class Store:
    """Answers as a cache keeps them."""

    NAMES = tuple(
        from_text(name)
        for name in (
            *(f"{name}.{within}.svc.cluster.local" for name in NAMES for within in NAMES),
            *(f"10-0-0-1.{name}.a.svc.cluster.local" for name in NAMES),
            *(f"{within}.svc.cluster.local" for within in NAMES),
            *(f"{name}.{within}.svc.clusterset.local" for name in NAMES for within in NAMES),
            *(f"10-0-0-1.one.{name}.a.svc.clusterset.local" for name in NAMES),
            *(f"{name}.a.svc.nodes.test" for name in NAMES),
            "a.node.nodes.test",
            *(f"10-0-0-{i}.{within}.pod.cluster.local" for i in (1, 2) for within in NAMES),
            "1.0.0.10.in-addr.arpa",
        )
    )

    def __init__(self, plugin: Kubernetes) -> None:
        self._plugin = plugin
        self._kept: dict[bytes, tuple[int, object]] = {}

    def ask_all(self) -> None:
        for name in self.NAMES:
            self.ask(name)

    def ask(self, name: bytes) -> object:
        changed = self._plugin.house.changes
        epoch, answer = self._kept.get(name, (-1, None))
        if epoch < 0 or changed.touched_since(epoch, [name]):
            self._kept[name] = epoch, answer = changed.epoch, told(self._plugin, name)
        return answer


def told(plugin: Kubernetes, name: bytes) -> object:
    types = ("PTR",) if name.endswith(b"\x04arpa\0") else ("A", "AAAA", "SRV")
    return [shown(plugin.said(query(to_text(name), type_))) for type_ in types]


def shown(said: Reply | tuple[Found, bytes] | None) -> object:
    """What matters of an answer; the serial in a denial's SOA does not."""
    if isinstance(said, Reply):
        return said.rcode, sorted(said.answer), sorted(said.additional)
    return said and (said[0].answer, said[1])


class HasObjects(Protocol):
    """An API, real or not."""

    @property
    def objects(self) -> Mapping[str, Mapping[tuple[str, str], dict[str, Any]]]: ...


def expected(api: HasObjects, like: Kubernetes) -> Kubernetes:
    """A plugin that knows the final state from nobody else."""

    def read(collection: str, reader: Callable[[Tree], Any]) -> tuple[Any, ...]:
        found = (reader(Tree(item)) for item in api.objects.get(collection, {}).values())
        return tuple(each for each in found if each is not None)

    namespaces, slices = read("namespaces", objects.namespace), read("endpointslices", objects.endpoint_slice)
    index = Index(like._exposed)
    index.put_all(Cluster(namespaces, read("services", objects.service), slices, read("pods", objects.pod)))
    for each in read("nodes", objects.node) if like.options.node_zone else ():
        index.put_node(each)
    found = Kubernetes(like.options)
    found._publish_index(index)
    if like.options.multicluster:
        imports = Index(like._exposed._replace(zones=like.options.multicluster, pods=False, node_zone=b""))
        slices = read("endpointslices", objects.imported_slice)
        imports.put_all(Cluster(namespaces, read("serviceimports", objects.service_import), slices))
        found._imported = found._made_of_imports(imports)
    return found


texts = st.text(st.characters(exclude_categories=()), max_size=3) | some
odd_objects = st.builds(
    lambda name, within, value: {
        **Tree(value),
        "metadata": {**Tree(value).tree("metadata"), "namespace": within, **metadata(within, name)},
    },
    texts, texts, values,
)  # fmt: skip


@pytest.mark.usefixtures("libraries_are_there")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(list(OBJECTS)), odd_objects, st.booleans()), max_size=10))
def test_objects_may_hold_anything(found: list[tuple[str, dict[str, Any], bool]]) -> None:
    standin = StandIn()

    async def main() -> None:
        (plugin,) = Kubernetes.parse(
            directives("kubernetes cluster.local\n  endpoint http://x\n  pods verified\n  endpoint_pod_names"), block()
        )
        plugin.transport = lambda: MemoryTransport(standin)
        plugin.house = House()
        async with trio.open_nursery() as nursery:
            for collection, item, _ in found[:5]:
                standin.put(collection, item)
            await nursery.start(plugin.run)
            for collection, item, gone in found:
                standin.put(collection, item)
                if gone:
                    standin.delete(collection, *api.key_of(item))
            await wait_all_tasks_blocked()
            assert plugin.ready()
            Store(plugin).ask_all()
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))


@pytest.mark.usefixtures("libraries_are_there")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(st.one_of(changes), max_size=6), steps=steps)
def test_at_rest_all_is_as_the_api_has_it(before: list[Step], steps: list[tuple[Step, float]]) -> None:
    standin = StandIn()
    for step in before:
        step(standin)

    async def main() -> None:
        options = "endpoint http://api.test", "pods verified", "zonal", "multicluster", "nodeports nodes.test"
        text = "\n  ".join(("kubernetes cluster.local clusterset.local in-addr.arpa", *options))
        (plugin,) = Kubernetes.parse(directives(text), block())
        plugin.transport = lambda: MemoryTransport(standin)
        plugin.house = House()
        store = Store(plugin)
        async with trio.open_nursery() as nursery:
            await nursery.start(plugin.run)
            store.ask_all()
            for step, pause in steps:
                step(standin)
                await trio.sleep(pause) if pause else await wait_all_tasks_blocked()
                store.ask_all()
            standin.down = False
            standin.faults.clear()
            await trio.sleep(600)
            fresh = expected(standin, plugin)
            for found, wanted in ((plugin._lookup, fresh._lookup), (plugin._imported, fresh._imported)):
                assert found is not None
                assert wanted is not None
                assert content(found.index) == content(wanted.index)
            assert [store.ask(name) for name in Store.NAMES] == [told(fresh, name) for name in Store.NAMES]
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))
