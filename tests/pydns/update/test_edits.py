"""The master file of a zone that takes updates is edited by hand, put back, or gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from pydns.records import Rcode
from pydns.update import writingback
from pydns.update.performing import Outcome
from pydns.update.saving import Written, digest_of, write_beside
from pydns.zone.zone import Zone
from tests.pydns.update.messages import delete, message
from tests.pydns.update.sites import KEY, is_there, mode, octets, put, remove, set_mode, site, until
from tests.pydns.zone.files import master, replace


async def test_a_hand_edit_is_taken_where_nothing_is_lost_by_it(path: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        replace(path, master(7, "x A 192.0.2.1"))
        await until(lambda: here.serial == 7)
        await here.update("a")
        assert (here.has("x"), here.has("a"), here.serial) == (True, True, 8)
    async with site(path, nursery) as here:
        assert (here.has("x"), here.has("a"), here.serial) == (True, True, 8)
    replace(path, master(20, "y A 192.0.2.1"))  # while nobody served it
    async with site(path, nursery) as here:
        assert (here.has("x"), here.has("y"), here.serial) == (False, True, 20)
        await here.update("a")
    async with site(path, nursery) as here:
        assert here.serial == 21
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("edit", [master(7, "x A 192.0.2.1"), "faulty\n"])
async def test_a_hand_edit_that_lacks_updates_is_refused(
    edit: str, path: Path, journal: Path, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(path, nursery) as here:
        await here.update("a")
        replace(path, edit)
        await until(lambda: here.zone.conflict)
        assert (here.has("a"), here.has("x")) == (True, False)
        assert here.zone.file.complaint
        await here.update("b")  # updates go on
    assert octets(path).decode() == edit
    assert f"was edited while {journal} holds 1 updates that are not in it, so it is not taken" in caplog.text
    assert "b.example.org." in octets(path.with_name("db.in-force")).decode()
    nursery.cancel_scope.cancel()


async def test_what_is_in_force_is_written_beside_it_at_once(
    path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it is there for who reads the log, and after a crash."""
    monkeypatch.setattr(writingback, "PAUSE", 1000.0)
    async with site(path, nursery) as here:
        await here.update("a")
        replace(path, master(7, "x A 192.0.2.1"))
        await until(lambda: is_there(path.with_name("db.in-force")))
        assert here.zone.conflict
    nursery.cancel_scope.cancel()


