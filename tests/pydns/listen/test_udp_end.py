"""How a listener ends."""

from __future__ import annotations

import socket

import pytest
import trio
import trio.testing

from pydns.listen.udp import UdpListener
from pydns.mmsg import SLOTS
from pydns.plugin import CallNext
from pydns.query import Query
from pydns.reply import Reply
from tests.pydns.listen.test_udp import ANSWER, bound, listening, received
from tests.pydns.serving import Doing, serving
from tests.pydns.wire.messages import message


async def test_after_stop_receiving_what_came_is_answered_and_no_more_is_taken(nursery: trio.Nursery) -> None:
    go_on = trio.Event()

    async def serve(query: Query, call_next: CallNext) -> Reply:
        await go_on.wait()
        return ANSWER

    listening_ = await listening(nursery, Doing(serve))
    async with listening_.client() as sock:
        for i in range(100):
            await sock.send(message(id_=i))
        listening_.listener.stop_receiving()
        await trio.testing.wait_all_tasks_blocked()
        await sock.send(message(id_=100))
        go_on.set()
        ids = {int.from_bytes((await received(sock))[:2]) for _ in range(100)}
    assert ids == set(range(100))


async def test_an_error_in_the_server_does_not_keep_it_from_stopping(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError("a fault of ours")

    listening_ = await listening(nursery)
    monkeypatch.setattr(listening_.served.server, "take_new", fail)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(message(), listening_.listener.local)
        listening_.listener.stop_receiving()
    assert "a fault of ours" in caplog.text


class _flooded:  # noqa: N801 -- used as a function
    """A listener that finds a full batch each time it looks; after `patience` of these the test has failed."""

    def __init__(self, listener: UdpListener, patience: int = 100_000) -> None:
        self._listener = listener
        self.left = patience

    def __enter__(self) -> None:
        def receive() -> int:
            self.left -= 1
            assert self.left, "it never ends"
            return SLOTS

        self._listener._receive = receive  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        del self._listener._receive  # type: ignore[method-assign]


async def test_a_flood_does_not_keep_it_from_stopping(nursery: trio.Nursery) -> None:
    listening_ = await listening(nursery)
    with _flooded(listening_.listener):
        listening_.listener.stop_receiving()


async def test_a_flood_does_not_keep_it_from_being_cancelled() -> None:
    async with trio.open_nursery() as nursery:
        listening_ = await listening(nursery)
        flood = _flooded(listening_.listener)
        flood.__enter__()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(message(), ("127.0.0.1", listening_.port))
        before = flood.left
        while flood.left == before:
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()


async def test_it_closes_its_socket_and_is_no_longer_counted() -> None:
    async with trio.open_nursery() as nursery:
        listening_ = await listening(nursery)
        nursery.cancel_scope.cancel()
    assert listening_.listener.socket.fileno() == -1
    list(listening_.served.house.metrics.read())


async def test_answers_that_come_after_its_end_go_nowhere(nursery: trio.Nursery) -> None:
    """Its descriptor's number may be another socket's by then."""
    go_on = trio.Event()

    async def serve(query: Query, call_next: CallNext) -> Reply:
        await go_on.wait()
        return ANSWER

    served = serving(nursery, Doing(serve))
    async with trio.open_nursery() as inner:
        listener = UdpListener(bound("127.0.0.1"), served.server, served.house.metrics)
        number = listener.socket.fileno()
        await inner.start(listener.run)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for i in range(2 * SLOTS):
                client.sendto(message(id_=i), listener.local)
            with trio.fail_after(10):
                while served.server.under_way < 2 * SLOTS:
                    await trio.lowlevel.checkpoint()
            inner.cancel_scope.cancel()
            await trio.sleep_forever()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        assert other.fileno() == number
        go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert other.getsockname()[1] == 0  # the kernel gives a port to who sends
