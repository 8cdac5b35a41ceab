"""Kept answers end where the zone would answer otherwise, and as few others as can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.changes import Changes
from pydns.records import Record
from pydns.steps import whole
from pydns.zone.difference import difference
from pydns.zone.lookup import find
from pydns.zone.touched import MOST, touched
from pydns.zone.zone import Zone
from tests.pydns.zone.zones import ORIGIN, RECORDS, absolute, build, record, soa, sound

IP = b"\1\1\1\1"
LABELS = st.lists(st.sampled_from(["a", "b", "*", "ns", "www", "x"]), max_size=4)
TYPES = st.sampled_from([1, 2, 5, 6, 16, 39, 43, 46, 255])


def changes(old: Zone, new: Zone) -> frozenset[bytes] | None:
    delta = whole(difference(old, new))
    assert delta is not None
    return touched(old, new, delta)


@given(RECORDS, RECORDS, st.lists(st.tuples(LABELS, TYPES), min_size=1, max_size=30))
def test_no_answer_is_kept_that_is_another_now(
    common: list[Record], more: list[Record], asked: list[tuple[list[str], int]]
) -> None:
    old, new = build([soa(1), *common]), build([soa(2), *sound([*common[2:], *more[:3]])])
    told = Changes()
    found = changes(old, new)
    if found is None:
        told.zone(ORIGIN)
    else:
        told.names(found)
    for labels, type_ in asked:
        name = absolute(".".join(labels) or "@")
        before, after = find(old, name, type_, True), find(new, name, type_, True)
        said = [(each.rcode, set(each.answer), set(each.authority), set(each.additional)) for each in (before, after)]
        assert said[0] == said[1] or told.touched_since(0, (name, *before.depends)), (name, type_)


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        ("www", {"www"}),
        ("a.www", {"a.www"}),
        ("a.b.c", {"c"}),  # c comes to be, and a wildcard beside it ends there
        ("*.ent", {"ent"}),
        ("@", None),
        ("*", None),
    ],
)
def test_it_names_what_a_new_record_touches(owner: str, names: set[str] | None) -> None:
    common = [record("www", "TXT", b"\1x"), record("ent", "TXT", b"\1x")]
    found = changes(build([soa(1), *common]), build([soa(2), *common, record(owner, "A", IP)]))
    wanted = None if names is None else {absolute(name) for name in names} | {b"\1\0" + ORIGIN}
    assert found == wanted


def test_a_new_serial_touches_no_name_but_the_apex() -> None:
    found = changes(build([soa(1)]), build([soa(2)]))
    told = Changes()
    told.names(found or ())
    assert told.touched_since(0, [ORIGIN])
    assert not told.touched_since(0, [absolute("www")])
    assert told.touched_since(0, [absolute("www"), *build([soa(1)]).depends])


def test_the_same_again_touches_nothing() -> None:
    assert changes(build([soa()]), build([soa()])) == frozenset()


@pytest.mark.parametrize("other", [soa(2, minimum=5), soa(2, ttl=5)])
def test_another_soa_touches_all(other: Record) -> None:
    assert changes(build([soa(1)]), build([other])) is None


def test_many_changes_touch_all() -> None:
    assert changes(build([soa(1)]), build([soa(2), *(record(f"h{i}", "A", IP) for i in range(MOST + 1))])) is None
