from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.kubernetes import objects
from pydns.kubernetes.tree import Tree
from pydns.services.model import Endpoint, EndpointSlice, Kind, Pod, Port, Service
from tests.pydns.kubernetes.standin import RECORDING

READERS = (objects.namespace, objects.service, objects.endpoint_slice, objects.pod)


def recorded(collection: str) -> dict[str, Tree]:
    tree = json.loads((RECORDING / f"{collection}.list.json").read_text())
    return {item["metadata"]["name"]: Tree(item) for item in tree["items"]}


def made(name: str = "x", namespace: str = "n", **more: Any) -> Tree:
    return Tree({"metadata": {"name": name, "namespace": namespace, **more.pop("metadata", {})}, **more})


WEB_PORTS = (Port("http", "tcp", 80, 8080), Port("https", "tcp", 443, 8443))

SERVICES = [
    ("web", Service("default", "web", Kind.CLUSTER_IP, (b"\x0a\x60\x01\x0a",), WEB_PORTS)),
    ("db", Service("default", "db", ports=(Port("pg", "tcp", 5432),))),
    ("ext", Service("default", "ext", Kind.EXTERNAL_NAME, external_name="www.example.com")),
    ("extip", Service("default", "extip", Kind.EXTERNAL_NAME, external_name="192.0.2.55")),
    ("np", Service("prod", "np", Kind.NODE_PORT, (b"\x0a\x60\x02\x1e",), (Port("http", "tcp", 80, 0, 30080),))),
    (
        "lb",
        Service(
            "prod", "lb", Kind.LOAD_BALANCER, (b"\x0a\x60\x02\x28",), (Port("http", "tcp", 80, 0, 30263),),
            external_ips=(b"\xcb\0\x71\x09",), load_balancer=("203.0.113.10",),
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), SERVICES)
def test_a_recorded_service(name: str, expected: Service) -> None:
    assert objects.service(recorded("services")[name]) == expected


def test_a_recorded_slice() -> None:
    found = objects.endpoint_slice(recorded("endpointslices")["db-1"])
    assert found is not None
    assert found[:4] == ("default", "db-1", "db", (Port("pg", "tcp", 5432),))
    assert found.endpoints[0] == Endpoint((b"\x0a\xf4\0\x15",), "db-0", "db-0")
    assert [each.ready for each in found.endpoints] == [True, True, False]


def test_recorded_pods() -> None:
    pods = recorded("pods")
    assert objects.pod(pods["db-0"]) == Pod("default", "db-0", (b"\x0a\xf4\0\x15",))
    assert objects.pod(pods["job"]) == Pod("dev", "job", (b"\x0a\xf5\x09\x09",), "Succeeded")


def test_all_that_was_recorded_is_read() -> None:
    for collection, reader in zip(("namespaces", "services", "endpointslices", "pods"), READERS, strict=True):
        assert all(reader(item) is not None for item in recorded(collection).values())  # type: ignore[operator]


@pytest.mark.parametrize(("conditions", "expected"), [
    ({}, (True, True, False)),
    ({"ready": None}, (True, True, False)),
    ({"ready": True, "serving": True, "terminating": False}, (True, True, False)),
    ({"ready": False, "serving": True, "terminating": True}, (False, True, True)),
    ({"ready": False}, (False, False, False)),
])  # fmt: skip
def test_conditions_that_are_not_told_are_good(conditions: object, expected: tuple[bool, ...]) -> None:
    labels = {objects.SERVICE_NAME: "s"}
    item = made(metadata={"labels": labels}, endpoints=[{"addresses": ["10.0.0.1"], "conditions": conditions}])
    found = objects.endpoint_slice(item)
    assert found is not None
    assert found.endpoints[0][-3:] == expected


@pytest.mark.parametrize(("name", "pod"), [("web-1", "web-1"), ("a.b", "a.b"), ("\ud800", ""), ("A", ""), (7, "")])
def test_the_pod_behind_an_endpoint(name: object, pod: str) -> None:
    endpoint = {"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": name}}
    found = objects.endpoint_slice(made(metadata={"labels": {objects.SERVICE_NAME: "s"}}, endpoints=[endpoint]))
    assert found is not None
    assert found.endpoints[0].pod == pod


