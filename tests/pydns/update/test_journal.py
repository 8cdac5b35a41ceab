"""The journal on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydns.update.entries import difference, header, saved
from pydns.update.journal import Contents, Journal, JournalError
from pydns.zone.difference import Delta
from tests.pydns.zone.zones import ORIGIN, soa

HEAD = header(b"lineage1", ORIGIN)
FILE = b"d" * 16


def delta(serial: int) -> Delta:
    return Delta(soa(serial), (), soa(serial + 1), ())


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    found = Journal(tmp_path / "db.journal", ORIGIN)
    assert found.open()
    found.rewrite(HEAD + saved(FILE, 1))
    return found


def contents(journal: Journal, *place: int) -> Contents:
    found = journal.read(*place)
    assert found is not None
    return found


def test_what_was_appended_is_read(journal: Journal) -> None:
    journal.append(difference(delta(1)) + difference(delta(2)))
    journal.append(saved(b"e" * 16, 3))
    found = contents(journal)
    assert (found.lineage, found.deltas, found.rest) == (b"lineage1", (delta(1), delta(2)), 0)
    assert found.saved == {FILE: 1, b"e" * 16: 3}
    assert found.size == journal.size == journal.path.stat().st_size


@pytest.mark.parametrize(("serial", "count"), [(1, 2), (2, 1), (3, 0)])
def test_what_leads_on_from_a_version(serial: int, count: int, journal: Journal) -> None:
    journal.append(difference(delta(1)) + difference(delta(2)))
    assert len(contents(journal).since(serial)) == count


def test_a_version_that_is_none_of_its(journal: Journal) -> None:
    journal.append(difference(delta(1)))
    with pytest.raises(JournalError):
        contents(journal).since(7)


def test_what_the_file_does_not_have(journal: Journal) -> None:
    journal.append(difference(delta(1)) + difference(delta(2)))
    journal.append(saved(b"e" * 16, 2))
    assert contents(journal).unsaved() == (delta(2),)


def test_one_at_a_time_writes(journal: Journal) -> None:
    other = Journal(journal.path, ORIGIN)
    assert not other.open()
    journal.close()
    assert other.open()
    assert not journal.open()


def test_who_waits_for_a_journal_that_was_replaced_has_the_new_one(journal: Journal) -> None:
    other = Journal(journal.path, ORIGIN)
    assert not other.open()
    journal.rewrite(HEAD)
    assert not other.open()
    journal.close()
    assert other.open()
    assert other.is_there()


def test_it_is_seen_where_somebody_removes_it(journal: Journal) -> None:
    assert journal.is_there()
    journal.path.unlink()
    assert not journal.is_there()
    journal.path.write_bytes(b"")
    assert not journal.is_there()


def test_what_a_broken_write_has_left_goes(journal: Journal) -> None:
    with journal.path.open("ab") as file:
        file.write(difference(delta(8)) + b"rest")
    journal.append(difference(delta(1)))
    assert contents(journal).deltas == (delta(1),)


def test_a_cut_end_is_told(journal: Journal) -> None:
    with journal.path.open("ab") as file:
        file.write(difference(delta(1))[:-3])
    found = contents(journal)
    assert (found.deltas, found.size, found.rest) == ((), journal.size, len(difference(delta(1))) - 3)
    assert not found.damaged


def test_damage_is_told_and_kept(journal: Journal) -> None:
    first = journal.size
    journal.append(difference(delta(1)) + difference(delta(2)))
    data = bytearray(journal.path.read_bytes())
    data[first + 20] ^= 1
    journal.path.write_bytes(data)
    found = contents(journal)
    assert (found.deltas, found.size, found.damaged) == ((), first, True)
    assert journal.keep_copy().read_bytes() == data


def test_a_write_that_fails_half_way_leaves_nothing_to_be_read(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another process would take what its sender was told is not done."""
    write = os.pwrite

    def fill(file: int, data: memoryview, at: int) -> int:
        write(file, data, at)
        raise OSError("no room")

    monkeypatch.setattr(os, "pwrite", fill)
    with pytest.raises(OSError, match="no room"):
        journal.append(difference(delta(1)) + difference(delta(2)))
    assert contents(journal).deltas == ()


def test_only_what_is_new_is_read(journal: Journal) -> None:
    journal.append(difference(delta(1)))
    first = contents(journal)
    journal.append(difference(delta(2)))
    assert contents(journal, first.inode, first.size).deltas == (delta(2),)
    journal.rewrite(HEAD + difference(delta(1)) + difference(delta(2)))
    assert contents(journal, first.inode, first.size).deltas == (delta(1), delta(2))


def test_there_is_none(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "db.journal", ORIGIN)
    assert journal.read() is None
    assert journal.open()
    assert journal.read() is None  # it was made, and has nothing in it yet


def test_it_is_something_else(journal: Journal) -> None:
    journal.path.write_bytes(b"$ORIGIN example.org.")
    with pytest.raises(JournalError, match="no journal of pydns, or one of another version; move it away"):
        journal.read()


def test_nothing_is_written_while_it_is_closed(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not open"):
        Journal(tmp_path / "db.journal", ORIGIN).append(b"x")


def test_a_rewrite_that_fails_leaves_it_as_it_was(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no room"):
        journal.rewrite(HEAD)
    assert contents(journal).saved == {FILE: 1}
    assert [path.name for path in journal.path.parent.iterdir()] == ["db.journal"]


def test_what_was_appended_is_on_the_disk(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    monkeypatch.setattr("os.fdatasync", lambda _: flushed.append(journal.path.stat().st_size))
    before = journal.size
    journal.append(difference(delta(1)))
    assert flushed == [before + len(difference(delta(1)))]
