"""DNS over TCP (RFC 7766): all connections of one listening socket, served by one task.

A task and a stream for each connection cost 29 us a query, one task over an epoll set of sockets 4 to 12. What trio
waits for is that set.
"""

from __future__ import annotations

import errno
import logging
import select
import socket
from typing import TYPE_CHECKING, Final

import trio

from pydns.listen.connections import Connections
from pydns.listen.limits import DEFAULTS, TcpLimits
from pydns.metrics import Metrics

if TYPE_CHECKING:
    from pydns.listen.taker import Taker

log = logging.getLogger("pydns.listen")

SWEEP: Final = 0.25
"""Seconds between two looks at whose time is over: so much later than its timeout a connection may be closed."""

_EVENTS: Final = 32  # connections served before other tasks have their turn
_ACCEPTS: Final = 16  # connections accepted between: a flood of them starves nobody
_WARNING: Final = 60.0  # seconds between two warnings of the same kind

_GONE: Final = frozenset(
    (
        errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.ENOPROTOOPT, errno.EHOSTDOWN,
        errno.ENONET, errno.EHOSTUNREACH, errno.EOPNOTSUPP, errno.ENETUNREACH,
    )
)  # fmt: skip
"""What `accept` reports of a connection that ended before it was accepted (accept(2)): the next one may be good."""


class TcpListener:
    """Hands messages that come over TCP to `taker`, and sends its answers.

    The socket is bound, listens, and is non-blocking. `limits` hold for this listener alone. `run` runs once.
    """

    def __init__(
        self, sock: socket.socket, taker: Taker, limits: TcpLimits = DEFAULTS, metrics: Metrics | None = None
    ) -> None:
        self._socket = sock
        self._number = sock.fileno()
        self._taker = taker
        self._connections = Connections(taker, limits, metrics or Metrics())
        self._paused = False
        self._warned = float("-inf")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Accepts, reads and answers until it is cancelled; then all its sockets are closed."""
        connections = self._connections
        try:
            # Answers leave whole and at once, so waiting for more to fill a segment (RFC 896) would be mere delay. The
            # accepted sockets have the option from here.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connections.epoll.register(self._number, select.EPOLLIN)
            async with trio.open_nursery() as nursery:
                await nursery.start(connections.tick.run)
                nursery.start_soon(self._sweep)
                task_status.started()
                await self._serve()
        finally:
            self._stop_accepting()
            connections.close("stopped")

    def limit(self, limits: TcpLimits) -> None:
        """From now on these hold, also for connections that are open."""
        self._connections.limit(limits)

    async def drain(self) -> None:
        """Accepts and reads no more; returns when all that was asked is answered and all connections are closed.

        `run` goes on meanwhile. Who calls it bounds it in time.
        """
        self._stop_accepting()
        connections = self._connections
        connections.end("drain")
        while connections:
            await connections.changed()

    async def _serve(self) -> None:
        connections, epoll, number = self._connections, self._connections.epoll, self._number
        while True:
            await trio.lowlevel.wait_readable(epoll.fileno())
            connections.now = trio.current_time()
            connections.busy = True
            accept = False
            for ready, events in epoll.poll(0, _EVENTS):
                connection = connections.get(ready)
                if connection is not None:
                    connection.on_events(events)
                elif ready == number:
                    accept = True
            if accept:
                # After all others: a new connection may have the number of one that has just been closed.
                self._accept()
            self._taker.go()
            connections.flush()
            connections.make_one()

    def _accept(self) -> None:
        for count in range(_ACCEPTS):
            try:
                sock, name = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _GONE:
                    continue
                # Linux wants a descriptor before it looks whether anybody is there; of the first one epoll said so.
                if count == 0:
                    self._pause(error)
                return
            self._connections.admit(sock, name)

    def _pause(self, error: OSError) -> None:
        """Accepts nothing until the next sweep. Out of descriptors, epoll would report the socket again and again."""
        if self._socket.fileno() < 0:
            return
        self._paused = True
        connections = self._connections
        connections.epoll.modify(self._number, 0)
        connections.refuse("error")
        connections.make_room()
        connections.wake()  # so that the sweep comes, also where nobody is connected
        if connections.now >= self._warned + _WARNING:
            self._warned = connections.now
            log.warning("no TCP connection can be accepted: %s", error.strerror or error)

    def _resume(self) -> None:
        self._paused = False
        if self._socket.fileno() >= 0:
            self._connections.epoll.modify(self._number, select.EPOLLIN)

    def _stop_accepting(self) -> None:
        self._number = -1
        self._socket.close()

    async def _sweep(self) -> None:
        connections = self._connections
        while True:
            if not connections and not self._paused:
                await connections.changed()
            await trio.sleep(SWEEP)
            connections.sweep()
            if self._paused:
                self._resume()
