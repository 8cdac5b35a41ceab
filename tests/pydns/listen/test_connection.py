import logging
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from pydns.listen.framing import framed
from pydns.listen.limits import TcpLimits
from tests.pydns.listen.tcp_peers import LARGE, Answering, Counted, Listening, answer, large, listening, query


@pytest.fixture
async def here() -> AsyncIterator[Listening]:
    async with listening() as listening_:
        yield listening_


def ids(messages: list[bytes]) -> list[int]:
    return [int.from_bytes(message[:2]) for message in messages]


async def test_it_is_answered(here: Listening) -> None:
    peer = await here.connect()
    assert await peer.ask(7) == answer(query(7))


async def test_queries_come_one_after_another(here: Listening) -> None:
    peer = await here.connect()
    for number in range(20):
        assert await peer.ask(number) == answer(query(number))


async def test_ten_queries_in_one_segment_are_all_answered(here: Listening) -> None:
    # RFC 7766 section 6.2.1.1
    peer = await here.connect()
    await peer.send(*map(query, range(10)))
    assert [await peer.receive() for _ in range(10)] == [answer(query(i)) for i in range(10)]


async def test_a_query_may_come_octet_by_octet(here: Listening) -> None:
    peer = await here.connect()
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for octet in framed(query(7, 40)):
        await peer.send_octets(bytes((octet,)))
        await trio.testing.wait_all_tasks_blocked()
    assert await peer.receive() == answer(query(7))


async def test_the_longest_query_comes_whole(here: Listening) -> None:
    peer = await here.connect()
    await peer.send(query(7, LARGE))
    await peer.receive()
    assert here.taker.taken == [query(7, LARGE)]


async def test_answers_leave_in_any_order() -> None:
    # RFC 7766 section 7
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(10)))
        await here.taker.until(10)
        here.taker.release(backwards=True)
        peer.half_close()
        assert ids(await peer.receive_all()) == [*reversed(range(10))]


async def test_answers_of_one_tick_leave_in_one_send() -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(10)))
        await here.taker.until(10)
        here.taker.release()
        for _ in range(10):
            await peer.receive()
        assert Counted.sends == 1


async def test_answers_given_at_once_leave_in_one_send(here: Listening) -> None:
    peer = await here.connect()
    await peer.send(*map(query, range(10)))
    for _ in range(10):
        await peer.receive()
    assert Counted.sends == 1


async def test_where_there_is_no_answer_the_next_one_comes() -> None:
    async with listening(Answering(lambda wire: None if wire[1] == 1 else answer(wire))) as here:
        peer = await here.connect()
        await peer.send(query(1), query(2))
        peer.half_close()
        assert ids(await peer.receive_all()) == [2]


async def test_an_answer_that_no_length_can_tell_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(Answering(lambda wire: answer(wire, LARGE + wire[1]))) as here:
        peer = await here.connect()
        await peer.send(query(1), query(0))
        assert ids([await peer.receive() or b""]) == [0]
    assert "an answer of 65536 octets" in caplog.text


async def test_after_half_closing_all_is_answered_and_then_closed() -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(10)))
        peer.half_close()
        await here.taker.until(10)
        await trio.testing.wait_all_tasks_blocked()
        here.taker.release()
        assert ids(await peer.receive_all()) == [*range(10)]
        assert here.closed("client") == 1


@pytest.mark.parametrize("waits", [1, 2, 3])
async def test_a_half_closed_connection_does_not_spin(waits: int) -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(query(1))
        peer.half_close()
        await here.taker.until(1)
        for _ in range(waits):
            await trio.testing.wait_all_tasks_blocked()
        assert here.taker.goes <= 3  # turns: it came, it was asked, its end was seen


@pytest.mark.parametrize("length", [0, 1, 11])
async def test_a_length_that_no_message_has_closes_it(length: int, here: Listening) -> None:
    peer = await here.connect()
    await peer.send_octets(length.to_bytes(2))
    assert await peer.receive_all() == []
    assert here.closed("malformed") == 1


async def test_what_stood_before_a_bad_length_is_answered() -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send_octets(framed(query(1)) + framed(query(2)) + b"\0\0 and so on")
        await here.taker.until(2)
        here.taker.release()
        assert ids(await peer.receive_all()) == [1, 2]


async def test_no_more_queries_are_taken_than_may_be_under_way() -> None:
    async with listening(Answering(hold=True), TcpLimits(queries=4)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(10)))
        await here.taker.until(4)
        for _ in range(5):
            await trio.testing.wait_all_tasks_blocked()
        assert len(here.taker.taken) == 4


