from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.query import Query
from pydns.records import Type
from pydns.refusal import Refusal
from pydns.reply import Reply
from pydns.router import Route, Router
from pydns.testing import Someone, query
from tests.pydns.serving import Giving, route, router


def block(filter_: bool | None = None) -> Route:
    """A block that takes all queries, or one with a filter that says the same of all."""
    return route(Giving(Reply()), filters=[] if filter_ is None else [lambda query: bool(filter_)])


def found(routes: Mapping[str, Sequence[Route]], asked: Query) -> tuple[str, int] | None:
    """The zone and the place of the block that takes a query."""
    route = router(routes).find(asked)
    if route is None:
        return None
    zone = names.to_text(asked.zone)
    return zone, list(routes[zone if zone == "." else zone.rstrip(".")]).index(route)


ZONES = {"org": [block()], "example.org": [block()], "a.b.example.org": [block()], "net": [block()]}


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("org", "org."),
        ("www.org", "org."),
        ("example.org", "example.org."),
        ("b.example.org", "example.org."),
        ("A.B.Example.ORG", "a.b.example.org."),
        ("x.y.a.b.example.org", "a.b.example.org."),
        ("notexample.org", "org."),
        (r"a\.example.org", "org."),  # one label
        ("com", None),
        (".", None),
        ("orga", None),
        ("org.com", None),
    ],
)
def test_the_longest_zone_takes_a_name(name: str, zone: str | None) -> None:
    assert found(ZONES, query(name)) == (None if zone is None else (zone, 0))


@pytest.mark.parametrize("name", [".", "org", "a.b.c.d"])
@pytest.mark.parametrize("routes", [{".": [block()]}, {".": [block()], "example": [block()]}])
def test_the_root_takes_every_name(name: str, routes: Mapping[str, Sequence[Route]]) -> None:
    assert found(routes, query(name)) == (".", 0)


@pytest.mark.parametrize(
    ("name", "type_", "zone"),
    [
        ("example.org", "DS", "org."),
        ("example.org", "DNSKEY", "example.org."),
        ("www.example.org", "DS", "example.org."),
        ("a.b.example.org", "DS", "example.org."),
        ("org", "DS", "org."),  # nobody has its parent
        ("net", "DS", "net."),
    ],
)
def test_ds_stands_in_the_parent(name: str, type_: str, zone: str) -> None:
    """RFC 4035 section 3.1.4.1."""
    assert found(ZONES, query(name, type_)) == (zone, 0)


@pytest.mark.parametrize("routes", [{".": [block()]}, {".": [block()], "org": [block()]}])
def test_ds_of_the_root_is_the_roots(routes: Mapping[str, Sequence[Route]]) -> None:
    assert found(routes, query(".", "DS")) == (".", 0)


def test_ds_goes_to_the_child_where_the_parents_filter_does_not_take_it() -> None:
    routes = {"org": [block(False)], "example.org": [block()]}
    assert found(routes, query("example.org", "DS")) == ("example.org.", 0)


@pytest.mark.parametrize(
    ("filters", "place"),
    [
        ([None, None], 0),
        ([True, None], 0),
        ([False, None], 1),
        ([False, True, None], 1),
        ([False, False, True], 2),
    ],
)
def test_of_a_zones_blocks_the_first_that_takes_the_query(filters: list[bool | None], place: int) -> None:
    assert found({"org": [block(each) for each in filters]}, query("www.org")) == ("org.", place)


def test_where_no_block_of_a_zone_takes_it_a_shorter_zone_is_tried() -> None:
    routes = {".": [block()], "org": [block(False)], "example.org": [block(False), block(False)]}
    assert found(routes, query("www.example.org")) == (".", 0)


def test_where_no_block_at_all_takes_it_there_is_none() -> None:
    assert found({".": [block(False)]}, query()) is None


def test_all_filters_must_take_it() -> None:
    both = route(Giving(Reply()), filters=[lambda query: True, lambda query: query.type == Type.AAAA])
    assert found({".": [both]}, query(type_="A")) is None
    assert found({".": [both]}, query(type_="AAAA")) == (".", 0)


def test_a_router_without_blocks_finds_none() -> None:
    assert found({}, query()) is None


def test_opcodes_and_options_are_those_of_all_blocks() -> None:
    routes = {"a": [route(Giving(Reply(), opcodes=[0, 4], reads_options=[10]))], "b": [route(Giving(Reply()))]}
    both = router({**routes, "c": [route(Giving(Reply(), opcodes=[5], reads_options=[12]))]})
    assert (both.opcodes, both.reads_options) == ({0, 4, 5}, {10, 12})


labels = st.lists(st.sampled_from([b"a", b"b", b"ab", b"\1a"]), max_size=5)


def name_of(found: list[bytes]) -> bytes:
    return b"".join(bytes((len(label),)) + label for label in found) + b"\0"


@given(st.lists(labels.map(name_of), max_size=6, unique=True), labels.map(name_of))
def test_no_longer_zone_holds_the_name(zones: list[bytes], name: bytes) -> None:
    blocks = {zone: [block()] for zone in zones}
    asked = query()
    asked.name = name
    holding = [zone for zone in zones if names.is_within(name, zone)]
    expected = max(holding, key=len, default=None)
    assert Router(blocks).find(asked) is (blocks[expected][0] if expected is not None else None)


def test_of_several_blocks_the_first_that_has_a_plugin_watches_refusals() -> None:
    told: list[str] = []
    first, second, third = block(), block(), block()
    second.refusals = {"prometheus": lambda refusal: told.append("second")}
    third.refusals = {
        "prometheus": lambda refusal: told.append("third"),
        "own": lambda refusal: told.append("own"),
    }
    refusal = Refusal("dns://:53", Someone(), b"", None, 5, b"")
    for watch in router({"org": [first], "net": [second], ".": [third]}).refusals:
        watch(refusal)
    assert sorted(told) == ["own", "second"]
