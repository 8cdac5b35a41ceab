"""An index that objects were put into and taken out of is the same as one that was made of what is left."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pydns.cluster.index import Exposed, Index, label
from pydns.names import from_text
from pydns.services.model import Cluster, Endpoint, EndpointSlice, Pod, Port, Service

ZONE = from_text("cluster.local")
EXPOSED = Exposed((ZONE,), pods=True)

names = st.sampled_from(["a", "b"])
addresses = st.sampled_from([bytes((10, 0, 0, i)) for i in range(3)] + [bytes(15) + b"\1"])
several = st.lists(addresses, max_size=2, unique=True).map(tuple)
endpoints = st.builds(Endpoint, several, st.sampled_from(["", "h"]), ready=st.booleans())
objects = st.one_of(
    names,
    st.builds(
        Service,
        names,
        names,
        cluster_ips=several,
        ports=st.just((Port("x", "tcp", 1),)),
        external_ips=several,
        load_balancer=st.lists(st.sampled_from(["10.0.0.1", "lb.example.net"]), max_size=2).map(tuple),
    ),
    st.builds(
        EndpointSlice, names, st.sampled_from(["s", "t"]), names, endpoints=st.lists(endpoints, max_size=3).map(tuple)
    ),
    st.builds(Pod, names, names, several, st.sampled_from(["Running", "Failed"])),
)


def content(index: Index) -> dict[str, Any]:
    return {
        "namespaces": index.namespaces,
        "entries": {key: (each.service, set(each.backends)) for key, each in index.entries.items()},
        "pods": {key: set(each) for key, each in index.pods.items()},
        "services_at": {key: set(each) for key, each in index.services_at.items()},
        "nodes": index.nodes,
        "external_at": {key: set(each) for key, each in index.external_at.items()},
        "endpoints_at": {key: set(each) for key, each in index.endpoints_at.items()},
    }


def put(index: Index, each: object) -> set[bytes]:
    match each:
        case Service():
            return index.put_service(each)
        case EndpointSlice():
            return index.put_slice(each)
        case Pod():
            return index.put_pod(each)
    return index.put_namespace(str(each))


def remove(index: Index, each: object) -> set[bytes]:
    match each:
        case Service():
            return index.remove_service(each.namespace, each.name)
        case EndpointSlice():
            return index.remove_slice(each.namespace, each.name)
        case Pod():
            return index.remove_pod(each.namespace, each.name)
    return index.remove_namespace(str(each))


def key(each: object) -> tuple[str, ...]:
    match each:
        case Service() | EndpointSlice() | Pod():
            return type(each).__name__, each.namespace, each.name
    return "namespace", str(each)


@given(st.lists(st.tuples(st.booleans(), objects), max_size=30))
def test_the_way_does_not_matter(steps: list[tuple[bool, Any]]) -> None:
    index = Index(EXPOSED)
    left: dict[tuple[str, ...], Any] = {}
    for is_put, each in steps:
        if is_put:
            put(index, each)
            left[key(each)] = each
        else:
            remove(index, each)
            left.pop(key(each), None)
    fresh = Index(EXPOSED)
    fresh.put_all(
        Cluster(
            tuple(each for each in left.values() if isinstance(each, str)),
            tuple(each for each in left.values() if isinstance(each, Service)),
            tuple(each for each in left.values() if isinstance(each, EndpointSlice)),
            tuple(each for each in left.values() if isinstance(each, Pod)),
        )
    )
    assert content(index) == content(fresh)


def test_a_change_tells_the_service_and_its_addresses_old_and_new() -> None:
    index = Index(EXPOSED)
    index.put_service(Service("shop", "web", cluster_ips=(b"\x0a\0\0\1",)))
    assert index.put_service(Service("shop", "web", cluster_ips=(b"\x0a\0\0\2",))) == {
        from_text("web.shop.svc.cluster.local"), from_text("1.0.0.10.in-addr.arpa"), from_text("2.0.0.10.in-addr.arpa")
    }  # fmt: skip


def test_a_changed_pod_of_ipv6_tells_its_namespace_since_it_has_many_spellings() -> None:
    index = Index(EXPOSED)
    assert index.put_pod(Pod("shop", "a", (bytes(15) + b"\1",))) == {from_text("shop.pod.cluster.local")}
    assert index.put_pod(Pod("shop", "b", (b"\x0a\0\0\1",))) == {from_text("10-0-0-1.shop.pod.cluster.local")}


def test_what_is_not_exposed_is_not_kept() -> None:
    index = Index(Exposed((ZONE,), frozenset(("a",)), endpoints=False))
    index.put_all(
        Cluster(
            ("a", "b"),
            (Service("a", "x"), Service("b", "x")),
            (EndpointSlice("a", "x", "x", (), (Endpoint((b"\x0a\0\0\1",)),)),),
            (Pod("a", "p", (b"\x0a\0\0\1",)),),
        )
    )
    assert index.namespaces == {label("a")}
    assert list(index.entries) == [label("x") + label("a")]
    assert not index.endpoints_at
    assert not index.pods


def test_an_endpoint_that_moves_between_slices_stays() -> None:
    index = Index(EXPOSED)
    endpoint = Endpoint((b"\x0a\0\0\1",), "h")
    index.put_slice(EndpointSlice("a", "one", "x", (), (endpoint,)))
    index.put_slice(EndpointSlice("a", "two", "x", (), (endpoint,)))
    index.remove_slice("a", "one")
    assert index.endpoints_at == {b"\x0a\0\0\1": (label("h") + label("x") + label("a"),)}
