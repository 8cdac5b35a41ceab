from __future__ import annotations

import pytest

from pydns import names
from pydns.records import Type
from pydns_plugins.acl.rule import Rule
from pydns_plugins.acl.table import Action, Policy

A, AAAA, MX = Type.A, Type.AAAA, Type.MX
RULE = Rule(
    [names.from_text("example.org"), names.from_text("a.example.org")],
    [
        Policy(Action.DROP, frozenset((A,))),
        Policy(Action.BLOCK, frozenset((A, AAAA))),
        Policy(Action.FILTER),
    ],
)


@pytest.mark.parametrize(("type_", "action"), [(A, Action.DROP), (AAAA, Action.BLOCK), (MX, Action.FILTER)])
def test_each_type_has_its_table(type_: int, action: Action) -> None:
    table = RULE.table(names.from_text("www.example.org"), type_)
    assert table is not None
    assert table.always is action


@pytest.mark.parametrize("name", ["org", "example.net", "aexample.org"])
def test_a_name_in_none_of_the_zones_has_none(name: str) -> None:
    assert RULE.table(names.from_text(name), A) is None


@pytest.mark.parametrize(("name", "zone"), [("www.example.org", "example.org"), ("b.a.example.org", "a.example.org")])
def test_the_zone_of_a_name_is_the_longest(name: str, zone: str) -> None:
    assert RULE.zone_of(names.from_text(name)) == names.from_text(zone)
