from __future__ import annotations

import os
from typing import Any

import pytest
import trio
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pydns.workers.channel import Descriptor
from pydns.workers.tables import Tables


def file() -> Descriptor:
    return Descriptor(os.memfd_create("test"))


def is_open(descriptor: Descriptor) -> bool:
    try:
        os.fstat(descriptor.number)
    except OSError:
        return False
    return True


async def test_the_first_that_wants_it_makes_it() -> None:
    assert await Tables().claim("one", "key") is None


async def test_others_wait_until_it_is_made(autojump_clock: trio.testing.MockClock) -> None:
    tables, found = Tables(), []
    made = file()

    async def want(worker: str) -> None:
        found.append(await tables.claim(worker, "key"))

    await tables.claim("one", "key")
    async with trio.open_nursery() as nursery:
        for worker in ("two", "three"):
            nursery.start_soon(want, worker)
        await trio.testing.wait_all_tasks_blocked()
        assert not found
        tables.offer("one", "key", made, {"facts": 1})
    assert [(each[0].number, each[1]) for each in found if each] == [(made.number, {"facts": 1})] * 2
    for worker in ("one", "two", "three"):
        assert is_open(made)
        tables.release(worker, "key")
    assert not is_open(made)
    assert not len(tables)


@pytest.mark.parametrize("how", ["give_up", "forget"])
async def test_where_it_was_given_up_the_next_one_makes_it(how: str, autojump_clock: trio.testing.MockClock) -> None:
    tables, found = Tables(), []

    async def want() -> None:
        found.append(await tables.claim("two", "key"))

    await tables.claim("one", "key")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(want)
        await trio.testing.wait_all_tasks_blocked()
        tables.give_up("one", "key") if how == "give_up" else tables.forget("one")
    assert found == [None]


async def test_what_nobody_is_to_make_is_not_kept() -> None:
    tables, made = Tables(), file()
    tables.offer("one", "key", made, None)
    assert not is_open(made)


class Users(RuleBasedStateMachine):
    """Workers that claim, make, release and die, in any order."""

    workers = some.sampled_from("abc")
    keys = some.sampled_from("xy")

    def __init__(self) -> None:
        super().__init__()
        self.tables = Tables()
        self.makers: dict[str, str] = {}
        self.files: dict[str, Descriptor] = {}
        self.uses: dict[tuple[str, str], int] = {}

    @rule(worker=workers, key=keys)
    def claim(self, worker: str, key: str) -> None:
        if key in self.makers:
            return  # it would wait
        found: Any = trio.run(self.tables.claim, worker, key)
        self.uses[worker, key] = self.uses.get((worker, key), 0) + 1
        if key in self.files:
            assert found[0].number == self.files[key].number
        else:
            assert found is None
            self.makers[key] = worker

    @rule(worker=workers, key=keys)
    def offer(self, worker: str, key: str) -> None:
        made = file()
        self.tables.offer(worker, key, made, None)
        if self.makers.get(key) == worker:
            del self.makers[key]
            self.files[key] = made
        else:
            assert not is_open(made)

    @rule(worker=workers, key=keys)
    def give_up(self, worker: str, key: str) -> None:
        self.tables.give_up(worker, key)
        if self.makers.get(key) == worker:
            del self.makers[key]
            self.uses.pop((worker, key))

    @rule(worker=workers, key=keys)
    def release(self, worker: str, key: str) -> None:
        if key in self.files and self.uses.get((worker, key)):
            self.tables.release(worker, key)
            self._unuse(worker, key, 1)

    @rule(worker=workers)
    def die(self, worker: str) -> None:
        self.tables.forget(worker)
        for key in "xy":
            if self.makers.get(key) == worker:
                del self.makers[key]
                self.uses.pop((worker, key))
            elif (worker, key) in self.uses:
                self._unuse(worker, key, self.uses[worker, key])

    def _unuse(self, worker: str, key: str, count: int) -> None:
        self.uses[worker, key] -= count
        if not self.uses[worker, key]:
            del self.uses[worker, key]
        if not any(used == key for _, used in self.uses):
            assert not is_open(self.files.pop(key))

    @invariant()
    def what_is_used_is_open(self) -> None:
        assert all(is_open(made) for made in self.files.values())
        assert len(self.tables) == len(self.files) + len(self.makers)

    def teardown(self) -> None:
        for made in self.files.values():
            os.close(made.number)


TestUsers = Users.TestCase
