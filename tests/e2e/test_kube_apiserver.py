"""Against a real kube-apiserver: what it holds is what is answered, whatever has changed, and however it was away.

It runs where KUBE_APISERVER names a program and etcd is installed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pydns.plugin import House
from pydns_plugins.kubernetes import Kubernetes
from tests.e2e.apiserver import ApiServer, missing
from tests.plugins.asking import block, directives
from tests.plugins.kubernetes.test_at_rest import Store, expected, told
from tests.pydns.kubernetes.standin import RECORDED, RECORDING

SOON = 20.0
"""Seconds in which all is answered as it is; after an outage it may take the pause between two attempts."""

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "it is there")

NAMES = ["a", "b"]
CLUSTER_IPS = ["10.96.7.1", "10.96.7.2", "10.96.7.3", "None"]
ENDPOINTS = ["10.244.0.1", "10.244.0.2"]
CONTAINER = {"name": "main", "image": "registry.example.com/main"}

Item = dict[str, Any]
Step = tuple[str, str, Item]


@pytest.fixture(scope="module")
def api() -> Iterator[ApiServer]:
    with ApiServer() as running:
        for name in NAMES:
            running.put("namespaces", namespace(name))
        yield running


def namespace(name: str) -> Item:
    return {"metadata": {"name": name}}


def service(within: str, name: str, address: str) -> Item:
    port = {"name": "http", "protocol": "TCP", "port": 80}
    spec = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": [port]}
    return {"metadata": {"name": name, "namespace": within}, "spec": spec}


def external(within: str, name: str) -> Item:
    spec = {"type": "ExternalName", "externalName": "www.example.com"}
    return {"metadata": {"name": name, "namespace": within}, "spec": spec}


def endpoint_slice(within: str, name: str, owner: str, addresses: list[str], ready: bool) -> Item:
    metadata = {"name": name, "namespace": within, "labels": {"kubernetes.io/service-name": owner}}
    endpoints = [{"addresses": [each], "conditions": {"ready": ready}} for each in addresses]
    ports = [{"name": "http", "port": 8080}]
    return {"metadata": metadata, "addressType": "IPv4", "ports": ports, "endpoints": endpoints}


def pod(within: str, name: str, address: str, phase: str) -> Item:
    metadata = {"name": name, "namespace": within}
    status = {"phase": phase, "podIP": address, "podIPs": [{"ip": address}]}
    return {"metadata": metadata, "spec": {"containers": [CONTAINER]}, "status": status}


some = st.sampled_from(NAMES)
puts = st.one_of(
    st.tuples(st.just("put"), st.just("services"), st.builds(service, some, some, st.sampled_from(CLUSTER_IPS))),
    st.tuples(st.just("put"), st.just("services"), st.builds(external, some, some)),
    st.tuples(
        st.just("put"), st.just("endpointslices"),
        st.builds(
            endpoint_slice, some, st.sampled_from(["s", "t"]), some,
            st.lists(st.sampled_from(ENDPOINTS), min_size=1, max_size=2, unique=True), st.booleans(),
        ),
    ),
    st.tuples(
        st.just("put"), st.just("pods"),
        st.builds(pod, some, some, st.sampled_from(ENDPOINTS), st.sampled_from(["Running", "Failed"])),
    ),
)  # fmt: skip
deletions = st.one_of(
    st.tuples(st.just("delete"), st.just("services"), st.builds(external, some, some)),
    st.tuples(st.just("delete"), st.just("pods"), st.builds(pod, some, some, st.just(""), st.just(""))),
    st.tuples(
        st.just("delete"), st.just("endpointslices"),
        st.builds(endpoint_slice, some, st.sampled_from(["s", "t"]), some, st.just([]), st.just(True)),
    ),
)  # fmt: skip


def do(api: ApiServer, steps: list[Step]) -> None:
    for what, collection, item in steps:
        if what == "put":
            api.put(collection, item)
        else:
            api.delete(collection, item["metadata"]["namespace"], item["metadata"]["name"])


async def with_plugin(api: ApiServer, use: Callable[[Kubernetes], Awaitable[None]]) -> None:
    options = f"kubeconfig {api.kubeconfig()}", "pods verified", "startup_timeout 20s"
    text = "\n  ".join(("kubernetes cluster.local in-addr.arpa", *options))
    (plugin,) = Kubernetes.parse(directives(text), block())
    plugin.house = House()
    async with trio.open_nursery() as nursery:
        await nursery.start(plugin.run)
        await use(plugin)
        nursery.cancel_scope.cancel()


async def is_answered(api: ApiServer, plugin: Kubernetes, store: Store) -> None:
    """Waits until the answers are those of the state that the API has, the kept ones too."""
    fresh = await trio.to_thread.run_sync(expected, api, plugin)
    wanted = [told(fresh, name) for name in Store.NAMES]
    with trio.move_on_after(SOON):
        while [store.ask(name) for name in Store.NAMES] != wanted:  # noqa: ASYNC110 -- nothing tells that it is there
            await trio.sleep(0.02)
    assert [store.ask(name) for name in Store.NAMES] == wanted


@settings(
    max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.lists(st.one_of(puts, deletions), max_size=8), st.lists(st.one_of(puts, deletions), min_size=1, max_size=8))
def test_at_rest_all_is_as_the_api_has_it(api: ApiServer, before: list[Step], after: list[Step]) -> None:
    do(api, before)

    async def use(plugin: Kubernetes) -> None:
        store = Store(plugin)
        await is_answered(api, plugin, store)
        for step in after:
            await trio.to_thread.run_sync(do, api, [step])
            store.ask_all()
        await is_answered(api, plugin, store)

    trio.run(with_plugin, api, use)


@pytest.mark.parametrize("forgets", [False, True], ids=["it remembers", "its versions are gone"])
def test_what_changed_while_it_was_away_is_found(api: ApiServer, forgets: bool) -> None:
    do(api, [("put", "services", service("a", "a", CLUSTER_IPS[0])), ("put", "services", service("b", "b", "None"))])

    async def use(plugin: Kubernetes) -> None:
        store = Store(plugin)
        await is_answered(api, plugin, store)
        await trio.to_thread.run_sync(api.stop)
        await trio.sleep(1)
        store.ask_all()  # the last known answers go on
        await trio.to_thread.run_sync(api.start)
        await trio.to_thread.run_sync(do, api, [("delete", "services", external("a", "a"))])
        if forgets:
            await trio.to_thread.run_sync(api.forget)
        await is_answered(api, plugin, store)

    trio.run(with_plugin, api, use)


def test_the_recorded_cluster_is_answered(api: ApiServer) -> None:
    """As far as this API takes what another one said; all but what it sets by itself."""
    taken = 0
    for collection in RECORDED:
        for item in json.loads((RECORDING / f"{collection}.list.json").read_text())["items"]:
            item["metadata"] = {
                key: item["metadata"][key] for key in ("name", "namespace", "labels") if key in item["metadata"]
            }
            if collection == "pods":
                item["spec"] = {"containers": [CONTAINER]}
            taken += api.put(collection, item)
    assert taken

    async def use(plugin: Kubernetes) -> None:
        await is_answered(api, plugin, Store(plugin))
        assert plugin.index is not None
        assert len(plugin.index.entries) >= 10

    trio.run(with_plugin, api, use)
