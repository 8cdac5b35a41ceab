import logging

import pytest
import trio
import trio.testing

from pydns.upstream.endpoint import Endpoint
from pydns.upstream.exchange import Exchange
from pydns.upstream.health import Checks
from pydns.upstream.limits import Limits
from pydns.upstream.pool import Pool
from pydns.upstream.testing import Asked, ScriptedServer, good
from pydns.waiter import Waiter
from tests.pydns.upstream.helpers import REQUEST


class Faulty:
    """A script that is silent while `broken`."""

    def __init__(self) -> None:
        self.broken = True

    async def __call__(self, asked: Asked) -> None:
        if not self.broken:
            await good(asked)


async def ask(pool: Pool) -> Exchange:
    waiter = Waiter()
    latest = trio.current_time() + 5
    exchange = pool.upstreams[0].begin(
        REQUEST, waiter.wake, trio.current_time(), stream=False, timeout=1, latest=latest
    )
    while not exchange.done:
        await waiter
    return exchange


async def test_who_fails_is_checked_until_it_answers(
    nursery: trio.Nursery, quick_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pydns.upstream")
    script = Faulty()
    server = ScriptedServer(script)
    await nursery.start(server.run)
    pool = Pool(Limits(), Checks(interval=0.5, max_fails=2), [server.endpoint])
    await nursery.start(pool.run)
    (upstream,) = pool.upstreams

    await ask(pool)
    assert not upstream.health.down
    await trio.sleep(1.2)  # one check has failed
    assert (upstream.health.fails, upstream.health.down) == (1, False)
    await trio.sleep(1.7)  # the second has
    assert (upstream.health.fails, upstream.health.down) == (2, True)
    script.broken = False
    await trio.sleep(2)
    assert (upstream.health.fails, upstream.health.down) == (0, False)
    count = len(server.asked)
    await trio.sleep(10)
    assert len(server.asked) == count  # none are made of who is well
    name = server.endpoint
    assert caplog.messages == [f"upstream {name} is down: no answer in 1 s", f"upstream {name} answers again"]
    assert upstream.counts.failed_checks >= 2


async def test_with_max_fails_0_none_is_checked(nursery: trio.Nursery, quick_clock: trio.testing.MockClock) -> None:
    server = ScriptedServer(Faulty())
    await nursery.start(server.run)
    pool = Pool(Limits(), Checks(max_fails=0), [server.endpoint])
    await nursery.start(pool.run)
    await ask(pool)
    await trio.sleep(10)
    assert len(server.asked) == 1
    assert not pool.upstreams[0].health.down


@pytest.mark.parametrize(
    ("checks", "flags", "question", "transport"),
    [
        (Checks(), b"\x01\x00", b"\0\0\2\0\1", "udp"),
        (Checks(recursion=False), b"\x00\x00", b"\0\0\2\0\1", "udp"),
        (Checks(domain=b"\3org\0"), b"\x01\x00", b"\3org\0\0\2\0\1", "udp"),
        (Checks(stream=True), b"\x01\x00", b"\0\0\2\0\1", "tcp"),
    ],
)
async def test_what_a_check_asks(
    checks: Checks, flags: bytes, question: bytes, transport: str,
    nursery: trio.Nursery, quick_clock: trio.testing.MockClock,
) -> None:  # fmt: skip
    server = ScriptedServer(Faulty())
    await nursery.start(server.run)
    pool = Pool(Limits(), checks, [server.endpoint])
    await nursery.start(pool.run)
    await ask(pool)
    await trio.sleep(1)
    check = server.asked[1]
    assert (check.wire[2:4], check.question, check.transport) == (flags, question, transport)


@pytest.mark.parametrize("rcode", [2, 3, 5])
async def test_any_answer_to_a_check_is_good(
    rcode: int, nursery: trio.Nursery, quick_clock: trio.testing.MockClock
) -> None:
    async def script(asked: Asked) -> None:
        if asked.question == b"\0\0\2\0\1":
            await asked.send(asked.answer(rcode=rcode))

    server = ScriptedServer(script)
    await nursery.start(server.run)
    pool = Pool(Limits(), Checks(max_fails=1), [server.endpoint])
    await nursery.start(pool.run)
    await ask(pool)
    await trio.sleep(5)
    assert not pool.upstreams[0].health.down


def test_who_stays_keeps_its_state() -> None:
    one, two, three = (Endpoint("192.0.2.1", port) for port in (1, 2, 3))
    pool = Pool(Limits(), Checks(), [one, two])
    kept = pool.upstreams[1]
    pool.replace([three, two, three])
    assert [upstream.endpoint for upstream in pool.upstreams] == [three, two]
    assert pool.upstreams[1] is kept


async def test_who_went_is_checked_no_more(nursery: trio.Nursery, quick_clock: trio.testing.MockClock) -> None:
    server = ScriptedServer(Faulty())
    await nursery.start(server.run)
    pool = Pool(Limits(), Checks(), [server.endpoint])
    await nursery.start(pool.run)
    await ask(pool)
    pool.replace([])
    await trio.sleep(3)
    count = len(server.asked)
    await trio.sleep(10)
    assert len(server.asked) == count


async def test_a_second_run_takes_over_what_is_under_way(nursery: trio.Nursery) -> None:
    go = trio.Event()

    async def held(asked: Asked) -> None:
        await go.wait()
        await good(asked)

    server = ScriptedServer(held)
    await nursery.start(server.run)
    pool = Pool(Limits(), Checks(), [server.endpoint])
    done: list[Exchange] = []

    async def one() -> None:
        done.append(await ask(pool))

    async with trio.open_nursery() as first:
        await first.start(pool.run)
        nursery.start_soon(one)
        while not server.asked:
            await trio.testing.wait_all_tasks_blocked(0.01)
        await nursery.start(pool.run)
        first.cancel_scope.cancel()
    go.set()
    with trio.fail_after(5):
        while not done:
            await trio.testing.wait_all_tasks_blocked(0.01)
    assert done[0].wire
    assert (await ask(pool)).wire


async def test_a_pool_that_ends_ends_what_is_under_way(nursery: trio.Nursery) -> None:
    server = ScriptedServer(Faulty())
    await nursery.start(server.run)
    pool = Pool(Limits(), Checks(), [server.endpoint])
    done: list[Exchange] = []

    async def one() -> None:
        done.append(await ask(pool))

    with trio.fail_after(1):
        async with trio.open_nursery() as inner, trio.open_nursery() as first:
            await first.start(pool.run)
            inner.start_soon(one)
            while not server.asked:
                await trio.testing.wait_all_tasks_blocked(0.01)
            first.cancel_scope.cancel()
    assert done[0].failure == "the upstream sockets are closed"


async def test_a_pool_may_run_again(nursery: trio.Nursery) -> None:
    server = ScriptedServer()
    await nursery.start(server.run)
    pool = Pool(Limits(), Checks(), [server.endpoint])
    for _ in range(2):
        async with trio.open_nursery() as inner:
            await inner.start(pool.run)
            assert (await ask(pool)).wire
            inner.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("down", "looping", "usable"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
def test_who_is_down_or_in_a_loop_is_not_to_be_asked(down: bool, looping: bool, usable: bool) -> None:
    (upstream,) = Pool(Limits(), Checks(max_fails=1), [Endpoint("192.0.2.1", 53)]).upstreams
    if down:
        upstream.health.failed()
    upstream.looping = looping
    assert upstream.usable is usable


@pytest.mark.parametrize(("rcode", "troubles"), [(0, 0), (2, 1), (3, 0), (5, 0), (None, 1)])
async def test_troubles_are_failures_and_servfail(rcode: int | None, troubles: int, nursery: trio.Nursery) -> None:
    async def script(asked: Asked) -> None:
        if rcode is not None:
            await asked.send(asked.answer(rcode=rcode))

    server = ScriptedServer(script)
    await nursery.start(server.run)
    pool = Pool(Limits(), Checks(max_fails=0), [server.endpoint])
    await nursery.start(pool.run)
    await ask(pool)
    assert pool.upstreams[0].troubles == troubles
    nursery.cancel_scope.cancel()


async def test_it_is_open_while_it_runs(nursery: trio.Nursery) -> None:
    pool = Pool(Limits(), Checks())
    assert not pool.is_open
    await nursery.start(pool.run)
    assert pool.is_open
    nursery.cancel_scope.cancel()
