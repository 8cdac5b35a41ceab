import errno
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from pydns.upstream import udp
from pydns.upstream.endpoint import Endpoint
from pydns.upstream.exchange import Exchange
from pydns.upstream.health import Checks
from pydns.upstream.limits import Limits
from pydns.upstream.pool import Pool
from pydns.upstream.request import Request
from pydns.upstream.testing import Asked, ScriptedServer
from pydns.waiter import Waiter
from tests.pydns.upstream.helpers import REQUEST, asking


async def test_it_is_answered() -> None:
    async with asking() as here:
        exchange = await here.ask()
        assert exchange.wire
        assert here.server.asked[0].question == REQUEST.question


async def test_ids_and_ports_differ_from_query_to_query() -> None:
    # RFC 5452 section 9.2
    async with asking() as here:
        for _ in range(16):
            await here.ask()
        assert len({asked.port for asked in here.server.asked}) == 16
        assert len({asked.id for asked in here.server.asked}) > 12


async def test_open_ports_are_used_again() -> None:
    async with asking(limits=Limits(max_ports=2)) as here:
        for _ in range(20):
            await here.ask()
        assert len({asked.port for asked in here.server.asked}) == 2
        assert (here.upstream.counts.udp_hits, here.upstream.counts.udp_misses) == (18, 2)


Wrong = Callable[[Asked], list[bytes]]
LIES: dict[str, Wrong] = {
    "another id": lambda asked: [asked.answer("192.0.2.66", id_=bytes((asked.id[0] ^ 1, asked.id[1])))],
    "another question": lambda asked: [asked.answer("192.0.2.66", question=b"\3bad\0\0\1\0\1")],
    "a few octets": lambda asked: [asked.id, asked.id + b"\x81\x80", b""],
    "rubbish": lambda asked: [asked.id + b"\xff" * 50],
    "a cut answer": lambda asked: [asked.answer("192.0.2.66")[:-8]],
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_the_good_answer_after_a_lie_counts(lie: Wrong) -> None:
    # RFC 5452 section 9.1
    async def script(asked: Asked) -> None:
        for wire in lie(asked):
            await asked.send(wire)
        await asked.send(asked.answer("192.0.2.1"))

    async with asking(script) as here:
        exchange = await here.ask()
        assert socket.inet_aton("192.0.2.1") in exchange.wire
        assert here.upstream.counts.junk == len(lie(here.server.asked[0]))


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_a_lie_alone_is_no_answer(lie: Wrong, quick_clock: trio.testing.MockClock) -> None:
    async def script(asked: Asked) -> None:
        for wire in lie(asked):
            await asked.send(wire)

    async with asking(script) as here:
        exchange = await here.ask()
        assert exchange.wire == b""
        assert exchange.failure == "no answer in 2 s"


async def test_another_source_is_not_heard(quick_clock: trio.testing.MockClock) -> None:
    # RFC 5452 section 9.1: the answer must come from the address and port that was asked
    async def script(asked: Asked) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(asked.answer(), ("127.0.0.1", asked.port))

    async with asking(script) as here:
        assert (await here.ask()).wire == b""
        assert here.upstream.counts.junk == 0


async def test_silence_ends_at_the_timeout(quick_clock: trio.testing.MockClock) -> None:
    async def silent(asked: Asked) -> None: ...

    async with asking(silent) as here:
        began = trio.current_time()
        exchange = await here.ask(seconds=1.5)
        assert exchange.wire == b""
        assert 1.5 <= trio.current_time() - began < 1.7


async def test_a_late_answer_is_junk(quick_clock: trio.testing.MockClock) -> None:
    async def late(asked: Asked) -> None:
        await trio.sleep(2)
        await asked.send(asked.answer())

    async with asking(late) as here:
        assert (await here.ask(seconds=1)).wire == b""
        await trio.sleep(2)
        assert here.upstream.counts.junk == 1


async def test_a_closed_port_fails_at_once() -> None:
    server = ScriptedServer()
    endpoint = server.endpoint
    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        nursery.cancel_scope.cancel()
    async with asking() as here:
        here.pool.replace([endpoint])
        (upstream,) = here.pool.upstreams
        waiter = Waiter()
        latest = trio.current_time() + 5
        with trio.fail_after(1):
            exchange = upstream.begin(REQUEST, waiter.wake, trio.current_time(), stream=False, timeout=2, latest=latest)
            while not exchange.done:
                await waiter
        assert exchange.failure == "Connection refused"


async def test_a_truncated_answer_comes_over_tcp() -> None:
    async def script(asked: Asked) -> None:
        cut = asked.transport == "udp"
        await asked.send(asked.answer(flags=0x8380 if cut else 0x8180, records=0 if cut else 40))

    async with asking(script) as here:
        exchange = await here.ask()
        assert exchange.stream
        assert exchange.wire[6:8] == (40).to_bytes(2)
        assert [asked.transport for asked in here.server.asked] == ["udp", "tcp"]


async def test_an_upstream_without_edns_is_asked_again_without_it() -> None:
    async def script(asked: Asked) -> None:
        if asked.has_opt:
            await asked.send(asked.id + b"\x81\x81" + bytes(8))
        else:
            await asked.send(asked.answer())

    async with asking(script) as here:
        assert (await here.ask()).wire
        assert [asked.has_opt for asked in here.server.asked] == [True, False]


async def test_idle_ports_are_closed_after_expire(quick_clock: trio.testing.MockClock) -> None:
    async with asking(limits=Limits(expire=3, max_ports=1)) as here:
        await here.ask()
        await trio.sleep(2)
        await here.ask()
        await trio.sleep(5)
        await here.ask()
        ports = [asked.port for asked in here.server.asked]
        assert ports[0] == ports[1] != ports[2]


async def test_old_ports_are_given_up(quick_clock: trio.testing.MockClock) -> None:
    async with asking(limits=Limits(max_age=3, max_ports=1)) as here:
        for _ in range(4):
            await here.ask()
            await trio.sleep(2)
        assert len({asked.port for asked in here.server.asked}) == 2


async def test_used_ports_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "MAX_USES", 3)
    async with asking(limits=Limits(max_ports=1)) as here:
        for _ in range(7):
            await here.ask()
        assert len({asked.port for asked in here.server.asked}) == 3
        assert len(here.pool._sockets._handlers) == 1  # the others are closed


