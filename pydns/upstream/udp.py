"""UDP to one upstream: connected sockets on random ports, so that only the upstream's datagrams come in.

Port and id are what an off-path forger must guess (RFC 5452 section 9.2). A connected socket takes nothing from another
address. Linux picks its port at random from net.ipv4.ip_local_port_range. A port is given up after some use or age, so
that a port which was found out is worth little.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from pydns.upstream.exchange import LARGEST_DATAGRAM, Exchange

if TYPE_CHECKING:
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
_DATAGRAMS: Final = 128  # read from one socket before the others have their turn


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
        receive, waiting, counts = self.socket.recv, self.waiting, self.ports.counts
        for _ in range(_DATAGRAMS):
            try:
                wire = receive(LARGEST_DATAGRAM + 1)
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP error: nobody listens there (then every exchange here is in vain)
                self.fail_all(error)
            else:
                exchange = waiting.get(wire[:2])
                if exchange is None or len(wire) < 12 or not exchange.take(wire):
                    counts.junk += 1
            if self.socket.fileno() < 0:  # retired, and that was its last exchange
                return

    def fail_all(self, error: OSError) -> None:
        for exchange in list(self.waiting.values()):
            exchange.fail(error.strerror or str(error))

    def forget(self, exchange: Exchange, *, answered: bool) -> None:
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

    __slots__ = ("_open", "counts", "endpoint", "limits", "sockets")

    def __init__(self, endpoint: Endpoint, sockets: Sockets, limits: Limits, counts: Counts) -> None:
        self.endpoint = endpoint
        self.sockets = sockets
        self.limits = limits
        self.counts = counts
        self._open: list[UdpPort] = []

    def send(self, exchange: Exchange, now: float) -> None:
        """Sends it under a random id from a random port; where that fails the exchange has failed."""
        try:
            port = self._pick(now)
            waiting = port.waiting
            identity = next(self.sockets.ids)
            while identity in waiting:
                identity = next(self.sockets.ids)
            message = identity + exchange.tail
            try:
                port.socket.send(message)
            except ConnectionRefusedError as error:
                # That is the ICMP answer to an earlier query, and this one was not sent.
                port.fail_all(error)
                port.socket.send(message)
        except OSError as error:
            exchange.fail(error.strerror or str(error))
            return
        waiting[identity] = exchange
        exchange.id = identity
        exchange.carrier = port
        if port.uses >= MAX_USES:
            self._open.remove(port)
            port.retire()

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
        port.uses += 1
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
        while self._open:
            self._open.pop().retire()