async def test_what_is_in_force_may_be_put_in_its_place(path: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        await here.update("a")
        replace(path, master(7, "x A 192.0.2.1"))
        set_mode(path, 0o604)
        await until(lambda: here.zone.conflict)
        assert await here.zone.writing_back.save()
        assert mode(path.with_name("db.in-force")) == 0o604
        os.replace(path.with_name("db.in-force"), path)
        await until(lambda: not here.zone.conflict)
        assert (here.has("a"), here.has("x"), here.zone.unsaved) == (True, False, [])
        assert not here.zone.file.complaint
    nursery.cancel_scope.cancel()


async def test_what_was_there_before_may_be_put_back(path: Path, nursery: trio.Nursery) -> None:
    before = octets(path).decode()
    async with site(path, nursery) as here:
        await here.update("a")
        replace(path, master(7, "x A 192.0.2.1"))
        await until(lambda: here.zone.conflict)
        replace(path, before)
        await until(lambda: not here.zone.conflict)
        assert len(here.zone.unsaved) == 1
    assert "a.example.org." in octets(path).decode()
    nursery.cancel_scope.cancel()


async def test_an_older_file_does_not_undo_updates_and_that_is_told(
    path: Path, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    before = octets(path)
    told = "has the version of serial 1; the 1 updates since then hold on"
    async with site(path, nursery) as here:
        await here.update("a")
        assert await here.zone.writing_back.save()
        put(path, before)
        await until(lambda: told in caplog.text)
        assert here.has("a")
    assert "a.example.org." in octets(path).decode()
    caplog.clear()
    put(path, before)
    async with site(path, nursery) as here:
        assert here.has("a")
        assert told in caplog.text
    nursery.cancel_scope.cancel()


async def test_the_journal_may_be_removed_for_it(path: Path, journal: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        await here.update("a")
        replace(path, master(7, "x A 192.0.2.1"))
        await until(lambda: here.zone.conflict)
        remove(journal)
        await until(lambda: here.has("x"))
        assert (here.has("a"), here.serial, here.zone.conflict) == (False, 7, False)
        await until(here.zone.takes.is_set)
        assert await here.update("b") == Outcome(0)
        assert here.serial == 8
    nursery.cancel_scope.cancel()


async def test_a_journal_that_is_removed_by_mistake_is_made_anew(
    path: Path, journal: Path, nursery: trio.Nursery
) -> None:
    async with site(path, nursery) as here:
        await here.update("a")
        remove(journal)
        await until(lambda: is_there(journal))
        kept = octets(journal), octets(path)
    put(journal, kept[0])
    put(path, kept[1])
    async with site(path, nursery) as here:
        assert here.has("a")
    nursery.cancel_scope.cancel()


async def test_an_edit_that_lacks_updates_is_not_served_at_the_start(
    path: Path, journal: Path, nursery: trio.Nursery
) -> None:
    async with site(path, nursery) as here:
        await here.update("a")
        kept = octets(journal)
    put(journal, kept)
    put(path, master(7, "x A 192.0.2.1").encode())
    async with site(path, nursery) as here:
        assert here.serial is None
        remove(journal)
        await until(lambda: here.serial == 7)
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("edit", [master(7, "x A 192.0.2.1"), "faulty\n"])
async def test_but_what_is_in_force_is_where_it_stands_beside_it(
    edit: str, path: Path, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(path, nursery) as here:
        await here.update("a")
        replace(path, edit)
        await until(lambda: here.zone.conflict)
    caplog.clear()
    async with site(path, nursery) as here:
        assert (here.serial, here.has("a"), here.has("x"), here.zone.conflict) == (2, True, False, True)
        assert caplog.text.count("was edited while") == 1
        assert here.zone.file.complaint
        await here.update("b")
        assert await here.zone.writing_back.save()
    async with site(path, nursery) as here:
        assert (here.serial, here.has("b")) == (3, True)
        assert octets(path).decode() == edit
        os.replace(path.with_name("db.in-force"), path)
        await until(lambda: not here.zone.conflict)
        assert not here.zone.file.complaint
    replace(path, master(7, "x A 192.0.2.1"))  # now it has all updates
    async with site(path, nursery) as here:
        assert (here.serial, here.has("x")) == (7, True)
    nursery.cancel_scope.cancel()


async def test_the_journal_may_be_removed_then_too(path: Path, journal: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        await here.update("a")
        replace(path, master(7, "x A 192.0.2.1"))
        await until(lambda: here.zone.conflict)
    async with site(path, nursery) as here:
        assert here.has("a")
        remove(journal)
        await until(lambda: here.serial == 7)
        assert (here.has("x"), here.has("a"), here.zone.conflict) == (True, False, False)
    async with site(path, nursery) as here:  # what is in force there is an old one
        assert (here.serial, here.has("x")) == (7, True)
    nursery.cancel_scope.cancel()


async def test_a_file_that_is_taken_while_what_was_before_is_written_stays(
    path: Path, journal: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def meanwhile(zone: Zone, target: Path, like: Path) -> Written:
        written = await write_beside(zone, target, like)
        if here.zone.conflict:
            remove(journal)
            await until(lambda: here.serial == 7)
        return written

    async with site(path, nursery) as here:
        await here.update("a")
        monkeypatch.setattr(writingback, "write_beside", meanwhile)
        replace(path, master(7, "x A 192.0.2.1"))
        await until(lambda: here.serial == 7)
        await here.zone.writing_back.save()  # behind the one that goes on
        found = digest_of(str(path))
        assert found is not None
        assert (here.serial, here.has("x"), here.zone.saved) == (7, True, found.digest)
    nursery.cancel_scope.cancel()


async def test_what_makes_no_sense_is_kept_all_the_same(path: Path, nursery: trio.Nursery) -> None:
    """BIND would refuse a zone whose name server has no address; here updates may make one."""
    put(path, master(1, "@ NS ns1", "ns1 A 192.0.2.1").encode())
    async with site(path, nursery) as here:
        wire = message([], [delete("ns1")])
        assert (await here.zone.relay.perform(wire, KEY, "")).rcode == Rcode.NOERROR
        replace(path, master(7, "x A 192.0.2.1"))
        await until(lambda: here.zone.conflict)
        assert await here.zone.writing_back.save()
        os.replace(path.with_name("db.in-force"), path)
        await until(lambda: not here.zone.conflict)
        assert not here.zone.file.complaint
    async with site(path, nursery) as here:
        assert (here.serial, here.has("ns1")) == (2, False)
    nursery.cancel_scope.cancel()
