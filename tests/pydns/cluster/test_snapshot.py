"""An index that was written down and read again is the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cluster.index import Exposed, Index
from pydns.cluster.snapshot import SnapshotError, lines, restore
from pydns.names import from_text
from pydns.services.model import Endpoint, EndpointSlice, Kind, Node, Port, Service
from tests.pydns.cluster.test_index import content, objects, put

EXPOSED = Exposed((from_text("cluster.local"),), pods=True, zonal=True, node_zone=from_text("nodes.test"))


def copied(index: Index) -> Index:
    found = Index(index.exposed)
    for line in lines(index):
        restore(found, line)
    return found


@given(st.lists(objects, max_size=12))
def test_it_is_the_same(found: list[object]) -> None:
    index = Index(EXPOSED)
    for each in found:
        put(index, each)
    assert content(copied(index)) == content(index)


def test_all_fields_are_kept() -> None:
    index = Index(EXPOSED)
    index.put_namespace("shop")
    ports = (Port("http", "tcp", 80, 8080, 30080), Port("", "udp", 53))
    index.put_service(
        Service("shop", "web", Kind.LOAD_BALANCER, (b"\x0a\0\0\1",), ports, "", (b"\xcb\0\x71\1",), ("lb.test",), True)
    )
    index.put_service(Service("shop", "out", Kind.EXTERNAL_NAME, external_name="www.example.com"))
    endpoint = Endpoint((b"\x0a\xf4\0\1", bytes(16)), "h", node="one", zone="Zone-A")
    index.put_slice(EndpointSlice("shop", "web-1", "web", ports, (endpoint,), "cluster-a"))
    index.put_node(Node("one", (b"\xc0\xa8\0\1",), (b"\xcb\0\x71\2",)))
    found = copied(index)
    assert content(found) == content(index)
    assert found.nodes == index.nodes


@pytest.mark.parametrize("line", [
    "", "[]", "{}", "null", "7", '["nothing", 1]', '["pod", "a"]', '["pod", "a", "b", ["xx"]]', '["node", "a", 7]',
    '["slice", "a", "00", "s", [], ["0161"], [], [], []]', '["service"]', "[" * 100_000, '["namespace", "\\ud800"]',
])  # fmt: skip
def test_what_is_no_object_is_an_error(line: str) -> None:
    with pytest.raises(SnapshotError):
        restore(Index(EXPOSED), line)


@given(st.binary(max_size=50))
def test_nothing_else_is_raised(line: bytes) -> None:
    with pytest.raises(SnapshotError):
        restore(Index(EXPOSED), line)
