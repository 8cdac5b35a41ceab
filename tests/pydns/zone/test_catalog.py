"""Catalog zones (RFC 9432)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.names import from_text
from pydns.records import Record, Type
from pydns.steps import whole
from pydns.zone.builder import Builder
from pydns.zone.catalog import CatalogError, Member, catalog_zone, label_of, members
from pydns.zone.zone import Zone

ORIGIN = from_text("catalog.invalid")
ORG, NET = from_text("example.org"), from_text("example.net")


def record(owner: str, type_: Type, rdata: bytes) -> Record:
    return Record(from_text(owner), type_, 1, 0, rdata)


def ptr(owner: str, target: str) -> Record:
    return record(owner, Type.PTR, from_text(target).replace(b"org", b"Org"))


VERSION = record("version.catalog.invalid", Type.TXT, b"\x012")


def zone_of(*records: Record) -> Zone:
    builder = Builder(ORIGIN)
    builder.add(ORIGIN, Type.SOA, 0, b"\0\0" + bytes(20))
    for each in records:
        builder.add(each.owner, each.type, each.ttl, each.rdata)
    return whole(builder.finish())


def read(*records: Record) -> dict[bytes, Member]:
    return whole(members(zone_of(*records)))


def test_members_are_listed_by_label() -> None:
    found = read(VERSION, ptr("a.zones.catalog.invalid", "example.org"), ptr("b.zones.catalog.invalid", "example.net"))
    assert found == {ORG: Member(ORG, b"a"), NET: Member(NET, b"b")}


def test_a_catalog_may_be_empty() -> None:
    assert read(VERSION) == {}


def test_a_member_may_be_given_away() -> None:
    found = read(
        VERSION, ptr("a.zones.catalog.invalid", "example.org"), ptr("coo.a.zones.catalog.invalid", "other.invalid")
    )
    assert found == {ORG: Member(ORG, b"a", from_text("other.invalid"))}


OTHERS = [
    record("group.a.zones.catalog.invalid", Type.TXT, b"\1x"),
    ptr("x.ext.a.zones.catalog.invalid", "example.com"),
    ptr("x.ext.catalog.invalid", "example.com"),
    ptr("zones.catalog.invalid", "example.com"),
    ptr("a.zones.sub.catalog.invalid", "example.com"),
    record("b.zones.catalog.invalid", Type.A, bytes(4)),
    ptr("ab\\005zones.catalog.invalid", "example.com"),  # one label, which ends as the two do
]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_other_properties_are_passed_over(other: Record) -> None:
    assert [*read(VERSION, ptr("a.zones.catalog.invalid", "example.org"), other)] == [ORG]


BROKEN = {
    "no version": [],
    "two versions": [VERSION, VERSION._replace(rdata=b"\x011")],
    "another version": [VERSION._replace(rdata=b"\x013")],
    "a version of two strings": [VERSION._replace(rdata=b"\x012\x012")],
    "two zones at one label": [VERSION, ptr("a.zones.catalog.invalid", "b"), ptr("a.zones.catalog.invalid", "c")],
    "one zone at two labels": [VERSION, ptr("a.zones.catalog.invalid", "b"), ptr("b.zones.catalog.invalid", "b")],
    "two to give it to": [
        VERSION,
        ptr("a.zones.catalog.invalid", "b"),
        ptr("coo.a.zones.catalog.invalid", "c"),
        ptr("coo.a.zones.catalog.invalid", "d"),
    ],
}


@pytest.mark.parametrize("records", BROKEN.values(), ids=BROKEN)
def test_a_broken_catalog_counts_for_nothing(records: list[Record]) -> None:
    with pytest.raises(CatalogError):
        read(*records)


@given(some.sets(some.sampled_from([ORG, NET, b"\0", from_text("x" * 63 + ".org")])), some.integers(0, 2**32 - 1))
def test_what_we_make_we_can_read(zones: set[bytes], serial: int) -> None:
    made = whole(catalog_zone(ORIGIN, zones, serial))
    assert made.serial == serial
    assert whole(members(made)) == {zone: Member(zone, label_of(zone)) for zone in zones}
