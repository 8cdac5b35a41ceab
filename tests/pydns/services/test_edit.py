from __future__ import annotations

import difflib
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from pydns.services import edit
from pydns.services.faults import ServicesError
from pydns.services.reader import read

TEXT = """\
# what there is
namespaces = ["empty"] # nothing yet

[services.default]
api = { cluster_ip = "10.96.0.1", ports = ["https:443"] } # one line

# the shop
[services.shop.web]
cluster_ip = "10.96.1.10" # v4
endpoints = [
    "10.1.1.1", # first
    { address = "10.1.1.2", hostname = "b" }, # second
]

[services.shop.one]
endpoints = ["10.1.3.1", "10.1.3.2"]

[services.shop.db]
ports = ["pg:5432"]
[[services.shop.db.endpoints]]
address = "10.1.2.1"
hostname = "db-0"
# the second
[[services.shop.db.endpoints]]
address = "10.1.2.2"

# the pods
[pods.shop]
a = "10.1.1.1"
"""


def difference(new: str) -> list[str]:
    """The lines that went and came, less empty ones."""
    lines = difflib.ndiff(TEXT.splitlines(), new.splitlines())
    return [line for line in lines if line[:1] in "+-" and line[2:].strip()]


def test_a_service_is_added_at_the_end() -> None:
    new = edit.add_service(TEXT, "f", "shop", "new", {"cluster_ip": "10.0.0.1", "ports": ["http:80/tcp"]})
    assert new == TEXT + '\n[services.shop.new]\ncluster_ip = "10.0.0.1"\nports = ["http:80/tcp"]\n'


def test_the_first_service_makes_the_file() -> None:
    assert edit.add_service("", "f", "a", "b", {"cluster_ip": "::1"}) == '[services.a.b]\ncluster_ip = "::1"\n'


@pytest.mark.parametrize(("namespace", "name", "gone"), [
    ("default", "api", ['- api = { cluster_ip = "10.96.0.1", ports = ["https:443"] } # one line']),
    ("shop", "one", ["- [services.shop.one]", '- endpoints = ["10.1.3.1", "10.1.3.2"]']),
    ("shop", "db", [
        "- [services.shop.db]", '- ports = ["pg:5432"]', "- [[services.shop.db.endpoints]]", '- address = "10.1.2.1"',
        '- hostname = "db-0"', "- [[services.shop.db.endpoints]]", '- address = "10.1.2.2"',
    ]),
])  # fmt: skip
def test_a_service_is_removed(namespace: str, name: str, gone: list[str]) -> None:
    new = edit.remove_service(TEXT, "f", namespace, name)
    assert difference(new) == gone
    assert "\n\n\n" not in new


@pytest.mark.parametrize(("name", "endpoint", "came"), [
    ("web", {"address": "10.1.1.3"}, ['+     "10.1.1.3",']),
    ("web", {"address": "10.1.1.3", "hostname": "c"}, ['+     { address = "10.1.1.3", hostname = "c" },']),
    ("one", {"address": "10.1.3.3"}, [
        '- endpoints = ["10.1.3.1", "10.1.3.2"]', '+ endpoints = ["10.1.3.1", "10.1.3.2", "10.1.3.3"]',
    ]),
    ("db", {"address": ["10.1.2.3", "::1"]}, [
        "+ [[services.shop.db.endpoints]]", '+ address = ["10.1.2.3", "::1"]',
    ]),
])  # fmt: skip
def test_an_endpoint_is_added(name: str, endpoint: dict[str, object], came: list[str]) -> None:
    assert difference(edit.add_endpoint(TEXT, "f", "shop", name, endpoint)) == came


@pytest.mark.parametrize(("name", "who", "changed"), [
    ("web", "10.1.1.1", ['-     "10.1.1.1", # first']),
    ("web", "b", ['-     { address = "10.1.1.2", hostname = "b" }, # second']),
    ("one", "10.1.3.1", ['- endpoints = ["10.1.3.1", "10.1.3.2"]', '+ endpoints = ["10.1.3.2"]']),
    ("db", "db-0", ["- [[services.shop.db.endpoints]]", '- address = "10.1.2.1"', '- hostname = "db-0"']),
])  # fmt: skip
def test_an_endpoint_is_removed(name: str, who: str, changed: list[str]) -> None:
    assert difference(edit.remove_endpoint(TEXT, "f", "shop", name, who)) == changed


def test_what_stands_within_braces_is_written_anew_without_comments() -> None:
    new = edit.add_endpoint(TEXT, "f", "default", "api", {"address": "10.1.1.3"})
    assert "#" not in new
    assert tomllib.loads(new)["services"]["default"]["api"]["endpoints"] == ["10.1.1.3"]