async def test_a_port_that_is_given_up_still_brings_its_answers() -> None:
    go = trio.Event()

    async def script(asked: Asked) -> None:
        await go.wait()
        await asked.send(asked.answer())

    async with asking(script) as here, trio.open_nursery() as nursery:
        answered: list[Exchange] = []

        async def ask() -> None:
            answered.append(await here.ask())

        nursery.start_soon(ask)
        while not here.server.asked:
            await trio.testing.wait_all_tasks_blocked(0.01)
        here.upstream.close()
        go.set()
        while not answered:
            await trio.testing.wait_all_tasks_blocked(0.01)
        assert answered[0].wire


async def test_it_leaves_from_the_source_address() -> None:
    peers: list[str] = []
    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        await sock.bind(("127.0.0.1", 0))
        pool = Pool(Limits(source="127.0.0.9"), Checks(), [Endpoint(*sock.getsockname())])
        async with trio.open_nursery() as nursery:
            await nursery.start(pool.run)
            latest = trio.current_time() + 5
            pool.upstreams[0].begin(REQUEST, Waiter().wake, trio.current_time(), stream=False, timeout=2, latest=latest)
            _, peer = await sock.recvfrom(512)
            peers.append(peer[0])
            nursery.cancel_scope.cancel()
    assert peers == ["127.0.0.9"]


async def test_a_source_address_that_is_not_ours_is_a_failure() -> None:
    async with asking(limits=Limits(source="192.0.2.1")) as here:
        assert (await here.ask()).failure == "Cannot assign requested address"


async def test_many_at_once_each_get_their_own_answer() -> None:
    async def script(asked: Asked) -> None:
        await trio.lowlevel.checkpoint()
        await asked.send(asked.answer())

    async with asking(script) as here:
        done: list[Exchange] = []

        async def ask() -> None:
            done.append(await here.ask())

        async with trio.open_nursery() as nursery:
            for _ in range(200):
                nursery.start_soon(ask)
        assert all(exchange.wire for exchange in done)
        assert len(done) == 200


async def test_nothing_is_asked_while_the_pool_does_not_run() -> None:
    pool = Pool(Limits(), Checks(), [Endpoint("127.0.0.1", 9)])
    exchange = pool.upstreams[0].begin(REQUEST, Waiter().wake, trio.current_time(), stream=False, timeout=2, latest=9e9)
    assert exchange.failure == "the upstream sockets are closed"


# Batches: what is sent in one tick leaves together.


def begun(here: Any, count: int) -> list[Exchange]:
    now = trio.current_time()
    return [
        here.upstream.begin(REQUEST, Waiter().wake, now, stream=False, timeout=2, latest=now + 5) for _ in range(count)
    ]


async def ended(exchanges: Sequence[Exchange]) -> None:
    with trio.fail_after(10):
        while not all(exchange.done for exchange in exchanges):
            await trio.testing.wait_all_tasks_blocked(0.001)


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 200])
async def test_those_of_one_tick_are_all_answered(count: int) -> None:
    async with asking() as here:
        exchanges = begun(here, count)
        await ended(exchanges)
        assert all(exchange.wire for exchange in exchanges)
        assert len({asked.id for asked in here.server.asked}) > count * 0.9  # random: two may be alike on other ports


