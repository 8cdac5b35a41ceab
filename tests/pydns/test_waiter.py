from __future__ import annotations

import types
from collections.abc import Generator
from typing import Any

import pytest
import trio
import trio.testing

from pydns.waiter import Waiter


async def test_it_wakes_the_task_that_waits() -> None:
    waiter = Waiter()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waiter.wait)
            await trio.testing.wait_all_tasks_blocked()
            waiter.wake()


async def test_to_wake_it_ahead_of_the_waiting_does_nothing(autojump_clock: trio.testing.MockClock) -> None:
    waiter = Waiter()
    waiter.wake()
    with trio.move_on_after(1) as scope:
        await waiter.wait()
    assert scope.cancelled_caught


async def test_to_wake_it_twice_is_to_wake_it_once(autojump_clock: trio.testing.MockClock) -> None:
    waiter = Waiter()
    woken = 0

    async def wait_twice() -> None:
        nonlocal woken
        for _ in range(2):
            await waiter.wait()
            woken += 1

    with trio.move_on_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_twice)
            await trio.testing.wait_all_tasks_blocked()
            waiter.wake()
            waiter.wake()
    assert woken == 1


async def test_one_that_was_cancelled_is_left_alone() -> None:
    waiter = Waiter()
    with trio.move_on_after(0):
        await waiter.wait()
    waiter.wake()


async def test_it_yields_itself_where_it_may_be_set_aside() -> None:
    waiter = Waiter(may_be_set_aside=True)
    coroutine = waiter.wait()
    assert coroutine.send(None) is waiter
    with pytest.raises(StopIteration):
        coroutine.send(None)


async def test_who_set_it_aside_is_told_once_when_it_is_woken() -> None:
    told: list[Waiter] = []
    waiter = Waiter(may_be_set_aside=True)
    waiter.resume = told.append
    waiter.wake()
    waiter.wake()
    assert told == [waiter]


async def test_it_waits_with_its_task_where_it_is_told_to(autojump_clock: trio.testing.MockClock) -> None:
    waiter = Waiter(may_be_set_aside=True)

    @types.coroutine
    def drive() -> Generator[Any, Any, None]:
        coroutine = waiter.wait()
        assert coroutine.send(None) is waiter
        waiter.resume = pytest.fail
        trap = coroutine.send(True)
        with pytest.raises(StopIteration):
            coroutine.send((yield trap))

    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            await drive()

        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        waiter.wake()
