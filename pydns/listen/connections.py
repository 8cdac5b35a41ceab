"""The open connections of one TCP listener: who gets in, who waits too long, and whose answers leave next."""

from __future__ import annotations

import select
import socket
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.listen.connection import Connection
from pydns.listen.limits import TcpLimits, affordable_connections
from pydns.listen.sockaddr import to_client
from pydns.listen.waiting import Waiting
from pydns.tick import TickEnd

if TYPE_CHECKING:
    from pydns.listen.taker import Taker
    from pydns.metrics import Metrics

_CANDIDATES: Final = 16  # looked at to make room for one connection, so that a flood of them costs little


class Connections:
    """All but `tick` is done without waiting, by the listener's tasks.

    `epoll` watches the connections, `tick` sends what was answered since it last ran, `now` is when the last turn
    began, on trio's clock. `busy` is true where a `flush` is coming anyway. `held` are octets of answers that clients
    are slow to read.
    """

    def __init__(self, taker: Taker, limits: TcpLimits, metrics: Metrics) -> None:
        self.taker = taker
        self.limits = limits
        self.epoll = select.epoll()
        self.tick = TickEnd(self.flush)
        self.now = 0.0
        self.busy = False
        self.held = 0
        self.idle: Waiting[Connection] = Waiting(limits.idle)
        self.reading: Waiting[Connection] = Waiting(limits.read)
        self.writing: Waiting[Connection] = Waiting(limits.write)
        self._most = affordable_connections(limits.connections)
        self._open: dict[int, Connection] = {}
        self._clients: dict[str | bytes, int] = {}
        self._answered: list[Connection] = []
        self._making: dict[Connection, None] = {}
        self._changed = trio.Event()
        self._count = metrics.gauge("pydns_tcp_connections", "TCP connections that are open.", merge="sum")
        self._refused = metrics.counter("pydns_tcp_refused_total", "TCP connections closed at once.", "reason")
        self._closed = metrics.counter("pydns_tcp_closed_total", "TCP connections that ended.", "reason")

    def limit(self, limits: TcpLimits) -> None:
        self.limits = limits
        self.idle.seconds = limits.idle
        self.reading.seconds = limits.read
        self.writing.seconds = limits.write
        self._most = affordable_connections(limits.connections)

    def __len__(self) -> int:
        return len(self._open)

    def get(self, number: int) -> Connection | None:
        """The connection with this file descriptor."""
        return self._open.get(number)

    def admit(self, sock: socket.socket, name: tuple[Any, ...]) -> None:
        """Takes a connection in, or closes it where there are too many; then `refused` counts it."""
        client = to_client(name)
        count = self._clients.get(client, 0)
        if count >= self.limits.per_client:
            self.refuse("client")
            sock.close()
            return
        if len(self._open) >= self._most and not self.make_room():
            self.refuse("connections")
            sock.close()
            return
        connection = Connection(sock, name, client, self)
        self._open[sock.fileno()] = connection
        self._clients[client] = self._clients.get(client, 0) + 1
        self._count.add()
        if len(self._open) == 1:
            self.wake()
        try:
            sock.setblocking(False)
            connection.begin()
        except OSError:  # the kernel watches no more of them (ENOMEM, ENOSPC)
            connection.close("error")

    def refuse(self, reason: str) -> None:
        self._refused.add(reason)

    def make_room(self) -> bool:
        """Closes the connection that has been silent for longest and awaits nothing; False where there is none."""
        for connection in islice(chain(self.idle, self.reading), _CANDIDATES):
            if not connection.busy:
                connection.close("room")
                return True
        return False

    def forget(self, connection: Connection, reason: str) -> None:
        """It is being closed."""
        del self._open[connection.socket.fileno()]
        left = self._clients[connection.client] - 1
        if left:
            self._clients[connection.client] = left
        else:
            del self._clients[connection.client]
        self._making.pop(connection, None)
        self.held -= connection.held
        self._count.add(amount=-1)
        self._closed.add(reason)
        if not self._open:
            self.wake()

    def hold(self, connection: Connection) -> None:
        """Its answers leave slowly: memory for such is bounded, and who has been slow for longest pays for it."""
        self.held += connection.size - connection.held
        connection.held = connection.size
        while self.held > self.limits.output_in_all and self.writing:
            next(iter(self.writing)).close("memory")

    def gather(self, connection: Connection) -> None:
        """It was answered: `flush` sends that."""
        self._answered.append(connection)
        if not self.busy:
            self.tick.arm()

    def has_more(self, connection: Connection) -> None:
        """It has room for the next of several messages of an answer: they take turns."""
        self._making[connection] = None

    def make_one(self) -> None:
        """Makes the next message for who has waited longest: each takes a few ms."""
        if self._making:
            connection = next(iter(self._making))
            del self._making[connection]
            connection.make_one()

    def flush(self) -> None:
        """Sends what was answered, in one go for each connection."""
        self.busy = True
        self.now = trio.current_time()
        for connection in self._answered:
            connection.flush()
        self._answered.clear()
        self.busy = False

    def sweep(self) -> None:
        """Closes those whose time is over."""
        self.now = now = trio.current_time()
        for waiting, reason in ((self.idle, "idle"), (self.reading, "read"), (self.writing, "write")):
            for connection in waiting.overdue(now):
                connection.close(reason)

    def end(self, reason: str) -> None:
        """Each is closed when what it asked has been answered."""
        self.now = trio.current_time()
        for connection in list(self._open.values()):
            connection.end(reason)

    def close(self, reason: str) -> None:
        """Closes all of them now, and for good."""
        for connection in list(self._open.values()):
            connection.close(reason)
        self.epoll.close()

    async def changed(self) -> None:
        """Returns when the first one comes, when the last one is gone, and at `wake`."""
        await self._changed.wait()

    def wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
