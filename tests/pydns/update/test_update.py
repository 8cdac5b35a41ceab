"""A zone that takes updates, from its file and its journal back to its file."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from pydns import names
from pydns.records import Rcode
from pydns.update import writingback
from pydns.update.performing import Outcome
from tests.pydns.update.messages import delete, message
from tests.pydns.update.sites import KEY, octets, put, remove, site, until
from tests.pydns.zone.zones import ORIGIN


async def test_an_update_is_in_the_journal_and_at_the_end_in_the_file(
    path: Path, journal: Path, nursery: trio.Nursery
) -> None:
    async with site(path, nursery) as here:
        assert await here.update("a") == Outcome(0)
        assert (here.has("a"), here.serial) == (True, 2)
        assert b"\1a\7example" in octets(journal)
        assert b"by hand" in octets(path)
    assert "a.example.org.\t600\tIN\tA\t192.0.2.1\n" in octets(path).decode()
    async with site(path, nursery) as here:
        assert (here.has("a"), here.serial) == (True, 2)
        assert not here.zone.unsaved
        assert len(here.zone.held.since(1) or ()) == 1  # IXFR goes on
    nursery.cancel_scope.cancel()


async def test_what_is_in_the_journal_alone_is_there_again(path: Path, journal: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        for i in range(5):
            await here.update(f"a{i}")
        kept = octets(path), octets(journal)
    put(path, kept[0])
    put(journal, kept[1] + b"D\0\0")  # as after a crash in the middle of a write
    async with site(path, nursery) as here:
        assert (here.has("a4"), here.serial, len(here.zone.unsaved)) == (True, 6, 5)
        await here.update("b")
        assert here.serial == 7
    async with site(path, nursery) as here:
        assert here.has("b")
    nursery.cancel_scope.cancel()


async def test_a_crash_between_the_journal_and_the_file(
    path: Path, journal: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal knows the file that was to come."""

    def crash(*_: object) -> None:
        raise OSError("crash")

    with monkeypatch.context() as patched:
        patched.setattr(writingback, "put_in_place", crash)
        async with site(path, nursery) as here:
            await here.update("a")
    assert "by hand" in octets(path).decode()
    async with site(path, nursery) as here:
        assert (here.has("a"), len(here.zone.unsaved)) == (True, 1)
    nursery.cancel_scope.cancel()


@pytest.mark.usefixtures("_no_pause")
async def test_our_own_writing_is_no_change(path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(path, nursery) as here:
        monkeypatch.setattr("pydns.zone.loader.read_zone", None)  # nothing is read again
        for i in range(3):
            await here.update(f"a{i}")
            await until(lambda: not here.zone.unsaved)
        await trio.sleep(0.4)  # an event would have come by now
        await here.update("b")
        assert here.serial == 5
        assert octets(path.with_name("db.orig")).decode().endswith("by hand\n")
    nursery.cancel_scope.cancel()


async def test_a_file_that_is_gone_is_made_anew(path: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        await here.update("a")
        remove(path)
        await until(lambda: bool(here.zone.file.complaint))
        assert await here.zone.writing_back.save()
        assert not here.zone.file.complaint
        assert b"a.example.org." in octets(path)
    nursery.cancel_scope.cancel()


@pytest.mark.usefixtures("_no_pause")
async def test_a_journal_does_not_grow_for_ever(
    path: Path, journal: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writingback, "LONGEST", 5000)
    monkeypatch.setattr("pydns.zone.holder.KEPT_DELTAS", 5)
    async with site(path, nursery) as here:
        for i in range(60):
            await here.update("a", i)
        await until(lambda: not here.zone.unsaved and len(octets(journal)) < 10_000)
    async with site(path, nursery) as here:
        assert here.serial == 60 + 1
        assert here.zone.held.history
    nursery.cancel_scope.cancel()


async def test_a_reload_of_the_corefile_goes_on_with_it(path: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as old:
        await old.update("a")
        async with site(path, nursery, old.plugin.house) as new:
            assert new.plugin.following[ORIGIN] is old.zone
            assert new.plugin.held() == old.plugin.held()
            await old.update("b")
            assert new.plugin.following[ORIGIN].held.zone is old.zone.held.zone
    assert "b.example.org." in octets(path).decode()
    nursery.cancel_scope.cancel()


async def test_a_file_that_cannot_be_written_is_told_once(
    path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OSError("Device or resource busy")

    def told() -> int:
        return caplog.text.count("cannot be written back to it: Device or resource busy")

    async with site(path, nursery) as here:
        await here.update("a")
        with monkeypatch.context() as patched:
            patched.setattr(writingback, "put_in_place", fail)
            assert [await here.zone.writing_back.save() for _ in range(3)] == [False] * 3
            assert told() == 1
        assert await here.zone.writing_back.save()
        await here.update("b")
        with monkeypatch.context() as patched:
            patched.setattr(writingback, "put_in_place", fail)
            assert not await here.zone.writing_back.save()
            assert told() == 2
    nursery.cancel_scope.cancel()


async def test_a_folder_that_takes_no_journal(
    path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> bool:
        raise OSError("Read-only file system")

    monkeypatch.setattr("pydns.update.performing.PATIENCE", 0.01)
    monkeypatch.setattr("pydns.update.journal.Journal.open", fail)
    async with site(path, nursery) as here:
        assert (await here.update("a")).rcode == Rcode.SERVFAIL
        assert here.has("www")
    nursery.cancel_scope.cancel()


async def test_a_journal_that_cannot_be_read(path: Path, journal: Path, nursery: trio.Nursery) -> None:
    """Nobody knows what it holds, so what is in the file alone is not served."""
    put(journal, b"something else")
    async with site(path, nursery) as here:
        assert here.serial is None
        assert "no journal of pydns" in here.zone.file.complaint
        remove(journal)
        await until(lambda: here.has("www"))
    nursery.cancel_scope.cancel()


async def test_a_journal_that_is_damaged_is_kept(
    path: Path, journal: Path, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    """The entries behind the damage were answered once: who has the copy may find them."""
    before = octets(path)
    async with site(path, nursery) as here:
        for i in range(3):
            await here.update(f"a{i}")
        kept = octets(journal)
    damaged = kept.replace(b"\2a1\7example", b"\2b1\7example")
    put(path, before)
    put(journal, damaged)
    async with site(path, nursery) as here:
        assert (here.has("a0"), here.has("a2")) == (True, False)
        await here.update("c")
        assert octets(path.with_name("db.journal.damaged")) == damaged
    assert "is damaged at octet" in caplog.text
    nursery.cancel_scope.cancel()


async def test_a_key_without_a_grant(path: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        assert (await here.update("a", key=names.from_text("other"))).rcode == Rcode.REFUSED
    nursery.cancel_scope.cancel()


async def test_one_delete_and_one_malformed(path: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        perform = here.zone.relay.perform
        assert (await perform(message([], [delete("www")]), KEY, "")).rcode == Rcode.NOERROR
        assert (await perform(message([], [delete("www")])[:-1], KEY, "")).rcode == Rcode.FORMERR
        assert not here.has("www")
    nursery.cancel_scope.cancel()
