import os
import resource
import socket
from collections import deque
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from pydns.listen.limits import TcpLimits
from pydns.listen.tcp import SWEEP, TcpListener
from tests.pydns.listen.tcp_peers import Answering, Listener, answer, listening, query


class Descriptors:
    """Of this process."""

    def __init__(self) -> None:
        self._limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    def exhaust(self) -> None:
        """From here on no file or socket can be opened."""
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, self._limits[1]))

    def restore(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, self._limits)


@pytest.fixture
def descriptors() -> Iterator[Descriptors]:
    found = Descriptors()
    yield found
    found.restore()


async def test_five_thousand_connects_starve_nobody() -> None:
    async with listening(limits=TcpLimits(per_client=200)) as here:
        good = await here.connect()
        flood: deque[socket.socket] = deque()
        for number in range(5000):
            sock = socket.socket()
            sock.setblocking(False)
            sock.bind(("127.0.0.2", 0))
            sock.connect_ex(here.address)
            flood.append(sock)
            if len(flood) > 250:
                flood.popleft().close()
            if number % 50 == 0:
                assert await good.ask(number) == answer(query(number))
        assert here.connections <= 201
        for sock in flood:
            sock.close()


async def test_out_of_descriptors_an_idle_connection_makes_room(
    descriptors: Descriptors, quick_clock: trio.testing.MockClock
) -> None:
    async with listening() as here:
        idle = await here.connect()
        await idle.ask()
        connecting = trio.socket.socket()
        descriptors.exhaust()
        await connecting.connect(here.address)
        assert await idle.receive() is None
        await connecting.send(b"\0\x0c" + query(2))
        assert await connecting.recv(100) == b"\0\x0c" + answer(query(2))
        connecting.close()


async def test_out_of_descriptors_it_does_not_spin(
    descriptors: Descriptors, quick_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(Answering(hold=True)) as here:
        busy = await here.connect()
        await busy.send(query(1))
        await here.taker.until(1)
        connecting = trio.socket.socket()
        before = Listener.accepts
        descriptors.exhaust()
        await connecting.connect(here.address)
        await trio.sleep(10)
        assert 2 <= Listener.accepts - before <= 10 / SWEEP + 1
        descriptors.restore()
        here.taker.hold = False
        await connecting.send(b"\0\x0c" + query(2))
        assert await connecting.recv(100) == b"\0\x0c" + answer(query(2))
        connecting.close()
    assert [record.getMessage() for record in caplog.records] == [
        "no TCP connection can be accepted: Too many open files"
    ]


async def test_it_recovers_where_nobody_is_connected(
    descriptors: Descriptors, quick_clock: trio.testing.MockClock
) -> None:
    async with listening() as here:
        connecting = trio.socket.socket()
        descriptors.exhaust()
        await connecting.connect(here.address)
        while not here.refused("error"):
            await trio.testing.wait_all_tasks_blocked()
        descriptors.restore()
        await connecting.send(b"\0\x0c" + query(2))
        assert await connecting.recv(100) == b"\0\x0c" + answer(query(2))
        connecting.close()


@pytest.mark.parametrize("number", [103, 71, 1])  # ECONNABORTED, EPROTO, EPERM
async def test_a_connection_that_ended_before_it_was_accepted_is_passed_over(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = Listener.accept
    failures = [OSError(number, os.strerror(number))]

    def failing(self: Listener) -> tuple[socket.socket, tuple[object, ...]]:
        if failures:
            raise failures.pop()
        return accept(self)

    monkeypatch.setattr(Listener, "accept", failing)
    async with listening() as here:
        assert await (await here.connect()).ask() == answer(query(1))
        assert here.refused("error") == 0


async def test_when_cancelled_it_closes_everything() -> None:
    async with listening(Answering(hold=True)) as here:
        idle, busy = await here.connect(), await here.connect()
        await busy.send(query(1))
        await here.taker.until(1)
        here.scope.cancel()
        assert await idle.receive() is None
        assert await busy.receive() is None
        with pytest.raises(ConnectionRefusedError):
            await here.connect()
        assert here.closed("stopped") == 2


async def test_an_answer_after_that_goes_nowhere() -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(query(1))
        await here.taker.until(1)
        here.scope.cancel()
        await peer.receive()
        here.taker.release()
        assert here.connections == 0


async def test_draining_closes_idle_connections_at_once() -> None:
    async with listening() as here:
        peer = await here.connect()
        await peer.ask()
        await here.listener.drain()
        assert await peer.receive() is None
        assert here.closed("drain") == 1


async def test_draining_accepts_nobody() -> None:
    async with listening() as here:
        await here.listener.drain()
        with pytest.raises(ConnectionRefusedError):
            await here.connect()


async def test_draining_waits_for_answers_under_way(nursery: trio.Nursery) -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(3)))
        await here.taker.until(3)
        drained = trio.Event()

        async def drain() -> None:
            await here.listener.drain()
            drained.set()

        nursery.start_soon(drain)
        await trio.testing.wait_all_tasks_blocked()
        here.taker.release(2)
        await trio.testing.wait_all_tasks_blocked()
        assert not drained.is_set()
        here.taker.release()
        await drained.wait()
        assert len(await peer.receive_all()) == 3


async def test_draining_reads_nothing_more(nursery: trio.Nursery) -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(query(1))
        await here.taker.until(1)
        nursery.start_soon(here.listener.drain)
        await trio.testing.wait_all_tasks_blocked()
        await peer.send(query(2))
        await trio.testing.wait_all_tasks_blocked()
        assert here.taker.taken == [query(1)]
        here.taker.release()
        assert await peer.receive_all() == [answer(query(1))]


async def test_draining_answers_what_was_read_already(nursery: trio.Nursery) -> None:
    async with listening(Answering(hold=True), TcpLimits(queries=2)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(6)))
        await here.taker.until(2)
        nursery.start_soon(here.listener.drain)
        for count in range(6):
            await here.taker.until(count + 1)
            here.taker.release(1)
        assert len(await peer.receive_all()) == 6


async def test_draining_does_not_wait_for_who_is_gone() -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(query(1))
        await here.taker.until(1)
        peer.reset()
        await here.listener.drain()
        assert here.connections == 0


async def test_draining_waits_until_slow_answers_have_left() -> None:
    async with listening(Answering(lambda wire: answer(wire, 65535)), send_buffer=4096) as here:
        peer = await here.connect(receive_buffer=4096)
        await peer.send(*map(query, range(10)))
        await here.taker.until(10)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.listener.drain)
            assert len(await peer.receive_all()) == 10


async def test_it_can_be_drained_without_having_run() -> None:
    await TcpListener(Listener.bound("127.0.0.1"), Answering()).drain()
