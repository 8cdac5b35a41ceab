"""One address that we listen on: its sockets, their listeners, and what stands behind them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import trio

from pydns.listen.http import HttpListener
from pydns.listen.limits import DEFAULTS, TcpLimits
from pydns.listen.tcp import TcpListener
from pydns.listen.udp import UdpListener

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydns.http import Handler
    from pydns.listen.sockets import Sockets
    from pydns.router import Router
    from pydns.server import Server

_LOOK: Final = 0.02  # seconds between two looks whether the last query has been answered


class Bound(ABC):
    """Listens from `run` until that is cancelled. It outlives reloads: they give it another target by `route`."""

    def __init__(self, sockets: Sockets) -> None:
        self.sockets = sockets
        self.port = sockets.port
        self._scope = trio.CancelScope()
        self._running = False

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._running = True
        with self._scope:
            async with trio.open_nursery() as nursery:
                for listener in self._listeners():
                    await nursery.start(listener.run)
                task_status.started()

    @abstractmethod
    def route(self, target: Any) -> None:
        """From now on this is what answers there."""

    @abstractmethod
    def _listeners(self) -> list[Any]: ...

    async def drain(self, deadline_seconds: float) -> None:
        """Takes nothing new, waits until what is under way is answered, at most until the deadline, and closes."""
        self._scope.cancel()

    def close(self) -> None:
        """Closes at once, whether it runs or not."""
        self._scope.cancel()
        if not self._running:
            self.sockets.close()


class DnsTarget(NamedTuple):
    """What a DNS address leads to."""

    router: Router
    limits: TcpLimits = DEFAULTS
    shed: bool = False


class DnsBound(Bound):
    """UDP and TCP, and the server behind them."""

    def __init__(self, sockets: Sockets, server: Server) -> None:
        super().__init__(sockets)
        self.server = server
        metrics = server.house.metrics
        self._datagram = [UdpListener(sock, server, metrics) for sock in sockets.datagram]
        self._stream = [TcpListener(sock, server, metrics=metrics) for sock in sockets.stream]

    def route(self, target: DnsTarget) -> None:
        self.server.route(target.router)
        for datagram in self._datagram:
            datagram.shed(target.shed)
        self.server.shed(target.shed)  # behind them: what they drop as they cease to shed is counted still
        for stream in self._stream:
            stream.limit(target.limits)

    def _listeners(self) -> list[Any]:
        return [*self._datagram, *self._stream]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        try:
            await super().run(task_status=task_status)
        finally:
            self.server.close()

    async def drain(self, deadline_seconds: float) -> None:
        self.sockets.leave()
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
        super().close()
        self.server.close()


class HttpBound(Bound):
    """Pages over HTTP, by path."""

    def __init__(self, sockets: Sockets) -> None:
        super().__init__(sockets)
        self._listener = HttpListener(sockets.stream)

    def route(self, target: Mapping[str, Handler]) -> None:
        self._listener.route(target)

    def _listeners(self) -> list[Any]:
        return [self._listener]
