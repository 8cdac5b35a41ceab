"""UDP to one upstream: connected sockets on random ports, so that only the upstream's datagrams come in.

Port and id are what an off-path forger must guess (RFC 5452 section 9.2). A connected socket takes nothing from another
address. Linux picks its port at random from net.ipv4.ip_local_port_range. A port is given up after some use or age, so
that a port which was found out is worth little.

All queries of one tick leave together, from one port that is picked at random for them, each under a random id. To a
forger that is the same: for each query alone the port is as likely to be any of those that are open.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

import trio

from pydns.mmsg import SLOTS
from pydns.upstream.datagrams import SIZE
from pydns.upstream.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydns.upstream.counts import Counts
    from pydns.upstream.endpoint import Endpoint
    from pydns.upstream.limits import Limits
    from pydns.upstream.sockets import Sockets

MAX_USES: Final = 2000
"""Queries after which a port is given up."""

MAX_AGE: Final = 60.0
"""Seconds after which a port is given up, however busy."""

MAX_WAITING: Final = 8192
"""Exchanges on one port: of 65,536 ids enough stay free that a random one is found soon."""

_RECEIVE_BUFFER: Final = 1 << 20  # octets asked of the kernel: its default holds 256 answers
_BATCHES: Final = 2  # read from one socket before the others have their turn


class UdpPort:
    """One socket and the exchanges on it."""

    __slots__ = ("born", "ports", "retired", "socket", "used", "uses", "waiting")

    def __init__(self, ports: UdpPorts, sock: socket.socket, now: float) -> None:
        self.ports = ports
        self.socket = sock
        self.born = self.used = now
        self.uses = 0
        self.waiting: dict[bytes, Exchange] = {}
        self.retired = False

    def on_events(self, _: int) -> None:
        """Drains the socket."""
        waiting, counts, incoming = self.waiting, self.ports.counts, self.ports.sockets.incoming
        data, lengths = incoming.data, incoming.received
        now = trio.current_time()
        for _ in range(_BATCHES):
            try:
                count = incoming.receive(self.socket.fileno())
            except OSError as error:  # an ICMP error: nobody listens there (then every exchange here is in vain)
                self.fail_all(error)
                return
            at = 0
            for i in range(count):
                wire = data[at : at + lengths[i]].tobytes()
                at += SIZE
                exchange = waiting.get(wire[:2])
                if exchange is None or len(wire) < 12 or not exchange.take(wire, now):
                    counts.junk += 1
            if count < SLOTS or self.socket.fileno() < 0:  # retired, and that was its last exchange
                return

    def fail_all(self, error: OSError, *, but: Sequence[Exchange] = ()) -> None:
        unsent = set(but)
        for exchange in list(self.waiting.values()):
            if exchange not in unsent:
                exchange.fail(error.strerror or str(error))

    def forget(self, exchange: Exchange, answered: bool) -> None:
        del self.waiting[exchange.id]
        if self.retired and not self.waiting:
            self.close()

    def retire(self) -> None:
        """Takes no new exchange, and closes when its last one has ended."""
        self.retired = True
        if not self.waiting:
            self.close()

    def close(self) -> None:
        self.ports.sockets.close(self.socket)


class UdpPorts:
    """The open ports towards one upstream."""

    __slots__ = ("_flush", "_open", "_port", "_unsent", "counts", "endpoint", "limits", "sockets")

    def __init__(self, endpoint: Endpoint, sockets: Sockets, limits: Limits, counts: Counts) -> None:
        self.endpoint = endpoint
        self.sockets = sockets
        self.limits = limits
        self.counts = counts
        self._open: list[UdpPort] = []
        self._port: UdpPort | None = None  # of this tick
        self._unsent: list[Exchange] = []  # they leave from it
        self._flush = self.flush  # bound once

    def send(self, exchange: Exchange, now: float) -> None:
        """Has it sent at the end of this tick, under a random id; where there is no port the exchange has failed."""
        port = self._port
        if port is None or port.retired:
            if self._unsent:
                self.flush()
            try:
                port = self._port = self._pick(now)
            except OSError as error:
                exchange.fail(error.strerror or str(error))
                return
            self.sockets.send_later(self._flush)
        else:
            self.counts.udp_hits += 1
        port.uses += 1
        waiting, ids = port.waiting, self.sockets.ids
        identity = next(ids)
        while identity in waiting:
            identity = next(ids)
        waiting[identity] = exchange
        exchange.id = identity
        exchange.carrier = port
        unsent = self._unsent
        unsent.append(exchange)
        if len(unsent) == SLOTS:
            self.flush()

    def flush(self) -> None:
        """Sends what is to leave."""
        port, self._port = self._port, None
        unsent = [exchange for exchange in self._unsent if not exchange.done]
        self._unsent.clear()
        if port is None or not unsent:
            return
        self.sockets.outgoing.fill([exchange.id + exchange.tail for exchange in unsent])
        self._send(port, unsent)
        if port.uses >= MAX_USES and not port.retired:
            self._open.remove(port)
            port.retire()

    def _send(self, port: UdpPort, unsent: Sequence[Exchange]) -> None:
        """An error ends the exchange that it is about. One for an earlier datagram (ICMP) is about all others there."""
        first, refused = 0, -1
        while first < len(unsent):
            try:
                first += self.sockets.outgoing.send(port.socket.fileno(), first, len(unsent) - first)
            except OSError as error:
                if isinstance(error, ConnectionRefusedError) and refused < first:
                    refused = first  # and it was not sent
                    port.fail_all(error, but=unsent[first:])
                else:
                    unsent[first].fail(error.strerror or str(error))
                    first += 1

    def _pick(self, now: float) -> UdpPort:
        ports = self._open
        if len(ports) < self.limits.max_ports:
            try:
                port = self._new(now)
            except OSError:
                if not ports:
                    raise
                port = self._open_one()  # out of file descriptors, say
            else:
                self.counts.udp_misses += 1
        else:
            port = self._open_one()
        port.used = now
        return port

    def _open_one(self) -> UdpPort:
        port = self._open[next(self.sockets.octets) % len(self._open)]
        if len(port.waiting) >= MAX_WAITING:
            raise OSError("too many queries are waiting for its answers")
        self.counts.udp_hits += 1
        return port

    def _new(self, now: float) -> UdpPort:
        family, address = self.endpoint.resolved(socket.SOCK_DGRAM)
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if self.limits.source is not None:
                sock.bind((self.limits.source, 0))
            sock.connect(address)
            port = UdpPort(self, sock, now)
            self.sockets.add(sock, port.on_events)
        except BaseException:
            sock.close()
            raise
        self._open.append(port)
        return port

    def tidy(self, now: float) -> None:
        """Gives up the ports that are idle or old."""
        limits = self.limits
        oldest = now - (min(MAX_AGE, limits.max_age) if limits.max_age else MAX_AGE)
        idle = now - limits.expire
        for port in [port for port in self._open if port.born <= oldest or (port.used <= idle and not port.waiting)]:
            self._open.remove(port)
            port.retire()

    def close(self) -> None:
        """Gives up all ports; exchanges under way may still end."""
        self.flush()
        while self._open:
            self._open.pop().retire()
