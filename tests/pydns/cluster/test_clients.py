from __future__ import annotations

import pytest

from pydns.cluster.clients import group, search_path
from pydns.cluster.index import Exposed, Index
from pydns.names import from_text
from pydns.services.model import Endpoint, EndpointSlice, Pod

POD, ENDPOINT, OTHER = b"\x0a\xf4\0\7", b"\x0a\xf4\0\x08", b"\x0a\xf4\0\x09"


@pytest.fixture
def index() -> Index:
    found = Index(Exposed((from_text("cluster.local"), from_text("svc.test")), pods=True))
    for namespace in ("shop", "dev", "svc"):
        found.put_namespace(namespace)
    found.put_pod(Pod("shop", "a", (POD,)))
    found.put_slice(EndpointSlice("dev", "s", "web", (), (Endpoint((ENDPOINT,)),)))
    return found


@pytest.mark.parametrize(("name", "client", "expected"), [
    ("a.shop.svc.cluster.local", POD, ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]),
    ("a.b.c.shop.svc.cluster.local", POD, ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]),
    ("a.shop.svc.svc.test", POD, ["shop.svc.svc.test", "svc.svc.test", "svc.test"]),
    ("a.dev.svc.cluster.local", ENDPOINT, ["dev.svc.cluster.local", "svc.cluster.local", "cluster.local"]),
    ("a.shop.svc.cluster.local", OTHER, None),
    ("a.dev.svc.cluster.local", POD, None),
])  # fmt: skip
def test_a_client_whose_name_says_where_it_is(
    name: str, client: bytes, expected: list[str] | None, index: Index
) -> None:
    found = search_path(index, from_text(name), lambda: client)
    assert found == (None if expected is None else tuple(map(from_text, expected)))


@pytest.mark.parametrize("name", [
    "shop.svc.cluster.local", "a.none.svc.cluster.local", "a.shop.pod.cluster.local", "a.svc.cluster.local",
    "a.example.com", "cluster.local", ".",
])  # fmt: skip
def test_by_other_names_nobody_is_asked_where_it_is(name: str, index: Index) -> None:
    def address() -> bytes:
        raise AssertionError

    assert search_path(index, from_text(name), address) is None


@pytest.mark.parametrize(("name", "expected"), [
    ("a.shop.svc.cluster.local", "shop"), ("a.none.svc.cluster.local", ""), ("a.svc.cluster.local", ""),
    ("a.cluster.local", ""), ("a.example.com", None),
])  # fmt: skip
def test_which_clients_have_made_a_name(name: str, expected: str | None, index: Index) -> None:
    assert group(index, from_text(name)) == expected
