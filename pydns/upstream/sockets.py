"""The sockets of one pool behind one epoll: one task reads them all, one sweeps what is overdue or idle."""

from __future__ import annotations

import logging
import os
import select
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import trio

from pydns.tick import TickEnd
from pydns.upstream.datagrams import Datagrams

if TYPE_CHECKING:
    from pydns.upstream.exchange import Exchange

log = logging.getLogger("pydns.upstream")

SWEEP: Final = 0.05
"""Seconds between two sweeps while an answer is awaited: so much later than its deadline an exchange may end."""

IDLE_SWEEP: Final = 1.0
"""Seconds between two sweeps while none is."""

_FAILURES: Final = 16  # exchanges that are ended before other tasks have their turn
_EVENTS: Final = 4  # sockets read before other tasks have their turn: up to 128 answers of each leave in that step


def random_ids() -> Iterator[bytes]:
    """Message ids of two octets that nobody can predict (RFC 5452 section 9.2)."""
    while True:
        octets = os.urandom(1024)
        for i in range(0, 1024, 2):
            yield octets[i : i + 2]


def random_octets() -> Iterator[int]:
    """Numbers below 256 that nobody can predict."""
    while True:
        yield from os.urandom(1024)


class Sockets:
    """Non-blocking sockets, each with a function that is called with its events (`select.EPOLLIN` and so on).

    `ready` while it is open. `waiting`: all exchanges that are under way. `tidies`: called at each sweep with trio's
    time. `incoming` and `outgoing`: buffers that who reads or sends datagrams may use in one step.
    """

    def __init__(self) -> None:
        self.waiting: set[Exchange] = set()
        self.tidies: list[Callable[[float], None]] = []
        self.ids = random_ids()
        self.octets = random_octets()
        self.ready = False
        self.incoming = Datagrams()
        self.outgoing = Datagrams()
        self._unsent: list[Callable[[], None]] = []
        self._tick = TickEnd(self._flush)
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._epoll: select.epoll | None = None
        self._work = trio.Event()

    def add(self, sock: socket.socket, handler: Callable[[int], None], events: int = select.EPOLLIN) -> None:
        """Raises OSError where it cannot be watched."""
        assert self._epoll is not None
        self._epoll.register(sock.fileno(), events)
        self._handlers[sock.fileno()] = handler

    def modify(self, sock: socket.socket, events: int) -> None:
        assert self._epoll is not None
        self._epoll.modify(sock.fileno(), events)

    def close(self, sock: socket.socket) -> None:
        """Closing takes it out of the epoll set as well."""
        self._handlers.pop(sock.fileno(), None)
        sock.close()

    def begin(self, exchange: Exchange) -> None:
        if not self.waiting:
            self._work.set()
        self.waiting.add(exchange)

    def send_later(self, flush: Callable[[], None]) -> None:
        """Has `flush` called at the end of this tick."""
        self._unsent.append(flush)
        self._tick.arm()

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        for flush in unsent:
            flush()

    def open(self) -> None:
        self._epoll = select.epoll()
        self.ready = True

    def shut(self) -> None:
        """Ends all exchanges. Who opened the sockets closes them."""
        for exchange in list(self.waiting):
            exchange.fail("the upstream sockets are closed")
        if self._epoll is not None:
            self._epoll.close()
        self._epoll = None
        self.ready = False

    async def run(self) -> None:
        """Reads and sweeps until it is cancelled; the sockets stay open, so that another task may go on."""
        assert self._epoll is not None
        async with trio.open_nursery() as nursery:
            await nursery.start(self._tick.run)
            self._flush()  # what was begun while nobody ran, on a reload
            nursery.start_soon(self._read, self._epoll)
            nursery.start_soon(self._sweep)

    async def _read(self, epoll: select.epoll) -> None:
        handlers = self._handlers
        while True:
            await trio.lowlevel.wait_readable(epoll.fileno())
            for number, events in epoll.poll(0, _EVENTS):
                handler = handlers.get(number)
                if handler is None:  # it was closed by one that came before it
                    continue
                try:
                    handler(events)
                except Exception:  # whatever one answer makes us stumble over, others wait for theirs
                    log.exception("an answer of an upstream is lost after an error")

    async def _sweep(self) -> None:
        while True:
            if self.waiting:
                await trio.sleep(SWEEP)
            else:
                self._work = trio.Event()
                with trio.move_on_after(IDLE_SWEEP):
                    await self._work.wait()
            now = trio.current_time()
            overdue = [each for each in self.waiting if each.deadline <= now]
            for i, exchange in enumerate(overdue):
                if i % _FAILURES == _FAILURES - 1:  # each has a client that is answered now, and there may be thousands
                    await trio.lowlevel.checkpoint()
                if not exchange.done and exchange.deadline <= now:
                    exchange.fail(f"no answer in {exchange.timeout:g} s")
            for tidy in self.tidies:
                tidy(now)
