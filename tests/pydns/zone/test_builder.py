"""A zone of records in any order, held against a plain dict."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given

from pydns import names
from pydns.errors import ZoneError
from pydns.records import Record
from pydns.steps import whole
from pydns.zone import node as nodes
from pydns.zone.builder import MAX_RECORDS, Builder
from pydns.zone.zone import LARGE, PARTS, Zone
from tests.pydns.zone.model import existing, model_of, rrsets, rrsets_of
from tests.pydns.zone.zones import ORIGIN, RECORDS, absolute, build, record, soa, spelled, zone_of


@given(RECORDS)
def test_it_holds_what_was_added(records: list[Record]) -> None:
    model = model_of([soa(), *records])
    zone = build([soa(), *records])
    assert rrsets_of(zone) == rrsets(model)
    assert zone.records == sum(map(len, model.values()))


@given(RECORDS)
def test_names_exist_with_those_above_them(records: list[Record]) -> None:
    model = model_of([soa(), *records])
    zone = build([soa(), *records])
    there = {name for part in zone.parts for name in part}
    assert there == existing(model, ORIGIN)
    assert zone.names == len(there)


@given(RECORDS)
def test_nodes_know_their_surroundings(records: list[Record]) -> None:
    check_nodes(build([soa(), *records]))


def check_nodes(zone: Zone, *, exact: bool = True) -> None:
    """Flags and counts of children. Where not `exact`, BELOW may be set in vain."""
    there = {name: node for part in zone.parts for name, node in part.items()}
    parents = Counter(names.parent(each) for each in there if each != zone.origin)
    for name, node in there.items():
        flags, children = nodes.HEAD.unpack_from(node)
        types = {type_ for type_, _, _, _ in nodes.sets_of(node)}
        above = [there[each] for each in names.ancestors(names.parent(name)) if names.is_within(each, zone.origin)]
        below = name != zone.origin and any(each[0] & (nodes.CUT | nodes.DNAME) for each in above)
        wanted = (2 in types and name != zone.origin) * nodes.CUT | (39 in types) * nodes.DNAME
        wanted |= (5 in types) * nodes.CNAME | (b"\x01*" + name in there) * nodes.WILDCARD
        assert children == parents[name]
        assert flags & ~nodes.BELOW == wanted
        assert below <= bool(flags & nodes.BELOW)
        assert not exact or below == bool(flags & nodes.BELOW)


def test_a_large_zone_is_divided() -> None:
    zone = zone_of(*(record(f"h{i}", "A", i.to_bytes(4)) for i in range(LARGE)), record("*.x.y", "A", bytes(4)))
    assert len(zone.parts) == PARTS
    check_nodes(zone)
    assert zone.records == LARGE + 2


def test_the_finish_of_a_large_zone_takes_several_steps() -> None:
    builder = Builder(ORIGIN)
    for each in (soa(), record("cut", "NS", "ns.cut"), *(record(f"h{i}.cut", "A", bytes(4)) for i in range(9000))):
        builder.add(each.owner, each.type, each.ttl, each.rdata)
    assert sum(1 for _ in builder.finish()) > 3


def test_many_records_of_one_name_that_come_apart() -> None:
    records = []
    for i in range(1500):
        records += [record("many", "A", i.to_bytes(4)), record(f"h{i}", "A", bytes(4))]
    zone = zone_of(*records)
    many = zone.rrset(absolute("many"), 1)
    assert many is not None
    assert len(many.rdatas) == 1500


def test_names_that_come_in_turns_are_not_packed_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    def note(flags: int, children: int, sets: nodes.Sets, apex: bool) -> bytes:
        counts.append(sum(map(len, sets.values())))
        return packed(flags, children, sets, apex)

    packed = nodes.packed
    monkeypatch.setattr(nodes, "packed", note)
    builder = Builder(ORIGIN)
    for i in range(1000):
        for owner in ("a", "b"):
            builder.add(absolute(owner), 1, 60, i.to_bytes(4))
    assert max(counts) <= 50


def test_names_of_many_labels_take_as_many_steps() -> None:
    builder = Builder(ORIGIN)
    deep = ".".join(["a"] * 100)
    for each in (soa(), record("cut", "DNAME", "x"), *(record(f"h{i}.{deep}", "A", bytes(4)) for i in range(500))):
        builder.add(each.owner, each.type, each.ttl, each.rdata)
    assert sum(1 for _ in builder.finish()) > 500 * 100 // 2500


def test_an_rrset_has_the_lowest_of_its_ttls() -> None:
    zone = zone_of(record("a", "A", b"1111", 9), record("b", "A", b"1111"), record("a", "A", b"2222", 5))
    assert zone.rrset(absolute("a"), 1) == (absolute("a"), 1, 5, (b"1111", b"2222"))


def test_signatures_keep_their_ttls() -> None:
    zone = zone_of(record("a", "RRSIG", b"x", 9), record("a", "RRSIG", b"y", 5))
    assert zone.rrsets_at(absolute("a")) == ((absolute("a"), 46, 9, (b"x",)), (absolute("a"), 46, 5, (b"y",)))


def test_a_ttl_with_the_highest_bit_is_zero() -> None:
    zone = zone_of(record("a", "A", b"1111", 1 << 31))
    assert zone.rrset(absolute("a"), 1) == (absolute("a"), 1, 0, (b"1111",))


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "has no SOA record"),
        ([soa(1), soa(2)], "has 2 SOA records"),
        ([soa()._replace(rdata=b"\0\0")], "is cut"),
        ([soa(), soa(origin=absolute("sub"))], "sub.example.org. has a SOA record and is not the apex"),
        ([soa(), record("www.example.net.", "A", b"1111")], "not within example.org."),
        ([soa(), record(".", "A", b"1111")], "not within example.org."),
        ([soa(), record("a", "ANY", b"1111")], "type ANY"),
        ([soa(), record("a", "OPT", b"")], "type OPT"),
        ([soa(), *(record("a", "TXT", b"\xff" + i.to_bytes(255)) for i in range(300))], "more than fit any message"),
        ([soa(), record("a", "DNAME", "b"), record("a", "DNAME", "c")], "2 DNAME records"),
        ([soa(), record("a", "CNAME", b"")], "rdata of a CNAME record is no name"),
        ([soa(), record("a", "DNAME", spelled("b") + b"x")], "rdata of a DNAME record is no name"),
        ([soa(), record("a", "NS", b"\2a")], "rdata of a NS record is no name"),
        ([soa(), record("a", "NULL", bytes(65_535))], "more than fit"),
        ([soa(), *(record("a", f"TYPE{i}", b"") for i in range(1000, 1400))], "over 256 types"),
        ([soa(), *(record("a", "A", i.to_bytes(4)) for i in range(MAX_RECORDS + 1))], "over 20000 records"),
    ],
)
def test_what_is_no_zone_is_refused(records: list[Record], words: str) -> None:
    with pytest.raises(ZoneError, match=words):
        build(records)


def test_the_root_is_a_zone() -> None:
    zone = zone_of(record("org.", "NS", "ns.org."), record("ns.org.", "A", bytes(4)), origin=names.ROOT)
    assert zone.rrsets_at(names.from_text("ns.org")) is not None
    check_nodes(zone)


def test_nothing_else_may_be_asked_of_half_a_zone() -> None:
    with pytest.raises(ZoneError):
        whole(Builder(ORIGIN).finish())


def test_what_was_added_is_let_go_in_steps() -> None:
    builder = Builder(ORIGIN)
    for i in range(LARGE + 1):
        builder.add(absolute(f"h{i}"), 1, 60, bytes(4))
    assert sum(1 for _ in builder.abandon()) == PARTS


def test_a_builder_that_is_done_holds_nothing() -> None:
    builder = Builder(ORIGIN)
    each = soa()
    builder.add(each.owner, each.type, each.ttl, each.rdata)
    zone = whole(builder.finish())
    assert zone.parts[0] not in builder._parts
