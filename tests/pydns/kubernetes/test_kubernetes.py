"""The small parts of the room."""

from __future__ import annotations

import pytest

from pydns.kubernetes import pauses
from pydns.kubernetes.complaints import Complaints
from pydns.kubernetes.pauses import Pauses
from pydns.kubernetes.resources import MOST_NAMESPACES, Wanted, resources
from pydns.kubernetes.tree import Tree


@pytest.mark.parametrize("value", [None, 7, "x", []])
def test_what_is_no_table_is_an_empty_tree(value: object) -> None:
    assert Tree(value) == {}


def test_a_tree_gives_what_is_of_the_kind_that_is_asked_for() -> None:
    tree = Tree({"text": "x", "number": 7, "flag": True, "list": ["a", 1, {}, {"b": 2}], "tree": {"c": 3}})
    assert [tree.text(key) for key in tree] == ["x", "", "", "", ""]
    assert [tree.number(key, -1) for key in tree] == [-1, 7, -1, -1, -1]
    assert tree.texts("list") == ["a"]
    assert list(tree.trees("list")) == [{}, {"b": 2}]
    assert tree.tree("tree") == {"c": 3}
    assert tree.tree("text") == {}


def test_pauses_grow_up_to_a_limit() -> None:
    found = Pauses()
    waits = [found.after() for _ in range(20)]
    assert pauses.FIRST / 2 <= waits[0] <= pauses.FIRST
    assert all(pauses.LONGEST_UNHEARD / 2 <= wait <= pauses.LONGEST_UNHEARD for wait in waits[6:])


def test_pauses_after_a_refusal_are_longer() -> None:
    found = Pauses()
    assert max(found.after(503) for _ in range(20)) > pauses.LONGEST_UNHEARD


def test_what_the_api_says_is_the_least() -> None:
    assert Pauses().after(429, 20.0) > 20


def test_pauses_begin_anew() -> None:
    found = Pauses()
    for _ in range(10):
        found.after()
    found.reset()
    assert found.after() <= pauses.FIRST


def test_the_same_complaint_of_several_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    complaints = Complaints("there")
    complaints.tell(1, "lost")
    complaints.tell(2, "lost")
    complaints.clear(1)
    assert complaints
    complaints.clear(2)
    complaints.clear(2)
    assert not complaints
    assert caplog.messages == [
        "there: lost; until it was heard, its names are SERVFAIL",
        "there: is heard again",
    ]


def paths(wanted: Wanted) -> list[str]:
    return [f"{each.path}?{'&'.join(f'{k}={v}' for k, v in each.query.items())}" for each in resources(wanted)]


ALIVE = "fieldSelector=status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown"


@pytest.mark.parametrize(("wanted", "expected"), [
    (Wanted(), ["/api/v1/namespaces?", "/api/v1/services?", "/apis/discovery.k8s.io/v1/endpointslices?"]),
    (Wanted(endpoints=False), ["/api/v1/namespaces?", "/api/v1/services?"]),
    (Wanted(endpoints=False, pods=True), ["/api/v1/namespaces?", "/api/v1/services?", f"/api/v1/pods?{ALIVE}"]),
    (
        Wanted(namespaces=("b", "a"), endpoints=False),
        [
            "/api/v1/namespaces?fieldSelector=metadata.name=a", "/api/v1/namespaces?fieldSelector=metadata.name=b",
            "/api/v1/namespaces/a/services?", "/api/v1/namespaces/b/services?",
        ],
    ),
    (
        Wanted(labels="x=y", namespace_labels="team=dns", pods=True),
        [
            "/api/v1/namespaces?labelSelector=team=dns", "/api/v1/services?labelSelector=x=y",
            "/apis/discovery.k8s.io/v1/endpointslices?labelSelector=x=y",
            f"/api/v1/pods?labelSelector=x=y&{ALIVE}",
        ],
    ),
    (
        Wanted(endpoints=False, namespaces=("a",), nodes=True),
        ["/api/v1/namespaces?fieldSelector=metadata.name=a", "/api/v1/namespaces/a/services?", "/api/v1/nodes?"],
    ),
    (
        Wanted(labels="x=y", imports=True),
        [
            "/api/v1/namespaces?", "/api/v1/services?labelSelector=x=y",
            "/apis/discovery.k8s.io/v1/endpointslices?labelSelector=x=y",
            "/apis/multicluster.x-k8s.io/v1alpha1/serviceimports?labelSelector=x=y",
            "/apis/discovery.k8s.io/v1/endpointslices?labelSelector=x=y,multicluster.kubernetes.io/service-name",
        ],
    ),
    (
        Wanted(namespaces=tuple(map(str, range(MOST_NAMESPACES + 1))), endpoints=False),
        ["/api/v1/namespaces?", "/api/v1/services?"],
    ),
])  # fmt: skip
def test_what_is_asked_for_is_as_narrow_as_can_be(wanted: Wanted, expected: list[str]) -> None:
    assert paths(wanted) == expected
