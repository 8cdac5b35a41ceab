"""What a zone tells of itself."""

from __future__ import annotations

from pydns.zone.rrset import is_later, minimum_of
from tests.pydns.zone.zones import ORIGIN, absolute, record, soa, zone_of

ZONE = zone_of(record("@", "NS", "ns"), record("x.y", "A", b"1111"), record("x.y", "A", b"2222"))


def test_it_knows_its_soa() -> None:
    assert (ZONE.origin, ZONE.serial, ZONE.soa.records()) == (ORIGIN, 1, (soa(),))
    assert minimum_of(ZONE.soa.rdatas[0]) == 300


def test_the_soa_comes_first_and_once() -> None:
    rrsets = list(ZONE.rrsets())
    assert rrsets[0] == ZONE.soa
    assert sorted(rrset.type for rrset in rrsets) == [1, 2, 6]


def test_an_rrset_is_all_records_of_a_name_and_type() -> None:
    assert ZONE.rrset(absolute("x.y"), 1) == (absolute("x.y"), 1, 600, (b"1111", b"2222"))


def test_there_is_none_of_another_type_or_name() -> None:
    assert ZONE.rrset(absolute("x.y"), 28) is None
    assert ZONE.rrset(absolute("x"), 1) is None


def test_a_name_that_has_only_names_below_has_no_records() -> None:
    assert ZONE.rrsets_at(absolute("y")) == ()


def test_a_name_that_does_not_exist_has_nothing() -> None:
    assert ZONE.rrsets_at(absolute("x")) is None


def test_serials_turn_around() -> None:
    assert is_later(1, (1 << 32) - 1)
    assert not is_later((1 << 32) - 1, 1)
    assert not is_later(5, 5)
    assert not is_later(1 << 31, 0)