def test_the_last_endpoint_of_a_headless_service_leaves_it_headless() -> None:
    text = '[services.a.b]\n[[services.a.b.endpoints]]\naddress = "10.0.0.1"\n'
    new = edit.remove_endpoint(text, "f", "a", "b", "10.0.0.1")
    (service,) = read(new, "f").services
    assert not service.cluster_ips


@pytest.mark.parametrize(("change", "told"), [
    (lambda: edit.add_service(TEXT, "f", "shop", "web", {}), "web.shop is there already"),
    (lambda: edit.remove_service(TEXT, "f", "shop", "x"), "there is no x.shop"),
    (lambda: edit.remove_service(TEXT, "f", "x", "web"), "there is no web.x"),
    (lambda: edit.add_endpoint(TEXT, "f", "shop", "x", {"address": "::1"}), "there is no x.shop"),
    (lambda: edit.add_endpoint(TEXT, "f", "shop", "db", {"address": "10.1.2.1"}), "has an endpoint with that address"),
    (lambda: edit.remove_endpoint(TEXT, "f", "shop", "db", "10.9.9.9"), "db.shop has no endpoint 10.9.9.9"),
])  # fmt: skip
def test_a_change_that_makes_no_sense(change: Any, told: str) -> None:
    with pytest.raises(edit.EditError, match=told):
        change()


@pytest.mark.parametrize(("text", "told"), [
    ("services = 1", "f:1: services: this must be a table"),
    (TEXT, "f: services.shop.new.cluster_ip: 'x' is no IP address"),
    (TEXT + "\n[", "f:31: no TOML"),
])  # fmt: skip
def test_a_file_that_would_be_faulty_is_not_made(text: str, told: str) -> None:
    with pytest.raises(ServicesError) as raised:
        edit.add_service(text, "f", "shop", "new", {"cluster_ip": "x"})
    assert str(raised.value).startswith(told)


@pytest.mark.parametrize("address", ["10.96.1.10", ["::1", "10.96.1.10"]])
def test_an_address_that_another_service_has_is_refused(address: object) -> None:
    with pytest.raises(edit.EditError, match=r"^10\.96\.1\.10 is the address of web\.shop already$"):
        edit.add_service(TEXT, "f", "default", "new", {"cluster_ip": address})


def test_an_address_that_is_none_is_told_with_its_place() -> None:
    with pytest.raises(ServicesError, match=r"services\.shop\.web\.endpoints\[2\]"):
        edit.add_endpoint(TEXT, "f", "shop", "web", {"address": "x"})


def apart(document: dict[str, Any]) -> dict[str, Any]:
    """Each service with a cluster address of its own."""
    found = (service for inside in document["services"].values() for service in inside.values())
    for number, service in enumerate(service for service in found if "cluster_ip" in service):
        service["cluster_ip"] = f"10.9.9.{number}"
    return document


hosts = st.integers(0, 5).map(lambda i: f"10.0.0.{i}")
items = hosts | st.fixed_dictionaries({"address": hosts}, optional={"hostname": st.sampled_from(["a", "b"])})
services = st.fixed_dictionaries(
    {"endpoints": st.lists(items, max_size=3)}, optional={"cluster_ip": st.just("10.9.9.9"), "ports": st.just([80])}
)
documents = st.fixed_dictionaries(
    {
        "services": st.dictionaries(
            st.sampled_from("ab"), st.dictionaries(st.sampled_from("xy"), services, min_size=1), min_size=1
        )
    }
).map(apart)


@given(documents, st.data())
def test_whatever_the_file_the_change_is_made_and_nothing_else(document: dict[str, Any], data: st.DataObject) -> None:
    text = tomli_w.dumps(document)
    namespace = data.draw(st.sampled_from(sorted(document["services"])))
    name = data.draw(st.sampled_from(sorted(document["services"][namespace])))
    service = document["services"][namespace][name]
    match data.draw(st.sampled_from(["add", "remove", "remove service"])):
        case "add":
            new = edit.add_endpoint(text, "f", namespace, name, {"address": "10.0.1.1", "hostname": "new"})
            service["endpoints"].append({"address": "10.0.1.1", "hostname": "new"})
        case "remove" if service["endpoints"]:
            item = data.draw(st.sampled_from(service["endpoints"]))
            who = item if isinstance(item, str) else item["address"]
            new = edit.remove_endpoint(text, "f", namespace, name, who)
            service["endpoints"] = [
                each
                for each in service["endpoints"]
                if who not in (each, each["address"] if isinstance(each, dict) else "")
            ]
            if not service["endpoints"] and "cluster_ip" in service:
                del service["endpoints"]
        case _:
            new = edit.remove_service(text, "f", namespace, name)
            del document["services"][namespace][name]
    assert read(new, "f") == read(tomli_w.dumps(document), "f")