async def test_those_of_one_tick_share_a_port_up_to_a_batch() -> None:
    async with asking() as here:
        await ended(begun(here, 40))
        assert len({asked.port for asked in here.server.asked}) == 1
        await ended(begun(here, 40))
        assert len({asked.port for asked in here.server.asked}) == 2
        counts = here.upstream.counts
        assert (counts.udp_misses, counts.udp_hits) == (2, 78)


async def test_nothing_leaves_within_the_step_that_asks() -> None:
    async with asking() as here:
        (exchange,) = begun(here, 1)
        assert here.upstream.udp._unsent == [exchange]
        await ended([exchange])
        assert here.upstream.udp._unsent == []


async def test_one_that_has_failed_meanwhile_does_not_leave() -> None:
    async with asking() as here:
        first, second = begun(here, 2)
        first.fail("given up")
        await ended([second])
        assert len(here.server.asked) == 1


@pytest.mark.parametrize("count", [2, 64, 100])
async def test_a_closed_port_fails_all_of_a_batch_at_once(count: int) -> None:
    async with asking() as here:
        endpoint = closed_endpoint()
        here.pool.replace([endpoint])
        (here.upstream,) = here.pool.upstreams
        exchanges = begun(here, count)
        with trio.fail_after(1):
            await ended(exchanges)
        assert {exchange.failure for exchange in exchanges} == {"Connection refused"}


def closed_endpoint() -> Endpoint:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return Endpoint(*sock.getsockname())


class Failing:
    """In place of the buffers: fails with these errors, one for each call, None for a call that sends one message."""

    def __init__(self, errors: list[int | None]) -> None:
        self.errors = errors
        self.calls: list[tuple[int, int]] = []

    def fill(self, messages: Sequence[bytes]) -> None: ...

    def send(self, descriptor: int, first: int, count: int) -> int:
        self.calls.append((first, count))
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise OSError(error, os.strerror(error))
        return 1


FAILURES: dict[str, tuple[list[int | None], list[str]]] = {
    "none": ([], ["", "", "", ""]),
    "the first": ([errno.EAGAIN], ["", "Resource temporarily unavailable", "", ""]),
    "the second": ([None, errno.ENETUNREACH], ["", "", "Network is unreachable", ""]),
    "the last": ([None, None, errno.EPERM], ["", "", "", "Operation not permitted"]),
    "all": ([errno.EPERM] * 3, ["", *["Operation not permitted"] * 3]),
    "an earlier one": ([errno.ECONNREFUSED], ["Connection refused", "", "", ""]),
    "an earlier one of the batch": ([None, errno.ECONNREFUSED], [*["Connection refused"] * 2, "", ""]),
    "an earlier one, and then itself": ([errno.ECONNREFUSED] * 2, [*["Connection refused"] * 2, "", ""]),
}


@pytest.mark.parametrize(("errors", "failures"), FAILURES.values(), ids=FAILURES.keys())
async def test_an_error_ends_those_that_it_is_about(errors: list[int | None], failures: list[str]) -> None:
    async def silent(asked: Asked) -> None: ...

    async with asking(silent, Limits(max_ports=1)) as here:
        earlier = begun(here, 1)
        while not here.server.asked:
            await trio.testing.wait_all_tasks_blocked(0.001)
        here.pool._sockets.outgoing = Failing(list(errors))
        batch = begun(here, 3)
        here.upstream.udp.flush()
        assert [exchange.failure for exchange in earlier + batch] == failures


async def test_what_is_too_long_for_a_datagram_goes_over_tcp() -> None:
    request = Request(REQUEST.question, 0x0100, False, ((65001, bytes(5000)),))
    async with asking() as here:
        now = trio.current_time()
        exchange = here.upstream.begin(request, Waiter().wake, now, stream=False, timeout=2, latest=now + 5)
        await ended([exchange])
        assert [asked.transport for asked in here.server.asked] == ["tcp"]
        assert exchange.wire


STEP = st.sampled_from(["tick", "close", "tidy", "fail"])


# 250 in all: the server's socket holds 256 datagrams, and the kernel drops more.
@given(st.lists(st.tuples(st.one_of(st.integers(0, 20), st.just(65)), STEP), max_size=3))
@settings(max_examples=30, deadline=None)
def test_whatever_happens_each_exchange_ends(steps: list[tuple[int, str]]) -> None:
    async def run() -> None:
        async with asking(limits=Limits(max_ports=2, max_age=0.001)) as here:
            exchanges: list[Exchange] = []
            for count, step in steps:
                exchanges += begun(here, count)
                if step == "tick":
                    await trio.testing.wait_all_tasks_blocked()
                elif step == "close":
                    here.upstream.close()
                elif step == "tidy":
                    here.upstream.tidy(trio.current_time() + 1)
                elif exchanges:
                    exchanges[-1].fail("given up")
            await ended(exchanges)
            assert not here.pool.under_way
            assert {exchange.failure for exchange in exchanges} <= {"", "given up"}

    trio.run(run)
