"""Clients that are slow to read, slow to ask, or silent."""

import pytest
import trio
import trio.testing

from pydns.listen.framing import framed
from pydns.listen.limits import TcpLimits
from pydns.listen.tcp import SWEEP
from tests.pydns.listen.tcp_peers import Answering, answer, large, listening, query


async def test_while_its_answers_wait_nothing_more_is_read(quick_clock: trio.testing.MockClock) -> None:
    async with listening(Answering(large), TcpLimits(output=1 << 20), send_buffer=4096) as here:
        peer = await here.connect(receive_buffer=4096)
        with trio.move_on_after(4):
            await peer.send(*map(query, range(2000)))
            await trio.sleep_forever()
        assert len(here.taker.taken) <= 128  # 16 of them are 1 MiB, and 64 are taken in one turn
        assert here.connections == 1


async def test_who_does_not_read_is_closed_after_the_write_timeout(quick_clock: trio.testing.MockClock) -> None:
    async with listening(Answering(large), send_buffer=4096) as here:
        peer = await here.connect(receive_buffer=4096)
        await peer.send(*map(query, range(100)))
        await here.taker.until(64)
        await trio.sleep(4.9)
        assert here.connections == 1
        await trio.sleep(0.1 + 2 * SWEEP)
        assert here.closed("write") == 1


async def test_who_reads_slowly_gets_all(quick_clock: trio.testing.MockClock) -> None:
    async with listening(Answering(large), send_buffer=4096) as here:
        peer = await here.connect(receive_buffer=4096)
        await peer.send(*map(query, range(40)))
        peer.half_close()
        for number in range(40):
            assert await peer.receive() == large(query(number))
            await trio.sleep(1)
        assert await peer.receive() is None


async def test_who_reads_an_octet_now_and_then_is_closed(quick_clock: trio.testing.MockClock) -> None:
    async with listening(Answering(large), send_buffer=4096) as here:
        peer = await here.connect(receive_buffer=4096)
        await peer.send(*map(query, range(40)))
        await here.taker.until(40)
        with trio.fail_after(20):
            while not here.closed("write"):
                await peer.socket.recv(1000)
                await trio.sleep(0.5)


async def test_an_idle_one_is_closed(quick_clock: trio.testing.MockClock) -> None:
    async with listening() as here:
        peer = await here.connect()
        began = trio.current_time()
        assert await peer.receive() is None
        assert 10 <= trio.current_time() - began <= 10 + 2 * SWEEP
        assert here.closed("idle") == 1


@pytest.mark.parametrize("hold", [False, True])
async def test_it_is_idle_from_its_last_answer_on(hold: bool, quick_clock: trio.testing.MockClock) -> None:
    async with listening(Answering(hold=hold)) as here:
        peer = await here.connect()
        for number in range(3):
            await trio.sleep(8)
            await peer.send(query(number))
            await here.taker.until(number + 1)
            here.taker.release()
            await peer.receive()
        began = trio.current_time()
        assert await peer.receive() is None
        assert 10 <= trio.current_time() - began <= 10 + 2 * SWEEP


async def test_while_a_query_is_under_way_it_is_not_idle(quick_clock: trio.testing.MockClock) -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(query(1))
        await trio.sleep(60)
        here.taker.release()
        assert await peer.receive() == answer(query(1))


@pytest.mark.parametrize("before", [b"", framed(query(1))])
async def test_a_message_must_come_within_the_read_timeout_though_it_trickles(
    before: bytes, quick_clock: trio.testing.MockClock
) -> None:
    async with listening() as here:
        peer = await here.connect()
        began = trio.current_time()
        await peer.send_octets(before)

        async def trickle() -> None:
            for octet in framed(query(2, 100)):
                await peer.send_octets(bytes((octet,)))
                await trio.sleep(0.5)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(trickle)
            await peer.receive_all()
            assert 3 <= trio.current_time() - began <= 3 + 2 * SWEEP
            nursery.cancel_scope.cancel()
        assert here.closed("read") == 1


@pytest.mark.parametrize("hold", [False, True])
async def test_each_message_has_the_read_timeout_for_itself(hold: bool, quick_clock: trio.testing.MockClock) -> None:
    async with listening(Answering(hold=hold)) as here:
        peer = await here.connect()
        stream = b"".join(framed(query(i, 30)) for i in range(10))
        for i in range(0, len(stream), 20):  # most pieces end within a message
            await peer.send_octets(stream[i : i + 20])
            await trio.sleep(1)
        await here.taker.until(10)
        assert here.connections == 1