@pytest.mark.parametrize("port", [None, 0, -1, 65536, 10**30, "http", True])
def test_a_port_that_is_none_has_no_number(port: object) -> None:
    found = objects.endpoint_slice(made(metadata={"labels": {objects.SERVICE_NAME: "s"}}, ports=[{"port": port}]))
    assert found == EndpointSlice("n", "x", "s", (Port("", "tcp", -1),))


@pytest.mark.parametrize("address", ["fe80::1%eth0", "www.example.com", "10.0.0", "", "10.0.0.1/8"])
def test_an_address_that_is_none_is_left_out(address: str) -> None:
    found = objects.service(made(spec={"clusterIPs": [address, "10.0.0.1"]}))
    assert found is not None
    assert found.cluster_ips == (b"\x0a\0\0\1",)


def test_an_old_api_has_one_address() -> None:
    found = objects.service(made(spec={"clusterIP": "10.0.0.1"}))
    assert found is not None
    assert found.cluster_ips == (b"\x0a\0\0\1",)


@pytest.mark.parametrize("item", [
    made(""), made("x" * 64), made("a.b"), made("UP"), made(namespace=""), made("x", "a b"), Tree(),
    made(spec={"type": "ExternalName"}), made(spec={"type": "ExternalName", "externalName": "a..b"}),
])  # fmt: skip
def test_a_service_that_has_no_name_in_dns_is_none(item: Tree) -> None:
    assert objects.service(item) is None


def test_a_slice_of_no_service_is_none() -> None:
    assert objects.endpoint_slice(made()) is None


def test_a_pod_that_is_being_deleted_is_none() -> None:
    assert objects.pod(made(metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})) is None


@pytest.mark.parametrize(("text", "expected"), [
    ("2026-05-01T12:00:00Z", 1777636800.0),
    ("2026-05-01T12:00:00.5Z", 1777636800.5),
    ("2026-05-01T12:00:00.123456789Z", 1777636800.123456),
    ("2026-05-01T14:00:00+02:00", 1777636800.0),
    ("", 0.0), ("yesterday", 0.0), ("0001-01-01T00:00:00Z", 0.0), ("9999-12-31T23:59:59-23:59", 253402387139.0),
])  # fmt: skip
def test_when_a_slice_changed(text: str, expected: float) -> None:
    item = made(metadata={"annotations": {objects.TRIGGER: text}})
    assert objects.triggered(item) == pytest.approx(expected)


@pytest.mark.parametrize(("ips", "kind", "expected"), [
    (["10.0.0.1", "fd00::1", "x"], "ClusterSetIP", (b"\x0a\0\0\1", b"\xfd" + bytes(14) + b"\1")),
    ([], "Headless", ()),
    (["10.0.0.1"], "Headless", ()),
])  # fmt: skip
def test_a_service_of_a_set_of_clusters(ips: list[str], kind: str, expected: tuple[bytes, ...]) -> None:
    found = objects.service_import(made(spec={"type": kind, "ips": ips, "ports": [{"port": 80, "name": "http"}]}))
    assert found is not None
    assert (found.cluster_ips, found.ports) == (expected, (Port("http", "tcp", 80),))


def test_one_that_has_no_address_yet_is_none() -> None:
    assert objects.service_import(made(spec={"type": "ClusterSetIP"})) is None


KEYS = (
    *(
        "metadata",
        "annotations",
        objects.TRIGGER,
        objects.IMPORT_NAME,
        "ips",
        "nodePort",
        "name",
        "namespace",
        "labels",
        objects.SERVICE_NAME,
        "spec",
        "type",
        "clusterIPs",
        "ports",
        "port",
    ),
    *(
        "externalName",
        "targetRef",
        "kind",
        "endpoints",
        "addresses",
        "conditions",
        "ready",
        "hostname",
        "status",
        "podIPs",
        "ip",
    ),
)
TEXTS = st.text(max_size=5) | st.sampled_from(["10.0.0.1", "x", "ExternalName", "Pod"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=30,
)


@given(values)
def test_anything_is_read_or_left_out(value: object) -> None:
    others = (objects.node, objects.service_import, objects.imported_slice, objects.triggered)
    for reader in (*READERS, *others):
        reader(Tree(value))
