from __future__ import annotations

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
        await waiter
    assert scope.cancelled_caught


async def test_to_wake_it_twice_is_to_wake_it_once(autojump_clock: trio.testing.MockClock) -> None:
    waiter = Waiter()
    woken = 0

    async def wait_twice() -> None:
        nonlocal woken
        for _ in range(2):
            await waiter
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
        await waiter
    waiter.wake()


async def wait_at(waiter: Waiter) -> str:
    await waiter
    return "woken"


async def test_it_yields_itself_where_it_may_be_set_aside() -> None:
    waiter = Waiter(True)
    coroutine = wait_at(waiter)
    assert coroutine.send(None) is waiter
    with pytest.raises(StopIteration, match="woken"):
        coroutine.send(None)


async def test_who_set_it_aside_is_told_once_when_it_is_woken() -> None:
    told: list[Waiter] = []
    waiter = Waiter(True)
    waiter.resume = told.append
    waiter.wake()
    waiter.wake()
    assert told == [waiter]


async def test_an_error_may_be_thrown_at_one_that_was_set_aside() -> None:
    coroutine = wait_at(Waiter(True))
    coroutine.send(None)
    with pytest.raises(ValueError, match="thrown"):
        coroutine.throw(ValueError("thrown"))


async def test_it_waits_with_its_task_once_it_may_not_be_set_aside_any_more() -> None:
    waiter = Waiter(True)
    waiter.resume = pytest.fail
    waiter.may_be_set_aside = False
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_at, waiter)
            await trio.testing.wait_all_tasks_blocked()
            waiter.wake()
