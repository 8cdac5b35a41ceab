"""The difference of two zones leads from one to the other."""

from __future__ import annotations

from hypothesis import given

from pydns.records import Record
from pydns.steps import whole
from pydns.zone.difference import difference
from tests.pydns.zone.model import rrsets_of
from tests.pydns.zone.zones import RECORDS, absolute, build, record, soa, zone_of


@given(RECORDS, RECORDS)
def test_the_old_zone_changed_by_it_is_the_new_one(first: list[Record], second: list[Record]) -> None:
    old, new = build([soa(1), *first]), build([soa(2), *second])
    delta = whole(difference(old, new))
    assert delta is not None
    assert (delta.old_serial, delta.new_serial) == (1, 2)
    changed = old.changed([delta.old, *delta.removed], [delta.new, *delta.added])
    assert rrsets_of(changed) == rrsets_of(new)


def test_a_ttl_that_differs_is_a_difference() -> None:
    delta = whole(difference(zone_of(record("a", "A", b"1111", 5)), zone_of(record("a", "A", b"1111", 6))))
    assert delta is not None
    assert (delta.removed, delta.added) == ((record("a", "A", b"1111", 5),), (record("a", "A", b"1111", 6),))


def test_it_names_what_differs() -> None:
    delta = whole(difference(zone_of(record("a", "A", b"1111")), zone_of(record("b", "A", b"1111"))))
    assert delta is not None
    assert delta.names() == {absolute(name) for name in ("a", "b", "@")}


def test_zones_that_have_little_in_common_have_none() -> None:
    new = zone_of(*(record(f"h{i}", "A", bytes(4)) for i in range(50)))
    assert whole(difference(zone_of(), new, most=49)) is None


def test_large_zones_are_compared_in_steps() -> None:
    zone = zone_of(*(record(f"h{i}", "A", bytes(4)) for i in range(12_000)))
    assert sum(1 for _ in difference(zone, zone)) == 4


def test_each_name_that_differs_ends_a_step() -> None:
    old, new = (zone_of(*(record(f"h{i}", "A", bytes(4), ttl) for i in range(300))) for ttl in (5, 6))
    assert sum(1 for _ in difference(old, new)) == 300
    assert sum(1 for _ in difference(old, zone_of())) == 301  # the apex has other children
