"""One server that is asked: its sockets, its health, and how fast it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.records import Rcode
from pydns.upstream.counts import Counts
from pydns.upstream.datagrams import LARGEST
from pydns.upstream.exchange import Exchange
from pydns.upstream.health import Health
from pydns.upstream.tcp import TcpConnections
from pydns.upstream.udp import UdpPorts

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydns.upstream.endpoint import Endpoint
    from pydns.upstream.limits import Limits
    from pydns.upstream.request import Request
    from pydns.upstream.sockets import Sockets

_LONGEST: Final = LARGEST - 2  # octets behind the id; what is longer goes over TCP
_NEWEST: Final = 0.25  # weight of the newest measurement in the smoothed one


class Upstream:
    """`latency`: smoothed seconds from question to answer; None before the first answer and after a failure.

    `measured`: when the last answer came, or when the last attempt to measure was made, on trio's clock.
    `looping`: what is asked of it comes back to us, so it is not to be asked. `troubles` counts the failures of its
    queries, SERVFAIL among them. `watch`: is told the question of each exchange that begins, where somebody watches.
    """

    __slots__ = (
        "_sockets", "_suspect", "counts", "endpoint", "health", "latency", "looping", "measured", "name", "tcp",
        "troubles", "udp", "watch",
    )  # fmt: skip

    def __init__(
        self,
        endpoint: Endpoint,
        sockets: Sockets,
        limits: Limits,
        max_fails: int,
        suspect: Callable[[Upstream], None],
    ) -> None:
        self.endpoint = endpoint
        self.name = str(endpoint)
        self.counts = Counts()
        self.health = Health(max_fails)
        self.latency: float | None = None
        self.measured = float("-inf")
        self.looping = False
        self.troubles = 0
        self.watch: Callable[[bytes], None] | None = None
        self.udp = UdpPorts(endpoint, sockets, limits, self.counts)
        self.tcp = TcpConnections(endpoint, sockets, limits, self.counts)
        self._sockets = sockets
        self._suspect = suspect

    @property
    def usable(self) -> bool:
        return not (self.health.down or self.looping)

    def begin(
        self,
        request: Request,
        then: Callable[[Exchange], None],
        now: float,
        stream: bool,
        timeout: float,
        latest: float,
    ) -> Exchange:
        """Asks it, over TCP where `stream` says so. `then` is called with the exchange when it has ended.

        The exchange ends after `timeout` seconds (each retry over TCP or without EDNS has as many again), and at
        `latest`. That, and `now`, are on trio's clock.
        """
        stream = stream or len(request.tail) > _LONGEST
        exchange = Exchange(self, request.question, request.tail, stream, then, now, timeout, latest)
        self._begin(exchange, now)
        return exchange

    def pass_on(
        self,
        question: bytes,
        tail: bytes,
        then: Callable[[Exchange], None],
        about: Any,
        now: float,
        timeout: float,
        latest: float,
    ) -> None:
        """As `begin`, for a short request that leaves over UDP. `then` may be called within it."""
        self._begin(Exchange(self, question, tail, False, then, now, timeout, latest, about), now)

    def _begin(self, exchange: Exchange, now: float) -> None:
        if not self._sockets.ready:
            exchange.fail("the upstream sockets are closed")
            return
        self._sockets.begin(exchange)
        if self.watch is not None:
            self.watch(exchange.question)
        if exchange.stream:
            self.tcp.send(exchange, now)
        else:
            self.udp.send(exchange, now)

    def send(self, exchange: Exchange) -> None:
        """For the exchange: once more, over UDP or TCP, as it says."""
        if exchange.stream:
            self.tcp.send(exchange, trio.current_time())
        else:
            self.udp.send(exchange, trio.current_time())

    def answered(self, exchange: Exchange, now: float) -> None:
        """For the exchange: the answer came, and it ends."""
        self._sockets.waiting.discard(exchange)
        self.measured = now
        seconds, latency = exchange.seconds, self.latency
        self.latency = seconds if latency is None else latency + (seconds - latency) * _NEWEST
        if exchange.rcode == Rcode.SERVFAIL:
            self.troubles += 1

    def failed(self, exchange: Exchange) -> None:
        """For the exchange: no answer came, and it ends."""
        self._sockets.waiting.discard(exchange)
        self.troubles += 1
        self.measured = trio.current_time()
        self.latency = None
        self._suspect(self)

    def tidy(self, now: float) -> None:
        self.udp.tidy(now)
        self.tcp.tidy(now)

    def close(self) -> None:
        """Closes what is idle at once, the rest when its exchanges have ended."""
        self.udp.close()
        self.tcp.close()
