from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.services.faults import ServicesError
from pydns.services.model import Cluster, Pod
from pydns.services.reader import cluster_of, read

NO_NAME = "is no name: small letters, digits and hyphens within, at most 63"


def faults(text: str) -> list[str]:
    with pytest.raises(ServicesError) as raised:
        read(text, "f")
    return raised.value.lines()


@pytest.mark.parametrize("text", ["", "# a comment\n", "[services]\n", "[services.shop]\n", "pods = {}\n"])
def test_nothing_is_a_cluster_too(text: str) -> None:
    assert read(text, "f") == Cluster()


def test_a_namespace_that_holds_something_need_not_be_named() -> None:
    text = 'namespaces = ["a", "b"]\n[services]\nb.x.cluster_ip = "::1"\nc.x.cluster_ip = "::3"\n[pods]\nd.x = "::2"'
    assert read(text, "f").namespaces == ("a", "b", "c", "d")


@pytest.mark.parametrize(("text", "pod"), [
    ('a = "10.0.0.1"', Pod("shop", "a", (b"\x0a\0\0\1",))),
    ('a.b = "10.0.0.1"', None),
    ('"a.b" = "10.0.0.1"', Pod("shop", "a.b", (b"\x0a\0\0\1",))),
    ('a = ["10.0.0.1", "::1"]', Pod("shop", "a", (b"\x0a\0\0\1", bytes(15) + b"\1"))),
    ('a = { ip = "10.0.0.1", phase = "Pending" }', Pod("shop", "a", (b"\x0a\0\0\1",), "Pending")),
])  # fmt: skip
def test_a_pod(text: str, pod: Pod | None) -> None:
    if pod is None:
        faults(f"[pods.shop]\n{text}")
    else:
        assert read(f"[pods.shop]\n{text}", "f").pods == (pod,)


@pytest.mark.parametrize(("text", "told"), [
    ("a = [", "f:1: no TOML: Invalid value"),
    ("a = 1\na = 2", "f:2: no TOML: Cannot overwrite a value"),
    ("[a]\n[a]", "f:2: no TOML: Cannot declare ('a',) twice"),
    ("a = " + "[" * 10_000, "f: lists and tables stand too deep in each other"),
    ("a = " + "1" * 5000, "f: no TOML: Exceeds the limit (4300 digits) for integer string conversion"),
    ("service = 1", "f:1: service: unknown key (did you mean 'services'?)"),
    ("services = 1", "f:1: services: this must be a table"),
    ("services.a = 1", "f:1: services.a: this must be a table"),
    ("\n[services.a]\nb = 1", "f:3: services.a.b: this must be a table"),
    ("[services.A]\nb.cluster_ip = 'None'", f"f:1: services.A: 'A' {NO_NAME}"),
    ("namespaces = ['a', '']", f"f:1: namespaces[1]: '' {NO_NAME}"),
    ("namespaces = [1]", "f:1: namespaces[0]: this must be text in quotes"),
    ("[pods.a]\nb = '10.0.0'", "f:2: pods.a.b.ip: '10.0.0' is no IP address"),
    ("[pods.a]\nb = {}", 'f:2: pods.a.b: a pod wants its address: ip = "192.0.2.1"'),
    ("[pods.a]\nb = { ip = '::1', phase = 'x' }", "f:2: pods.a.b.phase: 'x' is no phase: one of Pending, Running, "
        "Succeeded, Failed, Unknown"),
    ("[pods.a]\nb = { ip = '::1', fase = 'x' }", "f:2: pods.a.b.fase: unknown key (did you mean 'phase'?)"),
    ("[pods.a]\n'b c' = '::1'", f"f:2: pods.a.'b c': 'b c' {NO_NAME}"),
])  # fmt: skip
def test_a_fault(text: str, told: str) -> None:
    (line,) = faults(text)
    assert line.startswith(told)


TWO = "[services.shop.web]\ncluster_ip = '10.0.0.1'\n\n[services.other]\ndb = { cluster_ip = %s }\n"


@pytest.mark.parametrize("address", ["'10.0.0.1'", "['10.0.0.1']", "['::1', '10.0.0.1']", "'::ffff:10.0.0.1'"])
def test_a_cluster_address_is_of_one_service(address: str) -> None:
    assert faults(TWO % address) == [
        "f:5: services.other.db.cluster_ip: 10.0.0.1 is the address of web.shop too, in line 2"
    ]


def test_each_address_that_is_shared_is_told_beside_its_first_service() -> None:
    lines = ("x.cluster_ip = ['10.0.0.1', '::1']", "y.cluster_ip = '10.0.0.1'", "z.cluster_ip = ['::1', '10.0.0.1']")
    text = "\n".join(["[services.a]", *lines])
    assert faults(text) == [
        "f:3: services.a.y.cluster_ip: 10.0.0.1 is the address of x.a too, in line 2",
        "f:4: services.a.z.cluster_ip: ::1 is the address of x.a too, in line 2",
        "f:4: services.a.z.cluster_ip: 10.0.0.1 is the address of x.a too, in line 2",
    ]


def test_headless_services_share_nothing_and_endpoints_may_be_shared() -> None:
    text = "[services.a]\n" + "".join(
        f"{name} = {{ cluster_ip = '{address}', endpoints = ['10.1.0.1'] }}\n"
        for name, address in [("x", "None"), ("y", "None"), ("z", "10.0.0.1")]
    )
    assert len(read(text, "f").services) == 3


def test_all_faults_are_told() -> None:
    assert [line.split(": ")[1] for line in faults("[pods.a]\nb = 1\nc = 2\nd = '::1'\ne = 'x'")] == [
        "pods.a.b.ip", "pods.a.c.ip", "pods.a.e.ip"
    ]  # fmt: skip


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    with suppress(ServicesError):
        read(text, "f")


values = st.recursive(
    st.text(max_size=9)
    | st.integers()
    | st.booleans()
    | st.sampled_from(["10.0.0.1", "::1", "a", "80", "http:80/tcp"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([
            "services", "pods", "namespaces", "a", "b", "cluster_ip", "ports", "endpoints", "address", "port", "name",
            "type", "external_name", "ip", "hostname", "ready",
        ]), inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["services", "pods", "namespaces"]), values, max_size=3))
def test_no_document_breaks_it(document: dict[str, object]) -> None:
    with suppress(ServicesError):
        cluster_of(document, "", "f")
