"""Which catalog a zone comes from, whatever order catalogs change in."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.steps import whole
from pydns.zone.catalog import Member
from pydns_plugins.secondary import catalogs as module
from pydns_plugins.secondary.catalogs import Catalogs, Change, What

ONE, TWO = b"\3one\0", b"\3two\0"
ORG, NET, COM = b"\3org\0", b"\3net\0", b"\3com\0"


def all_of(*found: Member) -> dict[bytes, Member]:
    return {member.zone: member for member in found}


def catalogs(*configured: bytes) -> Catalogs:
    return Catalogs(lambda _, zone: zone != COM, configured)


def apply(found: Catalogs, catalog: bytes, members: Mapping[bytes, Member]) -> list[Change]:
    return whole(found.apply(catalog, members))


def test_members_come_and_go() -> None:
    found = catalogs()
    assert apply(found, ONE, all_of(Member(ORG, b"a"), Member(NET, b"b"))) == [
        Change(What.COMES, ORG, ONE),
        Change(What.COMES, NET, ONE),
    ]
    assert apply(found, ONE, all_of(Member(NET, b"b"))) == [Change(What.GOES, ORG, ONE)]
    assert apply(found, ONE, all_of(Member(NET, b"b"))) == []


def test_another_label_has_it_begin_anew() -> None:
    found = catalogs()
    apply(found, ONE, all_of(Member(ORG, b"a")))
    assert apply(found, ONE, all_of(Member(ORG, b"b"))) == [Change(What.RESETS, ORG, ONE)]


@pytest.mark.parametrize("zone", [ORG, COM, ONE])
def test_zones_of_the_corefile_and_those_not_admitted_are_left_out(zone: bytes) -> None:
    found = catalogs(ORG)
    assert apply(found, ONE, all_of(Member(zone, b"a"))) == []
    assert len(found.complaints) == 1


def test_another_catalog_may_not_take_a_zone() -> None:
    found = catalogs()
    apply(found, ONE, all_of(Member(ORG, b"a")))
    assert apply(found, TWO, all_of(Member(ORG, b"a"))) == []
    assert "comes from catalog one." in found.complaints[0]


@pytest.mark.parametrize(("label", "what"), [(b"a", What.MOVES), (b"b", What.RESETS)])
def test_a_catalog_may_give_a_zone_to_another(label: bytes, what: What) -> None:
    found = catalogs()
    apply(found, ONE, all_of(Member(ORG, b"a", TWO)))
    assert apply(found, TWO, all_of(Member(ORG, label))) == [Change(what, ORG, TWO)]
    assert apply(found, ONE, {}) == []


def test_who_waited_for_a_zone_gets_it_when_the_other_lets_it_go() -> None:
    found = catalogs()
    apply(found, ONE, all_of(Member(ORG, b"a")))
    apply(found, TWO, all_of(Member(ORG, b"a")))
    assert apply(found, ONE, {}) == [Change(What.GOES, ORG, ONE), Change(What.COMES, ORG, TWO)]


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    found = catalogs()
    assert len(apply(found, ONE, all_of(Member(ORG, b"a"), Member(NET, b"b")))) == 1
    assert "1 zones" in found.complaints[0]


def test_who_goes_on_has_the_zones_that_may_still_come() -> None:
    old = catalogs()
    apply(old, ONE, all_of(Member(ORG, b"a"), Member(NET, b"b")))
    apply(old, TWO, all_of(Member(b"\3two\4more\0", b"c")))
    new = catalogs(NET)
    assert new.inherit(ONE, old) == [ORG]
    assert new.inherit(b"\5other\0", old) == []
    assert new.owners == {ORG: (ONE, b"a")}
    assert apply(new, ONE, all_of(Member(ORG, b"a"))) == []


some_members = some.builds(
    Member, some.sampled_from([ORG, NET, COM]), some.sampled_from([b"a", b"b"]), some.sampled_from([None, ONE, TWO])
)
some_catalogs = some.lists(some_members, max_size=3).map(lambda found: all_of(*found))


@given(some.lists(some.tuples(some.sampled_from([ONE, TWO]), some_catalogs), max_size=8))
def test_what_is_done_leads_to_who_owns(steps: list[tuple[bytes, Mapping[bytes, Member]]]) -> None:
    found = catalogs()
    here: set[bytes] = set()
    latest: dict[bytes, Mapping[bytes, Member]] = {}
    for catalog, members in steps:
        latest[catalog] = members
        for what, zone, _ in apply(found, catalog, members):
            assert (zone in here) == (what is not What.COMES)
            (here.discard if what is What.GOES else here.add)(zone)
        assert here == found.owners.keys()
        assert all(latest[owner][zone].label == label for zone, (owner, label) in found.owners.items())
        assert here == {zone for each in latest.values() for zone in each} - {COM}
