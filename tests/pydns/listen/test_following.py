"""Answers of several messages: made as the client takes them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import count

import pytest
import trio
import trio.testing

from pydns.listen.limits import TcpLimits
from pydns.listen.taker import Answerable
from tests.pydns.listen.tcp_peers import Answering, answer, listening, query

SIZE = 60_000


class Made:
    """Messages that follow the first: with the same id, and a number each."""

    def __init__(self, wire: bytes, numbers: Iterator[int]) -> None:
        self.wire = wire
        self.numbers = numbers
        self.made = 0
        self.closed = 0
        self.gone = trio.Event()

    def __next__(self) -> bytes:
        number = next(self.numbers)
        self.made += 1
        return numbered(self.wire, number)

    def close(self) -> None:
        self.closed += 1
        self.gone.set()


def numbered(wire: bytes, number: int) -> bytes:
    return wire[:2] + number.to_bytes(4) + bytes(SIZE - 6)


class Following(Answering):
    """Ids from 100 on are answered by one message, the others by as many as `numbers` gives."""

    def __init__(self, numbers: Iterable[int] | None = None) -> None:
        super().__init__()
        self.numbers = numbers
        self.streams: list[Made] = []

    def take(self, wire: bytes, client: Answerable, now: float) -> None:
        if wire[1] < 100:
            made = Made(wire, count() if self.numbers is None else iter(self.numbers))
            self.streams.append(made)
            client.follow(made)  # type: ignore[attr-defined]  # it is a stream
        super().take(wire, client, now)


async def test_they_leave_behind_the_answer_in_their_order() -> None:
    taker = Following(range(20))
    async with listening(taker) as here:
        peer = await here.connect()
        await peer.send(query(1))
        assert await peer.receive() == answer(query(1))
        for number in range(20):
            assert await peer.receive() == numbered(query(1), number)
        assert await peer.ask(100) == answer(query(100))
        assert taker.streams[0].closed == 1


async def test_those_of_two_queries_come_one_after_the_other() -> None:
    async with listening(Following(range(3))) as here:
        peer = await here.connect()
        await peer.send(query(1), query(2))
        peer.half_close()
        found = await peer.receive_all()
        follow = [message for message in found if len(message) == SIZE]
        assert follow == [numbered(query(id_), number) for id_ in (1, 2) for number in range(3)]
        assert len(found) == 8


async def test_another_query_on_the_connection_is_answered_meanwhile() -> None:
    async with listening(Following()) as here:
        peer = await here.connect()
        await peer.send(query(1))
        for _ in range(5):
            await peer.receive()
        await peer.send(query(100))
        with trio.fail_after(5):
            while await peer.receive() != answer(query(100)):
                pass


async def test_a_client_that_ends_its_half_gets_all() -> None:
    async with listening(Following(range(50))) as here:
        peer = await here.connect()
        await peer.send(query(1))
        peer.half_close()
        assert len(await peer.receive_all()) == 51


async def test_who_does_not_read_has_few_made_and_is_closed(quick_clock: trio.testing.MockClock) -> None:
    taker = Following()
    async with listening(taker, TcpLimits(write=5), send_buffer=4096) as here:
        peer = await here.connect(receive_buffer=4096)
        await peer.send(query(1))
        with trio.fail_after(20):
            await here.taker.until(1)
            await taker.streams[0].gone.wait()
        assert here.closed("write") == 1
        assert taker.streams[0].made < 4


async def test_who_leaves_has_no_more_made() -> None:
    taker = Following()
    async with listening(taker) as here:
        peer = await here.connect()
        await peer.ask(1)
        peer.reset()
        with trio.fail_after(5):
            await taker.streams[0].gone.wait()


async def test_for_who_is_gone_already_none_is_made() -> None:
    taker = Following()
    taker.hold = True
    async with listening(taker) as here:
        peer = await here.connect()
        await peer.send(query(100))
        await taker.until(1)
        client = taker.clients[0]
        peer.reset()
        with trio.fail_after(5):
            while here.connections:  # noqa: ASYNC110 -- nothing tells of it
                await trio.sleep(0.001)
        made = Made(query(100), count())
        client.follow(made)  # type: ignore[attr-defined]  # it is a stream
        assert (made.closed, made.made) == (1, 0)
        taker.release()


async def test_an_error_closes_that_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no more records")

    taker = Following(failing())
    async with listening(taker) as here:
        other = await here.connect()
        peer = await here.connect()
        await other.ask(100)
        await peer.send(query(1))
        with caplog.at_level(logging.ERROR):
            assert len(await peer.receive_all()) == 2
        assert "breaks off: ValueError: no more records" in caplog.text
        assert taker.streams[0].closed == 1
        assert await other.ask(101) == answer(query(101))


async def test_all_who_take_messages_have_their_turn() -> None:
    taker = Following()
    async with listening(taker) as here:
        peers = [await here.connect() for _ in range(3)]
        for peer in peers:
            await peer.send(query(1))
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                for peer in peers:
                    nursery.start_soon(read, peer.receive, 30)
        fewest, *_, most = sorted(made.made for made in taker.streams)
        assert most < 5 * fewest


async def read(receive: object, messages: int) -> None:
    for _ in range(messages):
        await receive()  # type: ignore[operator]  # it is a method of a peer's


async def test_draining_waits_for_their_end() -> None:
    async with listening(Following(range(30))) as here:
        peer = await here.connect()
        await peer.ask(1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.listener.drain)
            assert len(await peer.receive_all()) == 30
