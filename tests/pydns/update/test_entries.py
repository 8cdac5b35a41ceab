"""What a journal holds, as octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.records import Record
from pydns.update.entries import EntryError, Saved, difference, header, lineage_in, read_entries, saved, stands_behind
from pydns.zone.difference import Delta
from tests.pydns.zone.zones import ORIGIN, RECORDS, soa

LINEAGE = bytes(range(8))
_DELTAS = st.builds(
    lambda serial, removed, added: Delta(soa(serial), tuple(removed), soa(serial + 1), tuple(added)),
    st.integers(0, 1000),
    RECORDS,
    RECORDS,
)
_ENTRIES = st.lists(
    st.one_of(_DELTAS, st.builds(Saved, st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1), st.booleans()))
)


def octets(each: Delta | Saved) -> bytes:
    return saved(*each) if isinstance(each, Saved) else difference(each)


@given(_ENTRIES, st.data())
def test_what_was_written_is_read_and_what_was_cut_is_not(found: list[Delta | Saved], data: st.DataObject) -> None:
    head = header(LINEAGE, ORIGIN)
    parts = [octets(each) for each in found]
    whole = head + b"".join(parts)
    assert lineage_in(whole, ORIGIN) == LINEAGE
    assert read_entries(whole, len(head)) == (found, len(whole))
    cut = data.draw(st.integers(len(head), len(whole)))
    ends = [len(head) + len(b"".join(parts[:i])) for i in range(len(parts) + 1)]
    count = max(i for i, end in enumerate(ends) if end <= cut)
    assert read_entries(whole[:cut], len(head)) == (found[:count], ends[count])


@given(_ENTRIES.filter(bool), st.data())
def test_what_was_changed_is_not_taken(found: list[Delta | Saved], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(octets, found)))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    entries, _ = read_entries(bytes(whole), 0)
    assert len(entries) < len(found)
    assert entries == found[: len(entries)]


@given(_ENTRIES.filter(bool), st.data())
def test_damage_is_told_from_an_end_that_is_cut(found: list[Delta | Saved], data: st.DataObject) -> None:
    parts = [octets(each) for each in found]
    whole = bytearray(b"".join(parts))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    _, end = read_entries(bytes(whole), 0)
    assert stands_behind(bytes(whole), end) == (at < len(whole) - len(parts[-1]))


@given(st.binary(max_size=200))
def test_hostile_bytes(data: bytes) -> None:
    assert read_entries(data, 0) == ([], 0)


def test_a_large_record_has_room() -> None:
    big = Record(ORIGIN, 65280, 1, 60, bytes(65_535))
    delta = Delta(soa(1), (), soa(2), (big,))
    assert read_entries(difference(delta), 0)[0] == [delta]


@pytest.mark.parametrize("data", [b"", b"pydns", header(LINEAGE, b"\0"), header(LINEAGE, ORIGIN)[:-1], b"x" * 100])
def test_it_is_no_journal_of_that_zone(data: bytes) -> None:
    with pytest.raises(EntryError):
        lineage_in(data, ORIGIN)
