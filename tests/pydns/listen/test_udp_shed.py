"""UDP listeners that shed: the kernel has no room for answers, and has room again."""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from pydns import mmsg
from pydns.listen.unwritten import DEPTH
from tests.pydns.listen.test_udp import Listening, listening, received
from tests.pydns.serving import LABEL
from tests.pydns.wire.messages import message, question


class Kernel:
    """The kernel's sendmmsg, which has no room from `fill` until `empty`; then it sets `code`."""

    def __init__(self, send: Callable[..., int], code: int = errno.EAGAIN) -> None:
        self.code = code
        self.room = trio.Event()
        self.room.set()
        self._send = send

    def fill(self) -> None:
        self.room = trio.Event()

    def empty(self) -> None:
        self.room.set()

    def __call__(self, *arguments: Any) -> int:
        if not self.room.is_set():
            ctypes.set_errno(self.code)
            return -1
        return self._send(*arguments)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel(mmsg.sendmmsg)
    monkeypatch.setattr(mmsg, "sendmmsg", kernel)
    wait_writable = trio.lowlevel.wait_writable

    async def wait(sock: Any) -> None:  # as the kernel says it: not while there is no room
        await kernel.room.wait()
        await wait_writable(sock)

    monkeypatch.setattr(trio.lowlevel, "wait_writable", wait)
    return kernel


async def shedding(nursery: trio.Nursery, host: str = "127.0.0.1") -> Listening:
    found = await listening(nursery, host=host)
    found.served.server.shed(True)
    found.listener.shed(True)
    return found


def shed(found: Listening, reason: str) -> float:
    return found.served.counted("coredns_shed_dropped_total", LABEL, reason)


async def ask_many(found: Listening, sock: trio.socket.SocketType, count: int, name: str = "") -> None:
    """Each is taken before the next one is sent."""
    for number in range(count):
        await sock.send(message(question(name or f"n{number}.example"), id_=number))
        if number % 50 == 49:
            await wait_all_tasks_blocked(0.001)
    await wait_all_tasks_blocked(0.001)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
@pytest.mark.parametrize("name", ["", "same.example"], ids=["from the chain", "kept"])
async def test_answers_wait_until_there_is_room(host: str, name: str, kernel: Kernel, nursery: trio.Nursery) -> None:
    found = await shedding(nursery, host)
    async with found.client("127.0.0.1" if host == "0.0.0.0" else host) as sock:
        kernel.fill()
        await ask_many(found, sock, 100, name)
        kernel.empty()
        ids = [int.from_bytes((await received(sock))[:2]) for _ in range(100)]
    assert sorted(ids) == list(range(100))
    assert ids[:64] == list(range(36, 100))  # the newest leave first, 64 at a time
    assert (shed(found, "query"), shed(found, "response")) == (0, 0)


async def test_while_the_stack_is_full_queries_are_dropped(kernel: Kernel, nursery: trio.Nursery) -> None:
    found = await shedding(nursery)
    async with found.client() as sock:
        kernel.fill()
        await ask_many(found, sock, DEPTH + 200)
        dropped = shed(found, "query")
        assert 100 <= dropped <= 200  # those that came with the last that found room were taken
        assert dropped + shed(found, "response") == 200
        kernel.empty()
        await wait_all_tasks_blocked(0.001)
    assert not found.listener._stack
    wire = message(id_=7)
    assert (await found.ask(wire))[:2] == wire[:2]


async def test_answers_that_cannot_be_sent_for_another_reason_are_counted(
    kernel: Kernel, nursery: trio.Nursery
) -> None:
    found = await shedding(nursery)
    kernel.code = errno.EPERM
    kernel.fill()
    async with found.client() as sock:
        await ask_many(found, sock, 3)
    assert shed(found, "response") == 3
    assert found.served.counted("pydns_udp_unsent_total", LABEL) == 3


async def test_what_waits_when_it_ends_is_counted(kernel: Kernel, nursery: trio.Nursery) -> None:
    found = await shedding(nursery)
    kernel.fill()
    async with found.client() as sock:
        await ask_many(found, sock, 3)
    found.listener.shed(False)
    assert shed(found, "response") == 3


async def test_without_it_such_answers_are_lost(kernel: Kernel, nursery: trio.Nursery) -> None:
    found = await listening(nursery)
    kernel.fill()
    async with found.client() as sock:
        await ask_many(found, sock, 3)
    assert found.served.counted("pydns_udp_unsent_total", LABEL) == 3


async def test_what_the_server_drops_of_itself_is_counted_too(nursery: trio.Nursery) -> None:
    found = await shedding(nursery)
    found.served.server._drop("overload")
    found.served.server._drop("acl")
    assert shed(found, "query") == 1
