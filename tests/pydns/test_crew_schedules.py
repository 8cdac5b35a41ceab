"""Queries that are set aside and others, in any order of events: each is answered once."""

from __future__ import annotations

import functools

import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from pydns.crew import Crew
from pydns.waiter import Waiter
from tests.pydns.test_crew import ACTS, PATIENCE, Client
from tests.pydns.test_crew_aside import Act, Upstream, add

# Any schedule.

STEP = st.sampled_from(["aside", "with its task", "sleep", "checkpoint", "scope"])
PLAN = st.lists(STEP, max_size=5)


@given(
    st.lists(st.tuples(st.lists(PLAN, max_size=20), st.floats(0, 0.2), st.booleans()), max_size=12),
    st.lists(st.sampled_from(list(ACTS)), max_size=10),
    st.sampled_from([1, 2, 7, 5000]),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_each_is_answered_once_whatever_comes_together(
    batches: list[tuple[list[list[str]], float, bool]], others: list[Act], limit: int, answers: bool
) -> None:
    upstream = Upstream()

    def acting(plan: list[str]) -> Act:
        async def act() -> bytes:
            for step in plan:
                if step == "aside":
                    await upstream.asked()
                elif step == "with its task":
                    await upstream.asked(Waiter())
                elif step == "sleep":
                    await trio.sleep(0.01)
                elif step == "checkpoint":
                    await trio.lowlevel.checkpoint()
                else:
                    task = trio.lowlevel.current_task()
                    with trio.move_on_after(0.01):
                        await upstream.asked(Waiter())
                    assert trio.lowlevel.current_task() is task
            return b"answer"

        return act

    async def run() -> None:
        clients: list[Client] = []
        async with trio.open_nursery() as nursery:
            crew = Crew(nursery, patience=PATIENCE, under_way=limit)
            nursery.start_soon(crew.sweep)
            for plans, pause, answered in batches:
                clients += add(crew, *map(acting, plans))
                await trio.sleep(pause)
                if answered:
                    upstream.answer()
            clients += add(crew, *others)
            for _ in range(10 + 5 * len(clients)):
                await trio.sleep(PATIENCE / 2)
                if answers:
                    upstream.answer()
            assert [len(client.sent) for client in clients] == [1] * len(clients)
            assert {answer for client in clients for answer in client.sent} <= {b"answer", b"overdue", b"failed", None}
            assert not crew.queue
            assert not crew.waiting
            assert not crew.aside
            assert not crew.woken
            assert crew.under_way == 0
            assert crew.workers == len(crew.parked)
            nursery.cancel_scope.cancel()
        assert crew.workers == 0

    trio.run(run, clock=MockClock(autojump_threshold=0))


@given(st.lists(PLAN, max_size=30), st.integers(0, 30), st.sampled_from([1, 3, 5000]))
@settings(max_examples=60, deadline=None)
def test_it_may_end_at_any_moment(plans: list[list[str]], checkpoints: int, limit: int) -> None:
    upstream = Upstream()
    begun = ended = 0

    async def act(plan: list[str]) -> None:
        nonlocal begun, ended
        begun += 1
        try:
            for step in plan:
                await upstream.asked(Waiter(step == "aside"))
        finally:
            ended += 1

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            crew = Crew(nursery, under_way=limit)
            nursery.start_soon(crew.sweep)
            add(crew, *(functools.partial(act, plan) for plan in plans))
            for i in range(checkpoints):
                await trio.lowlevel.checkpoint()
                if i % 3 == 0:
                    upstream.answer()
            nursery.cancel_scope.cancel()
        upstream.answer()
        assert (crew.workers, len(crew.aside), len(crew.woken)) == (0, 0, 0)
        assert begun == ended

    trio.run(run)
