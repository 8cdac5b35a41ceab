from __future__ import annotations

import pytest

from pydns.order import ORDER, place
from pydns.registry import BUILTIN

BEFORE = [
    # (stands ahead, of whom): why, in CoreDNS's words or ours
    ("metadata", "geoip"),  # labels are gathered ahead of who sets them
    ("errors", "log"),
    ("log", "acl"),  # a blocked query is logged
    ("prometheus", "cache"),  # what is answered from the cache is counted
    ("acl", "cache"),  # who is blocked gets nothing that others had cached
    ("rewrite", "cache"),  # what is cached goes by the name it was rewritten to
    ("loadbalance", "cache"),  # a cached answer is shuffled too
    ("cache", "dnssec"),  # signatures are cached
    ("cache", "hosts"),
    ("cache", "forward"),
    ("template", "hosts"),
    ("hosts", "kubernetes"),
    ("kubernetes", "file"),
    ("file", "forward"),
    ("loop", "forward"),  # a query that came back must not go round again
    ("forward", "erratic"),
    ("forward", "whoami"),
]


@pytest.mark.parametrize(("first", "second"), BEFORE)
def test_who_stands_ahead_of_whom(first: str, second: str) -> None:
    assert place(first, "forward") < place(second, "forward")


def test_nobody_stands_twice() -> None:
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_each_plugin_of_ours_has_a_place(name: str) -> None:
    assert name in ORDER


@pytest.mark.parametrize("before", ["cache", "forward", "whoami"])
def test_one_from_outside_stands_just_ahead_of_whom_it_names(before: str) -> None:
    ours = sorted([*ORDER, "mine"], key=lambda name: place(name, before))
    assert ours.index("mine") + 1 == ours.index(before)


def test_two_from_outside_keep_their_order() -> None:
    both = sorted(["forward", "b", "a", "hosts"], key=lambda name: place(name, "forward"))
    assert both == ["hosts", "b", "a", "forward"]


def test_one_that_has_a_place_keeps_it_whatever_it_names() -> None:
    assert place("cache", "whoami") == place("cache", "root")
