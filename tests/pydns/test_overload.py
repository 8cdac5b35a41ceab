"""More queries than can be answered: who needs to wait for nobody is answered, and everything has a bound."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.crew import STALE, Crew
from pydns.plugin import CallNext, House
from pydns.query import Query
from pydns.reply import OVERLOAD, Reply
from pydns.waiter import Waiter
from tests.pydns.serving import LABEL, Asker, Doing, Serving, address, serving
from tests.pydns.wire.messages import message, question

LOCAL = message(question("local.example"))


def unknown(number: int) -> bytes:
    return message(question(f"u{number}.hole.example"))


def holed(nursery: trio.Nursery, **limits: Any) -> Serving:
    """Local names beside an upstream that never answers."""
    found: list[House] = []

    async def serve(query: Query, call_next: CallNext) -> Reply:
        if query.name.startswith(b"\5local"):
            return Reply([address(owner="local.example")])
        if found[0].crowded():
            return Reply.drop(OVERLOAD)
        await trio.sleep_forever()
        raise AssertionError

    served = serving(nursery, Doing(serve), **limits)
    found.append(served.house)
    return served


async def test_local_names_are_answered_while_all_others_wait(nursery: trio.Nursery) -> None:
    served = holed(nursery, under_way=10)
    for number in range(100):
        served.take(unknown(number))
    assert await served.ask(LOCAL) is not None


async def test_so_many_wait_and_the_newest_are_dropped_and_counted(nursery: trio.Nursery) -> None:
    served = holed(nursery, under_way=10)
    clients = [served.take(unknown(number)) for number in range(100)]
    await wait_all_tasks_blocked()
    assert len(served.crew.waiting) == 8
    assert [client.sent for client in clients] == [[]] * 8 + [[None]] * 92
    assert served.counted("pydns_dropped_messages_total", LABEL, "overload") == 92
    assert served.server.under_way == 8


async def test_queries_that_wait_without_a_task_count_too(nursery: trio.Nursery) -> None:
    found: list[House] = []

    async def serve(query: Query, call_next: CallNext) -> Reply:
        if found[0].crowded():
            return Reply.drop(OVERLOAD)
        await Waiter(query.may_be_set_aside)
        raise AssertionError

    plugin = Doing(serve)
    plugin.frees_task = True  # type: ignore[misc] # this one does
    served = serving(nursery, plugin, under_way=10)
    found.append(served.house)
    for number in range(100):
        served.take(unknown(number))
    await wait_all_tasks_blocked()
    assert (len(served.crew.aside), len(served.crew.waiting)) == (8, 0)
    assert served.counted("pydns_dropped_messages_total", LABEL, "overload") == 92


async def test_there_is_room_again_when_those_who_waited_are_gone(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    served = holed(nursery, under_way=10, patience=5)
    for number in range(100):
        served.take(unknown(number))
    await trio.sleep(6)
    assert not served.house.crowded()
    assert not served.server.under_way


def waiting_for(go: trio.Event) -> Doing:
    """Has every query wait, and does not ask whether it may."""

    async def serve(query: Query, call_next: CallNext) -> Reply:
        await go.wait()
        return Reply([address()])

    return Doing(serve)


async def test_what_stood_in_the_queue_for_too_long_is_dropped(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    go = trio.Event()
    served = serving(nursery, waiting_for(go), under_way=2)
    clients = [served.take(unknown(number)) for number in range(6)]
    await trio.sleep(STALE + 1)
    late = served.take(unknown(7))
    go.set()
    await wait_all_tasks_blocked()
    sent = [client.sent[0] is not None for client in clients]
    assert sent == [True, True, False, False, False, False]
    assert (await late.answer()) is not None
    assert served.counted("pydns_dropped_messages_total", LABEL, "overload") == 4
    assert served.server.under_way == 0


async def test_a_query_that_comes_after_a_long_rest_is_not_old(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    served = holed(nursery)
    for _ in range(3):
        await trio.sleep(100)
        assert await served.ask(LOCAL) is not None


@given(st.lists(st.integers(0, 300), max_size=8), st.integers(1, 30), st.integers(1, 50))
@settings(max_examples=60, deadline=None)
def test_each_is_answered_or_dropped_once_and_nothing_grows(bursts: list[int], under_way: int, queued: int) -> None:
    async def run() -> None:
        async with trio.open_nursery() as nursery:
            served = holed(nursery, under_way=under_way, queued=queued, patience=3)
            clients: list[Asker] = []
            for burst in bursts:
                clients += [served.take(unknown(len(clients) + i)) for i in range(burst)]
                assert len(served.crew.queue) <= queued
                await wait_all_tasks_blocked()
                assert len(served.crew.waiting) <= under_way
                assert served.crew.workers <= under_way
                await trio.sleep(0.4)
            await trio.sleep(60)
            assert all(len(client.sent) == 1 for client in clients)
            assert not served.server.under_way
            nursery.cancel_scope.cancel()

    trio.run(run, clock=MockClock(autojump_threshold=0))


# How many have their turn before others do.


class Counted:
    """An answerer that counts."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.began = 0
        self._act = act

    async def answer(self, query: Any, key: bytes | None) -> bytes | None:
        self.began += 1
        await self._act()
        return b""

    def overdue(self, query: Any) -> bytes:
        return b""

    def give_up(self) -> None: ...


