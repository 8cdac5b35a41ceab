"""Changes to a zone, one after the other, held against the zone that is built of the same records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.errors import ZoneError
from pydns.records import Record
from pydns.zone import change as changes
from pydns.zone import zone as zones
from pydns.zone.change import _LOOK, _Change
from pydns.zone.zone import LARGE, PARTS, Zone
from tests.pydns.zone.model import existing, model_of, rrsets, rrsets_of
from tests.pydns.zone.test_builder import check_nodes
from tests.pydns.zone.zones import ORIGIN, RECORDS, absolute, build, record, soa, sound, zone_of


def all_records(zone: Zone) -> list[Record]:
    return [each for rrset in zone.rrsets() for each in rrset.records()]


@given(RECORDS, st.lists(st.tuples(RECORDS, st.randoms()), max_size=4))
def test_it_is_as_if_built_anew(first: list[Record], changes: list[tuple[list[Record], object]]) -> None:
    zone = build([soa(), *first])
    for serial, (more, random) in enumerate(changes, 2):
        old = all_records(zone)
        there = [each for each in old if each.type != 6]
        removed = random.sample(there, random.randint(0, len(there)))  # type: ignore[attr-defined]
        kept = [each for each in there if each not in removed]
        added = sound([*kept, *more])[len(kept) :]
        before = rrsets_of(zone)
        changed = zone.changed([soa(serial - 1), *removed], [soa(serial), *added])
        model = model_of([soa(serial), *kept, *added])
        assert rrsets_of(changed) == rrsets(model)
        assert {name for part in changed.parts for name in part} == existing(model, ORIGIN)
        assert changed.names == sum(map(len, changed.parts))
        assert changed.records == sum(map(len, model.values()))
        assert changed.serial == serial
        check_nodes(changed, exact=False)
        assert rrsets_of(zone) == before
        zone = changed


def test_what_did_not_change_is_shared() -> None:
    zone = zone_of(*(record(f"h{i}", "A", i.to_bytes(4)) for i in range(LARGE)))
    changed = zone.changed([soa(1)], [soa(2), record("new", "A", bytes(4))])
    assert len(zone.parts) == PARTS
    assert sum(a is not b for a, b in zip(zone.parts, changed.parts, strict=True)) <= 2


def test_a_zone_that_grows_is_divided() -> None:
    changed = zone_of().changed([], [record(f"h{i}", "A", i.to_bytes(4)) for i in range(LARGE)])
    assert len(changed.parts) == PARTS


def test_a_zone_that_grows_is_divided_while_it_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    divided: list[int] = []

    def note(part: dict[bytes, bytes]) -> list[dict[bytes, bytes]]:
        divided.append(len(part))
        return zones.divided(part)

    monkeypatch.setattr(changes, "divided", note)
    zone_of().changed([], [record(f"h{i}", "A", bytes(4)) for i in range(3 * LARGE)])
    assert divided == [1]


def test_each_name_ends_a_step() -> None:
    steps = zone_of().changing([], [record(f"h{i}", "A", bytes(4)) for i in range(2000)])
    assert sum(1 for _ in steps) >= 2000


def test_names_that_come_are_looked_at_in_steps() -> None:
    change = _Change(zone_of(), 2000)
    for i in range(2000):
        change.apply(absolute(f"h{i}"), [], [record(f"h{i}", "A", bytes(4))])
    assert sum(1 for _ in change.mark_below()) == 2000 // _LOOK


@pytest.mark.parametrize(
    ("removed", "added", "words"),
    [
        ([record("gone", "A", b"1111")], [], "no such A record to remove"),
        ([record("www", "A", b"2222")], [], "no such A record to remove"),
        ([record("www", "A", b"1111")] * 2, [], "no such A record to remove"),
        ([soa()], [], "has no SOA"),
        ([], [soa(2)], "has 2 SOA"),
        ([], [record("www", "CNAME", "a"), record("www", "CNAME", "b")], "2 CNAME records"),
        ([], [record("www.example.net.", "A", b"1111")], "not within"),
        ([], [record("www", "ANY", b"1111")], "type ANY"),
        ([], [soa(origin=absolute("www"))], "not the apex"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(removed: list[Record], added: list[Record], words: str) -> None:
    with pytest.raises(ZoneError, match=words):
        zone_of(record("www", "A", b"1111")).changed(removed, added)


def test_names_below_a_new_cut_are_marked() -> None:
    zone = zone_of(*(record(f"h{i}.sub", "A", i.to_bytes(4)) for i in range(20_000)))
    check_nodes(zone.changed([], [record("sub", "NS", "h1.sub")]))
