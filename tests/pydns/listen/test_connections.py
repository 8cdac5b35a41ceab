import pytest
import trio
import trio.testing

from pydns.listen.limits import TcpLimits
from tests.pydns.listen.tcp_peers import Answering, answer, listening, query


async def test_the_longest_idle_one_makes_room_for_a_new_one() -> None:
    async with listening(limits=TcpLimits(connections=3)) as here:
        peers = [await here.connect() for _ in range(3)]
        for number in (1, 0, 2):
            await peers[number].ask()
        new = await here.connect()
        assert await new.ask() == answer(query(1))
        assert await peers[1].receive() is None
        assert here.closed("room") == 1
        assert await peers[0].ask() == answer(query(1))


async def test_one_with_half_a_message_makes_room_too() -> None:
    async with listening(limits=TcpLimits(connections=1)) as here:
        peer = await here.connect()
        await peer.send_octets(b"\0")
        await trio.testing.wait_all_tasks_blocked()
        assert await (await here.connect()).ask() == answer(query(1))


async def test_where_all_await_answers_the_new_one_is_closed() -> None:
    async with listening(Answering(hold=True), TcpLimits(connections=2)) as here:
        peers = [await here.connect() for _ in range(2)]
        for peer in peers:
            await peer.send(query(1))
        await here.taker.until(2)
        assert await (await here.connect()).receive() is None
        assert here.refused("connections") == 1
        here.taker.release()
        assert [await peer.receive() for peer in peers] == [answer(query(1))] * 2


async def test_the_newest_of_a_client_that_has_too_many_is_closed() -> None:
    async with listening(limits=TcpLimits(per_client=2)) as here:
        peers = [await here.connect() for _ in range(3)]
        assert await peers[2].receive() is None
        assert here.refused("client") == 1
        assert [await peer.ask() for peer in peers[:2]] == [answer(query(1))] * 2


async def test_another_client_has_as_many() -> None:
    async with listening(limits=TcpLimits(per_client=1)) as here:
        await here.connect()
        assert await (await here.connect(source="127.0.0.2")).ask() == answer(query(1))


async def test_closed_connections_do_not_count() -> None:
    async with listening(limits=TcpLimits(per_client=1)) as here:
        for _ in range(5):
            peer = await here.connect()
            assert await peer.ask() == answer(query(1))
            peer.half_close()
            assert await peer.receive() is None
        assert here.connections == 0


@pytest.mark.parametrize("slow", [1, 3])
async def test_the_answers_of_slow_clients_are_bounded_in_all(slow: int) -> None:
    limits = TcpLimits(output_in_all=1 << 20)
    async with listening(Answering(lambda wire: answer(wire, 65535)), limits, send_buffer=4096) as here:
        for _ in range(slow):
            peer = await here.connect(receive_buffer=4096)
            await peer.send(*map(query, range(40)))
        await here.taker.until(40 * slow)
        while here.connections:
            await trio.testing.wait_all_tasks_blocked()
        assert here.closed("memory") == slow


async def test_who_reads_does_not_pay_for_those_who_do_not() -> None:
    limits = TcpLimits(output_in_all=1 << 20)
    async with listening(Answering(lambda wire: answer(wire, 65535)), limits, send_buffer=4096) as here:
        slow = await here.connect(receive_buffer=4096)
        await slow.send(*map(query, range(12)))
        await here.taker.until(12)
        other = await here.connect(receive_buffer=4096)
        await other.send(*map(query, range(12)))
        other.half_close()
        assert len(await other.receive_all()) == 12
        assert here.closed("memory") == 1