async def at_once() -> None: ...


async def a_moment() -> None:
    await trio.sleep(0.001)


@pytest.mark.parametrize("act", [at_once, trio.lowlevel.checkpoint, a_moment])
async def test_few_are_begun_in_each_turn(act: Callable[[], Any], nursery: trio.Nursery) -> None:
    """Whatever the last ones did: how many workers are woken comes from that."""
    crew, counted = Crew(nursery), Counted(act)
    for _ in range(3):
        for _ in range(3000):
            crew.add((counted, SimpleNamespace(), None, Asker()))  # type: ignore[arg-type] # it is the answerer's
        crew.go()
        while crew.queue:
            before = counted.began
            await trio.lowlevel.checkpoint()
            assert counted.began - before <= 2 * 128  # two turns of the others fit between two of ours
        await wait_all_tasks_blocked(0.01)
    assert counted.began == 9000


async def test_workers_that_come_back_from_a_wait_together_take_no_more(nursery: trio.Nursery) -> None:
    """But one of them, or another."""
    crew, go = Crew(nursery), trio.Event()
    waiting, counted = Counted(go.wait), Counted(at_once)
    for _ in range(500):
        crew.add((waiting, SimpleNamespace(), None, Asker()))  # type: ignore[arg-type] # as above
    crew.go()
    await wait_all_tasks_blocked()
    for _ in range(5000):
        crew.add((counted, SimpleNamespace(), None, Asker()))  # type: ignore[arg-type] # as above
    go.set()
    before = 0
    while crew.queue:
        await trio.lowlevel.checkpoint()
        assert counted.began - before <= 2 * 128
        before = counted.began
    assert counted.began == 5000


async def test_those_who_are_overdue_are_cancelled_in_slices(nursery: trio.Nursery, mock_clock: MockClock) -> None:
    crew, counted = Crew(nursery, patience=2), Counted(trio.sleep_forever)
    nursery.start_soon(crew.sweep)
    clients = [Asker() for _ in range(1000)]
    for client in clients:
        crew.add((counted, SimpleNamespace(), None, client))  # type: ignore[arg-type] # as above
    crew.go()
    await wait_all_tasks_blocked()
    sent = 0
    for _ in range(25):
        mock_clock.jump(0.1)
        for _ in range(50):
            await trio.lowlevel.checkpoint()
            now = sum(len(client.sent) for client in clients)
            assert now - sent <= 2 * 64
            sent = now
    assert sent == 1000
