from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from pydns.crew import Crew

PATIENCE = 0.5

Act = Callable[[], Awaitable[bytes | None]]


class Client:
    def __init__(self) -> None:
        self.sent: list[bytes | None] = []

    def lasting(self) -> Client:
        return self

    def send(self, answer: bytes | None) -> None:
        self.sent.append(answer)


class Doing:
    """An answerer whose queries are functions that say what happens."""

    async def answer(self, query: Any, key: bytes | None) -> bytes | None:
        try:
            answer: bytes | None = await query()
        except Exception:
            return b"failed"
        return answer

    def overdue(self, query: Any) -> bytes:
        return b"overdue"

    def give_up(self) -> None: ...


def add(crew: Crew, *acts: Act) -> list[Client]:
    """Queues queries, and has them worked on."""
    clients = [Client() for _ in acts]
    for act, client in zip(acts, clients, strict=True):
        crew.add((Doing(), act, None, client))  # type: ignore[arg-type] # a query is whatever the answerer takes
    crew.go()
    return clients


def sent(clients: list[Client]) -> list[list[bytes | None]]:
    return [client.sent for client in clients]


@pytest.fixture
async def crew(nursery: trio.Nursery) -> Crew:
    crew = Crew(nursery, patience=PATIENCE)
    nursery.start_soon(crew.sweep)
    return crew


@pytest.fixture
async def alone(nursery: trio.Nursery) -> Crew:
    """A crew of one."""
    crew = Crew(nursery, patience=PATIENCE, under_way=1)
    nursery.start_soon(crew.sweep)
    return crew


async def at_once() -> bytes:
    return b"answer"


async def nothing() -> None:
    return None


async def checkpoints() -> bytes:
    await trio.lowlevel.checkpoint()
    await trio.lowlevel.cancel_shielded_checkpoint()
    return b"answer"


async def sleeps() -> bytes:
    await trio.sleep(0.1)
    return b"answer"


async def scope_of_its_own_ends() -> bytes:
    with trio.move_on_after(0.01) as scope:
        await trio.sleep_forever()
    assert scope.cancelled_caught
    return b"answer"


async def nursery_of_its_own() -> bytes:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 0.01)
        nursery.start_soon(trio.lowlevel.checkpoint)
    return b"answer"


async def raises_inside_its_own_nursery() -> bytes:
    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        raise ValueError("inside")

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)
            nursery.start_soon(trio.sleep_forever)
    except* ValueError:
        pass
    return b"answer"


async def thread() -> bytes:
    return await trio.to_thread.run_sync(lambda: b"answer")


async def fails() -> bytes:
    await trio.sleep(0.01)
    raise ValueError("in the chain")


async def hangs() -> bytes:
    await trio.sleep_forever()
    raise AssertionError("unreachable")


async def hangs_and_answers_all_the_same() -> bytes:
    """The cancelling comes while it cannot be stopped, and finds it answered."""
    with trio.CancelScope(shield=True):
        await trio.sleep(2 * PATIENCE)
    return b"answer"


async def fails_when_cancelled() -> bytes:
    """In place of what cancels it, an error comes out of its nursery."""

    async def fail() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("while it was cleaned up")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fail)
        nursery.start_soon(trio.sleep_forever)
    raise AssertionError("unreachable")


ACTS: dict[Act, bytes | None] = {
    nothing: None,
    at_once: b"answer",
    checkpoints: b"answer",
    sleeps: b"answer",
    scope_of_its_own_ends: b"answer",
    nursery_of_its_own: b"answer",
    raises_inside_its_own_nursery: b"answer",
    hangs_and_answers_all_the_same: b"answer",
    hangs: b"overdue",
    fails: b"failed",
    fails_when_cancelled: b"overdue",
}


@pytest.mark.parametrize("act", ACTS)
async def test_a_query_is_answered_once_with_what_came_of_it(act: Act, crew: Crew, autojump_clock: MockClock) -> None:
    clients = add(crew, act)
    await trio.sleep(3 * PATIENCE)
    assert sent(clients) == [[ACTS[act]]]


async def test_a_query_may_wait_for_a_thread(nursery: trio.Nursery) -> None:
    crew = Crew(nursery)
    (client,) = add(crew, thread)
    with trio.fail_after(30):
        while not client.sent:
            await trio.lowlevel.checkpoint()
    assert client.sent == [b"answer"]


@pytest.mark.parametrize("act", ACTS)
async def test_the_next_query_of_the_same_worker_is_not_cancelled(
    act: Act, alone: Crew, autojump_clock: MockClock
) -> None:
    _, after = add(alone, act, sleeps)
    await trio.sleep(5 * PATIENCE)
    assert after.sent == [b"answer"]


