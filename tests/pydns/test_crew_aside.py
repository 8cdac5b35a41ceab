"""Queries that the crew sets aside while they wait: they hold no task, and go on in whoever's."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from pydns.crew import Crew
from pydns.waiter import Waiter
from tests.pydns.test_crew import PATIENCE, Client, Doing, at_once, sent, sleeps
from tests.pydns.test_crew import add as add_functions

Act = Callable[[], Awaitable[bytes | None]]


class Upstream:
    """Who is asked, and answers whenever a test says so."""

    def __init__(self) -> None:
        self.waiters: list[Waiter] = []
        self.done: set[Waiter] = set()

    async def asked(self, waiter: Waiter | None = None) -> None:
        """Waits as a plugin does: until the answer is there, however often it is woken."""
        waiter = Waiter(True) if waiter is None else waiter
        self.waiters.append(waiter)
        while waiter not in self.done:
            await waiter

    def answer(self) -> None:
        """To all who wait now."""
        waiters, self.waiters = self.waiters, []
        self.done.update(waiters)
        for waiter in waiters:
            waiter.wake()


class Question:
    """A query that does as its function says. Unlike a bound method it may be given attributes."""

    def __init__(self, act: Act) -> None:
        self._act = act

    async def __call__(self) -> bytes | None:
        return await self._act()


def add(crew: Crew, *acts: Act) -> list[Client]:
    return add_functions(crew, *map(Question, acts))


@pytest.fixture
async def crew(nursery: trio.Nursery) -> Crew:
    crew = Crew(nursery, patience=PATIENCE)
    nursery.start_soon(crew.sweep)
    return crew


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


async def test_it_goes_on_when_it_is_woken(crew: Crew, upstream: Upstream) -> None:
    async def act() -> bytes:
        await upstream.asked()
        return b"answer"

    (client,) = add(crew, act)
    await trio.testing.wait_all_tasks_blocked()
    assert client.sent == []
    assert len(crew.aside) == 1
    upstream.answer()
    await trio.testing.wait_all_tasks_blocked()
    assert client.sent == [b"answer"]
    assert crew.under_way == 0


async def test_those_that_wait_hold_no_task(crew: Crew, upstream: Upstream) -> None:
    clients = add(crew, *[upstream.asked] * 600)
    await trio.testing.wait_all_tasks_blocked()
    assert (len(upstream.waiters), crew.workers, crew.under_way) == (600, 1, 600)
    upstream.answer()
    await trio.testing.wait_all_tasks_blocked()
    assert sent(clients) == [[None]] * 600


async def test_it_may_go_on_in_another_task(crew: Crew, upstream: Upstream, autojump_clock: MockClock) -> None:
    tasks = []

    async def act() -> None:
        tasks.append(trio.lowlevel.current_task())
        await upstream.asked()
        tasks.append(trio.lowlevel.current_task())

    add(crew, act)
    await trio.testing.wait_all_tasks_blocked()
    add(crew, sleeps)  # keeps the worker's task
    await trio.testing.wait_all_tasks_blocked()
    upstream.answer()
    await trio.sleep(0.01)
    first, second = tasks
    assert first is not second


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_it_may_be_set_aside_again(times: int, crew: Crew, upstream: Upstream) -> None:
    async def act() -> bytes:
        for _ in range(times):
            await upstream.asked()
        return b"answer"

    (client,) = add(crew, act)
    for _ in range(times):
        await trio.testing.wait_all_tasks_blocked()
        assert client.sent == []
        upstream.answer()
    await trio.testing.wait_all_tasks_blocked()
    assert client.sent == [b"answer"]


async def test_one_that_may_not_be_set_aside_keeps_its_task(crew: Crew, upstream: Upstream) -> None:
    async def act() -> bytes:
        with trio.CancelScope():
            task = trio.lowlevel.current_task()
            await upstream.asked(Waiter())
            assert trio.lowlevel.current_task() is task
        return b"answer"

    (client,) = add(crew, act)
    await trio.testing.wait_all_tasks_blocked()
    assert not crew.aside
    assert len(crew.waiting) == 1
    upstream.answer()
    await trio.testing.wait_all_tasks_blocked()
    assert client.sent == [b"answer"]


async def test_scopes_and_nurseries_between_two_waits_are_right(crew: Crew, upstream: Upstream) -> None:
    async def act() -> bytes:
        await upstream.asked()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.checkpoint)
        with trio.move_on_after(0) as scope:
            await trio.sleep_forever()
        assert scope.cancelled_caught
        await upstream.asked()
        async with trio.Lock():
            await trio.lowlevel.checkpoint()
        return b"answer"

    clients = add(crew, *[act] * 100)
    for _ in range(2):
        while len(upstream.waiters) < 100:
            await trio.lowlevel.checkpoint()
        upstream.answer()
    while not all(sent(clients)):
        await trio.lowlevel.checkpoint()
    assert sent(clients) == [[b"answer"]] * 100


async def test_to_be_woken_twice_is_to_be_woken_once(crew: Crew) -> None:
    waiter = Waiter(True)
    woken = 0

    async def act() -> None:
        nonlocal woken
        for _ in range(2):
            await waiter
            woken += 1

    add(crew, act)
    await trio.testing.wait_all_tasks_blocked()
    waiter.wake()
    waiter.wake()
    await trio.testing.wait_all_tasks_blocked()
    assert woken == 1


async def test_to_be_woken_ahead_of_the_wait_is_no_wait(crew: Crew, upstream: Upstream) -> None:
    async def act() -> bytes:
        waiter = Waiter(True)
        upstream.done.add(waiter)
        waiter.wake()
        await upstream.asked(waiter)
        return b"answer"

    (client,) = add(crew, act)
    await trio.testing.wait_all_tasks_blocked()
    assert client.sent == [b"answer"]


async def test_one_query_may_wake_another(crew: Crew, upstream: Upstream) -> None:
    async def wakes() -> None:
        upstream.answer()

    clients = add(crew, upstream.asked, upstream.asked, wakes)
    await trio.testing.wait_all_tasks_blocked()
    assert sent(clients) == [[None]] * 3


async def test_others_go_on_while_one_that_was_woken_waits_with_its_task(
    crew: Crew, upstream: Upstream, autojump_clock: MockClock
) -> None:
    async def act() -> bytes:
        await upstream.asked()
        await trio.sleep(0.1)
        return b"answer"

    clients = add(crew, *[act] * 10)
    await trio.testing.wait_all_tasks_blocked()
    upstream.answer()
    await trio.testing.wait_all_tasks_blocked()
    await trio.sleep(0.11)
    assert sent(clients) == [[b"answer"]] * 10


async def test_what_it_raises_after_the_wait_is_its_own(crew: Crew, upstream: Upstream) -> None:
    async def act() -> bytes:
        await upstream.asked()
        raise ValueError("after the wait")

    clients = add(crew, act, upstream.asked)
    await trio.testing.wait_all_tasks_blocked()
    upstream.answer()
    await trio.testing.wait_all_tasks_blocked()
    assert sent(clients) == [[b"failed"], [None]]


async def test_no_more_than_the_limit_are_under_way(nursery: trio.Nursery, upstream: Upstream) -> None:
    crew = Crew(nursery, under_way=3)
    clients = add(crew, *[upstream.asked] * 8)
    for expected in (3, 3, 2):
        await trio.testing.wait_all_tasks_blocked()
        assert len(upstream.waiters) == expected
        upstream.answer()
    await trio.testing.wait_all_tasks_blocked()
    assert sent(clients) == [[None]] * 8


# Overdue.


async def test_one_that_is_overdue_is_cancelled(crew: Crew, upstream: Upstream, autojump_clock: MockClock) -> None:
    told: list[str] = []

    async def act() -> None:
        try:
            await upstream.asked()
        except trio.Cancelled:
            told.append("cancelled")
            raise
        finally:
            told.append("finally")

    (client,) = add(crew, act)
    await trio.sleep(0.9 * PATIENCE)
    assert client.sent == []
    await trio.sleep(0.3 * PATIENCE)
    assert client.sent == [b"overdue"]
    assert told == ["cancelled", "finally"]
    assert (crew.under_way, len(crew.aside), len(crew.waiting)) == (0, 0, 0)


async def test_its_time_counts_from_the_first_wait(crew: Crew, upstream: Upstream, autojump_clock: MockClock) -> None:
    async def act() -> None:
        while True:
            await upstream.asked()
            await trio.sleep(0.01)

    (client,) = add(crew, act)
    for _ in range(10):
        await trio.sleep(0.12 * PATIENCE)
        upstream.answer()
    assert client.sent == [b"overdue"]


async def test_all_that_are_overdue_are_cancelled(crew: Crew, upstream: Upstream, autojump_clock: MockClock) -> None:
    clients = add(crew, *[upstream.asked] * 300)
    await trio.sleep(1.2 * PATIENCE)
    assert sent(clients) == [[b"overdue"]] * 300


async def test_one_that_cleans_up_for_long_holds_up_no_other(
    crew: Crew, upstream: Upstream, autojump_clock: MockClock
) -> None:
    async def act() -> None:
        try:
            await upstream.asked()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(PATIENCE)

    clients = add(crew, *[act] * 20)
    await trio.sleep(2.2 * PATIENCE)
    assert sent(clients) == [[b"overdue"]] * 20


async def test_one_that_answers_when_it_is_cancelled_has_answered(
    crew: Crew, upstream: Upstream, autojump_clock: MockClock
) -> None:
    async def act() -> bytes:
        with contextlib.suppress(trio.Cancelled):
            await upstream.asked()
        return b"answer"

    (client,) = add(crew, act)
    await trio.sleep(1.2 * PATIENCE)
    (after,) = add(crew, sleeps)
    await trio.sleep(0.5 * PATIENCE)
    assert (client.sent, after.sent) == ([b"answer"], [b"answer"])


async def test_one_that_is_woken_when_it_is_overdue_is_answered_once(
    crew: Crew, upstream: Upstream, autojump_clock: MockClock
) -> None:
    (client,) = add(crew, upstream.asked)
    while not client.sent:
        await trio.sleep(PATIENCE / 100)
        if trio.current_time() >= PATIENCE:
            upstream.answer()
    await trio.sleep(PATIENCE)
    assert len(client.sent) == 1


# The end.


async def test_those_set_aside_end_with_the_crew(upstream: Upstream) -> None:
    begun = ended = 0

    async def act() -> None:
        nonlocal begun, ended
        begun += 1
        try:
            await upstream.asked()
        finally:
            ended += 1

    async with trio.open_nursery() as nursery:
        crew = Crew(nursery)
        nursery.start_soon(crew.sweep)
        clients = add(crew, *[act] * 100, at_once)
        await trio.testing.wait_all_tasks_blocked()
        upstream.answer()  # some are woken in the same moment
        upstream.waiters.clear()
        add(crew, *[act] * 100)
        nursery.cancel_scope.cancel()
    upstream.answer()  # too late
    assert ended == begun
    assert (crew.workers, len(crew.aside), len(crew.woken)) == (0, 0, 0)
    assert all(len(client.sent) <= 1 for client in clients)


class Stubborn(Doing):
    async def answer(self, query: object, key: bytes | None) -> bytes | None:
        try:
            await Waiter(True)
        finally:
            await Waiter(True)
        return None


async def test_one_that_will_not_be_closed_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with trio.open_nursery() as nursery:
        crew = Crew(nursery)
        nursery.start_soon(crew.sweep)
        crew.add((Stubborn(), Question(at_once), None, Client()))  # type: ignore[arg-type] # a query is what it takes
        crew.go()
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert "a query failed when it was closed" in caplog.text
