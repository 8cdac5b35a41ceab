"""Two processes with the same zone."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import trio

from pydns import names
from pydns.family import Family
from pydns.plugin import House
from pydns.records import Rcode
from pydns.update import relay
from pydns.update.performing import Outcome
from pydns.zone.zone import LARGE
from tests.pydns.update.messages import add, address, message
from tests.pydns.update.sites import KEY, is_there, put, remove, site, until
from tests.pydns.zone.files import house, master, replace


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "db"
    found.write_text(master(1, "www A 192.0.2.1"))
    return found


class Member(Family):
    """One of two processes; what it says the other hears at once."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.count = number, 2
        self.other: Member | None = None

    def say(self, topic: str, data: object) -> None:
        assert self.other is not None
        self.other.heard(topic, data)


async def two_houses(nursery: trio.Nursery) -> list[House]:
    houses = [await house(nursery), await house(nursery)]
    families = [Member(0), Member(1)]
    families[0].other, families[1].other = families[1], families[0]
    for each, family in zip(houses, families, strict=True):
        each.family = family
    return houses


async def test_of_two_processes_both_take_updates_and_have_them(path: Path, nursery: trio.Nursery) -> None:
    houses = await two_houses(nursery)
    async with site(path, nursery, houses[0]) as first, site(path, nursery, houses[1]) as second:
        assert await first.update("a") == Outcome(0)
        await until(lambda: second.has("a"))
        assert await second.update("b") == Outcome(0)
        assert first.has("b")
        assert second.has("b")  # whoever was answered finds it
        assert (await second.update("c", key=names.from_text("other"))).rcode == Rcode.REFUSED
        await first.zone.writing_back.save()
        await second.update("c")
        assert (first.serial, second.serial) == (4, 4)
    nursery.cancel_scope.cancel()


async def test_after_a_large_update_the_other_lets_a_large_zone_go_in_steps(
    path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one go it would take 20 ms where a million names stay as they are."""
    put(path, master(1, *(f"n{i} A 192.0.2.1" for i in range(LARGE))).encode())
    steps: list[int] = []

    def letting_go(parts: list[Any]) -> Generator[None, None, None]:
        steps.append(len(parts))
        yield

    houses = await two_houses(nursery)
    async with site(path, nursery, houses[0]) as first, site(path, nursery, houses[1]) as second:
        monkeypatch.setattr("pydns.zone.plugin.letting_go", letting_go)
        records = [add(f"m{i}", "A", address(1)) for i in range(21)]
        await first.zone.relay.perform(message([], records), KEY, "192.0.2.1")
        await until(lambda: second.has("m20"))
        await second.update("b")
    assert steps == [256]
    nursery.cancel_scope.cancel()


async def test_an_edit_comes_to_the_other_process(path: Path, nursery: trio.Nursery) -> None:
    houses = await two_houses(nursery)
    async with site(path, nursery, houses[0]) as first, site(path, nursery, houses[1]) as second:
        await first.zone.takes.wait()
        replace(path, master(1, "x A 192.0.2.1"))  # of the same serial
        await until(lambda: second.has("x"))
        await second.update("a")
        assert (first.has("a"), second.has("a"), second.serial) == (True, True, 2)
    nursery.cancel_scope.cancel()


async def test_the_one_that_takes_updates_does_not_answer(
    path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PATIENCE", 0.05)
    houses = await two_houses(nursery)
    async with site(path, nursery, houses[1]) as second:
        assert (await second.update("a")).rcode == Rcode.SERVFAIL
        async with site(path, nursery, houses[0]):
            monkeypatch.setattr(relay, "PATIENCE", 10.0)
            assert await second.update("a") == Outcome(0)
            assert second.has("a")
    nursery.cancel_scope.cancel()


async def test_what_was_on_disk_and_not_told_is_found(path: Path, nursery: trio.Nursery) -> None:
    houses = await two_houses(nursery)
    async with site(path, nursery, houses[0]) as first, site(path, nursery, houses[1]) as second:
        first.zone.relay.tell = lambda: None  # type: ignore[method-assign]  # it dies before it tells
        await first.update("a")
        await until(lambda: second.has("a"))
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("late", [False, True])
async def test_one_that_comes_while_an_edit_is_refused_has_what_is_in_force(
    late: bool, path: Path, nursery: trio.Nursery
) -> None:
    houses = await two_houses(nursery)
    async with site(path, nursery, houses[0]) as first:
        await first.update("a")
        replace(path, master(7, "x A 192.0.2.1"))
        await until(lambda: first.zone.conflict)
        in_force = path.with_name("db.in-force")
        await until(lambda: is_there(in_force))
        assert await first.zone.writing_back.save()
        if late:
            remove(in_force)
        async with site(path, nursery, houses[1]) as second:
            assert second.has("a") != late
            await first.update("b")
            assert await first.zone.writing_back.save()
            await until(lambda: second.has("b"))
            assert not second.zone.file.complaint
            os.replace(path.with_name("db.in-force"), path)
            await until(lambda: not first.zone.conflict)
            await second.update("c")
            assert (first.serial, second.serial, second.has("x")) == (4, 4, False)
    nursery.cancel_scope.cancel()
