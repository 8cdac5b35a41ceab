"""Work in steps comes to its end, and others have their turns meanwhile."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import trio
import trio.testing

from pydns.steps import give_way, in_slices, letting_go, whole


def counting(to: int) -> Generator[None, None, int]:
    for _ in range(to):
        yield
    return to


def failing() -> Generator[None, None, None]:
    yield
    raise KeyError("broken")


def test_all_steps_at_once() -> None:
    assert whole(counting(5)) == 5


async def test_in_slices() -> None:
    assert await in_slices(counting(5)) == 5


async def test_others_have_their_turns(autojump_clock: trio.abc.Clock) -> None:
    turns = 0

    def endless() -> Generator[None, None, None]:
        while turns < 3:
            yield

    async def others() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(others)
        await in_slices(endless())
        nursery.cancel_scope.cancel()


async def test_what_they_raise_comes_out() -> None:
    with pytest.raises(KeyError, match="broken"):
        await in_slices(failing())


class _InOrder:
    """In place of trio's random numbers: tasks run in the order in which they were woken."""

    def random(self) -> float:
        return 1.0

    def shuffle(self, batch: list[object]) -> None: ...


async def test_who_is_woken_one_after_the_other_has_his_turn(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trio._core._run._r", _InOrder())  # else it is so most often
    monkeypatch.setattr("pydns.steps._LONGEST", 10.0)  # however slow the machine is
    events = [trio.Event() for _ in range(10)]

    async def pass_on(i: int) -> None:
        await events[i].wait()
        events[i + 1].set()

    for i in range(9):
        nursery.start_soon(pass_on, i)
    await trio.testing.wait_all_tasks_blocked()
    events[0].set()
    await give_way()
    assert events[9].is_set()


async def test_who_never_rests_does_not_hold_up_the_work(nursery: trio.Nursery) -> None:
    async def restless() -> None:
        while True:
            await trio.lowlevel.checkpoint()

    nursery.start_soon(restless)
    with trio.fail_after(10):
        await give_way()
    nursery.cancel_scope.cancel()


def test_a_list_is_let_go_piece_by_piece() -> None:
    pieces = [1, 2, 3]
    steps = letting_go(pieces)
    next(steps)
    assert pieces == [1, 2]
    whole(steps)
    assert pieces == []
