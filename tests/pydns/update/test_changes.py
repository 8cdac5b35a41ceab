"""What updates make of a zone: the cases of RFC 2136 section 3.4.2, and a model that any sequence is held against."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydns.records import Rcode, Record, Type
from pydns.steps import whole
from pydns.update.changes import changing, next_serial
from pydns.update.committing import applied
from pydns.update.errors import UpdateError
from pydns.zone.difference import Delta, difference
from pydns.zone.zone import Zone
from tests.pydns.update.messages import ANY, add, address, delete
from tests.pydns.update.model import updated
from tests.pydns.zone.model import model_of, rrsets, rrsets_of
from tests.pydns.zone.zones import RECORDS, absolute, record, said, soa, zone_of

NS = record("@", "NS", "ns")
WWW = record("www", "A", address(1))


def change(zone: Zone, *changes: Record) -> tuple[Zone, Delta | None]:
    delta = whole(changing(zone, changes))
    return (zone, None) if delta is None else (whole(applied(zone, delta)), delta)


def after(*changes: Record, of: Sequence[Record] = (NS, WWW)) -> list[str]:
    """What the zone holds then, less its SOA."""
    zone, _ = change(zone_of(*of), *changes)
    return sorted(said(each for rrset in zone.rrsets() for each in rrset.records() if each.type != Type.SOA))


BOTH = ["@ NS ns", "www A 192.0.2.1"]
CASES = {
    "add": ([add("a", "A", address(2))], ["@ NS ns", "a A 192.0.2.2", "www A 192.0.2.1"]),
    "add to an RRset": ([add("www", "A", address(2))], [*BOTH, "www A 192.0.2.2"]),
    "add what is there": ([add("www", "A", address(1))], BOTH),
    "add a CNAME beside others": ([add("www", "CNAME", "a")], BOTH),
    "add a CNAME at the apex": ([add("@", "CNAME", "a")], BOTH),
    "add beside a CNAME": ([add("a", "CNAME", "b"), add("a", "A", address(1))], ["@ NS ns", "a CNAME b", BOTH[1]]),
    "add a CNAME where one is": ([add("a", "CNAME", "b"), add("a", "CNAME", "c")], ["@ NS ns", "a CNAME c", BOTH[1]]),
    "add a DNAME where one is": ([add("a", "DNAME", "b"), add("a", "DNAME", "c")], ["@ NS ns", "a DNAME c", BOTH[1]]),
    "a signature beside a CNAME": ([add("a", "CNAME", "b"), add("a", "RRSIG", b"x")],
                                   ["@ NS ns", "a CNAME b", "a RRSIG", BOTH[1]]),
    "an NS of a wildcard": ([add("*.a", "NS", "ns")], BOTH),
    "delete, then a CNAME": ([delete("www"), add("www", "CNAME", "a")], ["@ NS ns", "www CNAME a"]),
    "add a SOA below the apex": ([Record(absolute("www"), 6, 1, 60, soa(9).rdata)], BOTH),
    "delete a name": ([delete("www")], ["@ NS ns"]),
    "delete an RRset": ([delete("www", "A")], ["@ NS ns"]),
    "delete an RRset that is not there": ([delete("www", "AAAA")], BOTH),
    "delete a record": ([delete("www", "A", address(1))], ["@ NS ns"]),
    "delete a record that is not there": ([delete("www", "A", address(2))], BOTH),
    "delete a name that is not there": ([delete("nobody")], BOTH),
    "delete the apex": ([add("@", "MX", b"\0\1\0"), delete("@")], BOTH),
    "delete all NS of the apex": ([delete("@", "NS")], BOTH),
    "delete the last NS of the apex": ([delete("@", "NS", "ns")], BOTH),
    "delete an NS of the apex": ([add("@", "NS", "a"), delete("@", "NS", "ns")], ["@ NS a", "www A 192.0.2.1"]),
    "delete both NS of the apex": ([add("@", "NS", "a"), delete("@", "NS", "ns"), delete("@", "NS", "a")],
                                   ["@ NS a", "www A 192.0.2.1"]),
    "delete the last NS of another name": ([add("a", "NS", "ns"), delete("a", "NS", "ns")], BOTH),
    "delete the SOA": ([delete("@", "SOA")], BOTH),
    "delete the SOA by value": ([delete("@", "SOA", soa().rdata)], BOTH),
    "add and delete": ([add("a", "A", address(2)), delete("a")], BOTH),
    "delete in other letters": ([add("a", "NS", "NS"), delete("a", "NS", "ns")], BOTH),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "wanted"), CASES.values(), ids=CASES)
def test_the_zone_holds(changes: list[Record], wanted: list[str]) -> None:
    assert after(*changes) == wanted


def test_wks_of_one_address_and_protocol_is_replaced() -> None:
    """RFC 2136 section 1.1.5."""
    old, new, other = address(1) + b"\x06\x01", address(1) + b"\x06\x02", address(1) + b"\x11\x01"
    zone, _ = change(zone_of(record("a", "TYPE11", old)), add("a", "TYPE11", new), add("a", "TYPE11", other))
    found = zone.rrset(absolute("a"), 11)
    assert found is not None
    assert set(found.rdatas) == {new, other}


def test_the_ttl_of_a_record_is_that_of_all() -> None:
    zone, _ = change(zone_of(WWW), add("www", "A", address(2), 900))
    found = zone.rrset(absolute("www"), 1)
    assert found is not None
    assert (found.ttl, len(found.rdatas)) == (900, 2)


def test_letters_of_names_are_those_of_the_update() -> None:
    zone, _ = change(zone_of(record("a", "NS", "ns")), add("a", "NS", "NS"))
    found = zone.rrset(absolute("a"), 2)
    assert found is not None
    assert found.rdatas == (add("a", "NS", "NS").rdata,)


@pytest.mark.parametrize(
    ("serial", "wanted"),
    [(1, 2), (0x7FFF_FFFF, 0x8000_0000), (0xFFFF_FFFE, 0xFFFF_FFFF), (0xFFFF_FFFF, 1), (0, 1)],
)
def test_the_next_serial(serial: int, wanted: int) -> None:
    assert next_serial(serial) == wanted


@pytest.mark.parametrize(
    ("before", "given", "wanted"),
    [
        (5, 9, 9),  # later: taken
        (5, 3, 5),  # it would go back: passed over, and nothing changed
        (0xFFFF_FFF0, 3, 3),  # later, round the circle
        (5, 0x8000_0005, 5),  # neither earlier nor later
    ],
)
def test_a_soa_of_another_serial(before: int, given: int, wanted: int) -> None:
    zone, _ = change(of_serial(before), soa(given))
    assert zone.serial == wanted


def of_serial(serial: int) -> Zone:
    return whole(applied(zone_of(WWW), Delta(soa(1), (), soa(serial), ())))


def test_a_soa_of_the_same_serial_counts_as_a_change() -> None:
    zone, _ = change(zone_of(WWW), soa(1, minimum=77))
    assert (zone.serial, zone.soa.rdatas[0][-4:]) == (2, (77).to_bytes(4))


def test_a_serial_of_the_updates_own_is_not_raised_again() -> None:
    zone, _ = change(zone_of(WWW), soa(7), add("a", "A", address(1)))
    assert zone.serial == 7


def test_the_serial_grows_once_an_update() -> None:
    zone, delta = change(zone_of(WWW), *(add(f"a{i}", "A", address(i)) for i in range(250)))
    assert delta is not None
    assert (zone.serial, len(delta.added)) == (2, 250)


def test_what_changes_nothing_leaves_the_serial() -> None:
    assert change(zone_of(WWW), add("www", "A", address(1)), delete("nobody"))[1] is None


def test_a_name_has_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydns.update.changes.MAX_RECORDS", 2)
    with pytest.raises(UpdateError) as caught:
        change(zone_of(WWW), add("www", "A", address(2)), add("www", "A", address(3)))
    assert caught.value.rcode == Rcode.REFUSED


_LABELS = st.lists(st.sampled_from(["a", "b", "*"]), max_size=2).map(lambda labels: ".".join(labels) or "@")
_TYPES = st.sampled_from(["A", "NS", "CNAME", "DNAME", "TXT", "SOA", "RRSIG", "ANY"])


def _one_of(records: list[Record]) -> st.SearchStrategy[Record]:
    adding = st.sampled_from(records)
    return st.one_of(
        adding,
        adding.map(lambda each: each._replace(class_=254, ttl=0)),
        st.builds(lambda owner, type_: delete(owner, type_)._replace(class_=ANY), _LABELS, _TYPES),
        st.builds(soa, st.sampled_from([1, 2, 3, 0xFFFF_FFFF]), minimum=st.sampled_from([300, 60])),
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_model_and_the_zone_agree_on_any_sequence(data: st.DataObject) -> None:
    zone = zone_of(NS, WWW)
    model = model_of([soa(), NS, WWW])
    records = [*data.draw(RECORDS), WWW]
    for changes in data.draw(st.lists(st.lists(_one_of(records), max_size=8), max_size=6)):
        before = zone
        zone, delta = change(zone, *changes)
        model = updated(model, changes)
        assert rrsets_of(zone) == rrsets(model)
        if delta is not None:
            found = whole(difference(before, zone))
            assert found is not None
            assert (set(found.removed), set(found.added)) == (set(delta.removed), set(delta.added))