@given(
    st.lists(st.tuples(st.lists(st.sampled_from(list(ACTS)), max_size=70), st.floats(0, 0.2)), max_size=12),
    st.sampled_from([1, 3, 20, 5000]),
)
@settings(max_examples=150, deadline=None)
def test_each_is_answered_once_whatever_comes_together(batches: list[tuple[list[Act], float]], limit: int) -> None:
    async def run() -> None:
        expected: list[list[bytes | None]] = []
        clients: list[Client] = []
        async with trio.open_nursery() as nursery:
            crew = Crew(nursery, patience=PATIENCE, under_way=limit, stale=float("inf"))
            nursery.start_soon(crew.sweep)
            for acts, pause in batches:
                clients += add(crew, *acts)
                expected += [[ACTS[act]] for act in acts]
                await trio.sleep(pause)
            await trio.sleep(3 * PATIENCE * (1 + len(clients) / limit))
            assert sent(clients) == expected
            assert not crew.queue
            assert not crew.waiting
            assert crew.workers == len(crew.parked)
            nursery.cancel_scope.cancel()
        assert crew.workers == 0

    trio.run(run, clock=MockClock(autojump_threshold=0))


async def test_a_query_keeps_its_task_while_it_waits(crew: Crew, autojump_clock: MockClock) -> None:
    tasks = []

    async def act() -> None:
        before = trio.lowlevel.current_task()
        await trio.sleep(0.1)
        tasks.append((before, trio.lowlevel.current_task()))

    add(crew, act, act)
    await trio.sleep(0.2)
    (first, still_first), (second, still_second) = tasks
    assert first is still_first
    assert second is still_second
    assert first is not second


async def test_queries_that_do_not_wait_share_a_task(crew: Crew, autojump_clock: MockClock) -> None:
    tasks = set()

    async def act() -> None:
        tasks.add(trio.lowlevel.current_task())

    add(crew, *[act] * 50)
    await trio.sleep(0.1)
    assert len(tasks) == 1


async def test_as_many_as_wait_are_under_way_together(crew: Crew, autojump_clock: MockClock) -> None:
    begun = 0

    async def act() -> None:
        nonlocal begun
        begun += 1
        await trio.sleep(0.1)

    add(crew, *[act] * 600)
    await trio.sleep(0.05)
    assert begun == 600


async def test_no_more_than_the_limit_are_under_way(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    crew = Crew(nursery, under_way=3)
    now = most = 0

    async def act() -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await trio.sleep(0.1)
        now -= 1

    clients = add(crew, *[act] * 10)
    await trio.sleep(1)
    assert most == 3
    assert sent(clients) == [[None]] * 10


async def test_workers_that_nobody_needs_end(crew: Crew, autojump_clock: MockClock) -> None:
    add(crew, *[sleeps] * 1000)
    await trio.sleep(1)
    assert crew.workers == len(crew.parked) == 256


async def test_other_tasks_have_their_turn_while_a_long_queue_is_worked_off(
    crew: Crew, autojump_clock: MockClock
) -> None:
    clients = add(crew, *[at_once] * 1000)
    while not clients[0].sent:
        await trio.lowlevel.checkpoint()
    assert not clients[-1].sent


async def test_the_newest_is_dropped_where_the_queue_is_full(nursery: trio.Nursery) -> None:
    crew = Crew(nursery, queued=2)
    clients = add(crew, at_once, at_once, at_once)
    assert crew.dropped == 1
    await trio.testing.wait_all_tasks_blocked()
    assert sent(clients) == [[b"answer"], [b"answer"], []]


async def test_a_dropped_query_is_told_to_who_adds_it(nursery: trio.Nursery) -> None:
    crew = Crew(nursery, queued=1)
    job: Any = (Doing(), at_once, None, Client())
    assert [crew.add(job), crew.add(job)] == [True, False]


@pytest.mark.parametrize("limit", [1, 2, 5000])
@pytest.mark.parametrize("act", [sleeps, hangs, fails_when_cancelled, nursery_of_its_own])
async def test_cancelling_leaves_nothing_behind(limit: int, act: Act, autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        crew = Crew(nursery, under_way=limit)
        nursery.start_soon(crew.sweep)
        add(crew, at_once)
        await trio.sleep(0.01)  # its worker is parked
        add(crew, act, act, act, at_once)
        await trio.sleep(0.001)
        nursery.cancel_scope.cancel()
    assert crew.workers == 0
    assert crew.parked == []


async def test_a_worker_that_is_woken_and_cancelled_in_one_moment_ends(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        crew = Crew(nursery)
        add(crew, at_once)
        await trio.sleep(0.01)
        (client,) = add(crew, at_once)
        nursery.cancel_scope.cancel()
    assert client.sent == [b"answer"]
    assert crew.workers == 0


async def test_others_may_empty_the_queue_in_the_turn_that_they_are_given(
    crew: Crew, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def more_come() -> bytes:
        add(crew, at_once)  # wakes another worker, which takes over at the next turn
        return b"done"

    for _ in range(20):
        clients = add(crew, more_come, *[at_once] * 100)
        await trio.sleep(1)
        assert all(len(answers) == 1 for answers in sent(clients))
    assert not caplog.records
