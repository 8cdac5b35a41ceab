"""One address that we listen on: its sockets, their listeners, and the server behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from pydns.listen.tcp import TcpListener
from pydns.listen.udp import UdpListener
from pydns.server import Server

if TYPE_CHECKING:
    from pydns.listen.sockets import Sockets

_LOOK: Final = 0.02  # seconds between two looks whether the last query has been answered


class Bound:
    """Listens from `run` until that is cancelled. It outlives reloads: they give its server another router."""

    def __init__(self, sockets: Sockets, server: Server) -> None:
        self.server = server
        self.port = sockets.port
        metrics = server.house.metrics
        self._datagram = [UdpListener(sock, server, metrics) for sock in sockets.datagram]
        self._stream = [TcpListener(sock, server, metrics=metrics) for sock in sockets.stream]
        self.sockets = sockets
        self._scope = trio.CancelScope()
        self._running = False

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._running = True
        with self._scope:
            async with trio.open_nursery() as nursery:
                for datagram in self._datagram:
                    await nursery.start(datagram.run)
                for stream in self._stream:
                    await nursery.start(stream.run)
                task_status.started()

    async def drain(self, deadline_seconds: float) -> None:
        """Takes no new queries, waits until those under way are answered, at most until the deadline, and closes."""
        with trio.move_on_after(deadline_seconds):
            for datagram in self._datagram:
                datagram.stop_receiving()
            async with trio.open_nursery() as nursery:
                for stream in self._stream:
                    nursery.start_soon(stream.drain)
                # An event for each query that ends would cost every query; a look now and then costs none.
                while self.server.under_way:  # noqa: ASYNC110
                    await trio.sleep(_LOOK)
        await trio.lowlevel.checkpoint()  # the last answers leave at the end of their tick
        self._scope.cancel()

    def close(self) -> None:
        """Closes at once, whether it runs or not."""
        self._scope.cancel()
        if not self._running:
            self.sockets.close()