@pytest.mark.parametrize("most", [1, 2, 4, 9])
async def test_the_others_are_taken_when_some_were_answered(most: int) -> None:
    async with listening(Answering(hold=True), TcpLimits(queries=most)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(100)))
        peer.half_close()
        for number in range(100):
            await here.taker.until(number + 1)
            here.taker.release(1)
            assert await peer.receive() == answer(query(number))
        assert await peer.receive() is None


async def test_a_thousand_queries_in_one_go_are_all_answered(here: Listening) -> None:
    peer = await here.connect()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(peer.send, *map(query, range(5000)))
        assert ids([await peer.receive() or b"" for _ in range(5000)]) == [*range(5000)]


async def test_after_so_many_queries_it_is_closed() -> None:
    async with listening(limits=TcpLimits(most_queries=3)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(5)))
        assert ids(await peer.receive_all()) == [0, 1, 2]
        assert here.closed("queries") == 1


async def test_large_answers_come_whole(here: Listening) -> None:
    here.taker.reply = large
    peer = await here.connect()
    await peer.send(*map(query, range(60)))
    peer.half_close()
    assert await peer.receive_all() == [large(query(i)) for i in range(60)]


async def test_answers_that_come_while_others_leave_slowly_follow_them() -> None:
    async with listening(Answering(large, hold=True), send_buffer=4096) as here:
        peer = await here.connect(receive_buffer=4096)
        await peer.send(*map(query, range(6)))
        await here.taker.until(6)
        for _ in range(6):
            here.taker.release(1)
            await trio.testing.wait_all_tasks_blocked()
        peer.half_close()
        assert await peer.receive_all() == [large(query(i)) for i in range(6)]


async def test_who_resets_midway_leaves_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening(Answering(hold=True)) as here:
        peer, other = await here.connect(), await here.connect()
        await peer.send_octets(framed(query(1)) + framed(query(2))[:5])
        await here.taker.until(1)
        peer.reset()
        while not here.closed("reset"):
            await trio.testing.wait_all_tasks_blocked()
        await other.send(query(3))
        await here.taker.until(2)
        here.taker.release()
        assert await other.receive() == answer(query(3))
    assert caplog.records == []


async def test_who_is_gone_before_the_answer_leaves_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening(Answering(large, hold=True)) as here:
        peer = await here.connect()
        await peer.send(*map(query, range(20)))
        await here.taker.until(20)
        peer.socket.close()
        while here.connections:
            here.taker.release(1)
            await trio.testing.wait_all_tasks_blocked()
    assert caplog.records == []


async def test_an_error_in_the_server_closes_that_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    def fail(wire: bytes) -> bytes:
        if wire[1] == 1:
            raise RuntimeError("a defect")
        return answer(wire)

    async with listening(Answering(fail)) as here:
        other, peer = await here.connect(), await here.connect()
        await peer.send(query(1))
        assert await peer.receive() is None
        assert await other.ask(2) == answer(query(2))
        assert here.closed("error") == 1
    assert "a defect" in caplog.text


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=5), st.booleans())
async def test_no_octets_disturb_the_others(pieces: list[bytes], reset: bool) -> None:
    async with listening(limits=TcpLimits(queries=2)) as here:
        other, peer = await here.connect(), await here.connect()
        with suppress(OSError):  # it may have closed before the last piece
            for piece in pieces:
                await peer.send_octets(piece)
                await trio.testing.wait_all_tasks_blocked()
        if reset:
            peer.reset()
        else:
            peer.socket.close()
        assert await other.ask(7) == answer(query(7))
        while here.connections > 1:
            await trio.testing.wait_all_tasks_blocked()
        assert here.closed("error") == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_client_knows_both_addresses(host: str) -> None:
    async with listening(host=host) as here:
        peer = await here.connect()
        await peer.ask()
        (client,) = here.taker.clients
        assert client.transport == "tcp"
        assert client.peer == peer.socket.getsockname()[:2]
        assert client.local == peer.socket.getpeername()[:2]


async def test_the_local_address_is_the_one_that_was_asked() -> None:
    async with listening(host="0.0.0.0") as here:
        peer = await here.connect(to="127.0.0.5")
        await peer.ask()
        assert here.taker.clients[0].local == ("127.0.0.5", here.address[1])


async def test_an_ipv4_client_of_an_ipv6_socket_has_its_ipv4_address() -> None:
    async with listening(host="::") as here:
        peer = await here.connect(to="127.0.0.1", source="127.0.0.7")
        await peer.ask()
        assert here.taker.clients[0].peer.host == "127.0.0.7"


async def test_the_addresses_are_known_when_the_client_is_gone() -> None:
    async with listening(Answering(hold=True)) as here:
        peer = await here.connect()
        await peer.send(query(1))
        await here.taker.until(1)
        peer.reset()
        while here.connections:
            await trio.testing.wait_all_tasks_blocked()
        assert here.taker.clients[0].local == here.address
