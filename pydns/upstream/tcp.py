"""TCP to one upstream: pooled connections on which queries are pipelined (RFC 7766 sections 6.2.1 and 7)."""

from __future__ import annotations

import errno
import os
import select
import socket
from typing import TYPE_CHECKING, Final

import trio

from pydns.upstream.exchange import Exchange

if TYPE_CHECKING:
    from pydns.upstream.counts import Counts
    from pydns.upstream.endpoint import Endpoint
    from pydns.upstream.limits import Limits
    from pydns.upstream.sockets import Sockets

PIPELINED: Final = 32
"""Exchanges on one connection before another one is opened."""

MAX_CONNECTIONS: Final = 64
"""Connections to one upstream; beyond them the least busy one takes what comes."""

MAX_WAITING: Final = 4096
"""Exchanges on one connection."""

_RECEIVED: Final = 65536  # octets taken at once
_READS: Final = 8  # of one connection before the others have their turn


class TcpConnection:
    """One connection and the exchanges on it. It may still be in the making."""

    __slots__ = (
        "answers", "born", "connected", "connections", "doubtful", "received", "socket", "unsent", "used", "waiting",
        "writing",
    )  # fmt: skip

    def __init__(self, connections: TcpConnections, sock: socket.socket, now: float) -> None:
        self.connections = connections
        self.socket = sock
        self.born = self.used = now
        self.connected = False
        self.writing = True  # its events are asked for when it can be written to as well
        self.doubtful = False  # something on it was never answered: nothing new is sent there
        self.answers = 0
        self.unsent = bytearray()
        self.received = bytearray()
        self.waiting: dict[bytes, Exchange] = {}

    def send(self, message: bytes) -> None:
        """Frames it (RFC 1035 section 4.2.2) and sends what the kernel takes now, the rest when it can."""
        self.unsent += len(message).to_bytes(2) + message
        if self.connected:
            self._flush()

    def on_events(self, events: int) -> None:
        if not self.connected:
            code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                self.close(os.strerror(code))
                return
            if not events & select.EPOLLOUT:
                return
            self.connected = True
            self._flush()
        elif events & select.EPOLLOUT:
            self._flush()
        if events & ~select.EPOLLOUT and self.socket.fileno() >= 0:
            self._receive()

    def _flush(self) -> None:
        try:
            while self.unsent:
                del self.unsent[: self.socket.send(self.unsent)]
        except BlockingIOError:
            pass
        except OSError as error:
            self.close(error.strerror or str(error))
            return
        if self.writing != bool(self.unsent):
            self.writing = bool(self.unsent)
            self.connections.sockets.modify(self.socket, select.EPOLLIN | (select.EPOLLOUT if self.writing else 0))

    def _receive(self) -> None:
        for _ in range(_READS):
            try:
                data = self.socket.recv(_RECEIVED)
            except BlockingIOError:
                return
            except OSError as error:
                self.close(error.strerror or str(error))
                return
            if not data:
                self.close("the upstream closed the connection")
                return
            self.received += data
            self._read_messages()
            if self.socket.fileno() < 0 or len(data) < _RECEIVED:
                return

    def _read_messages(self) -> None:
        received, at, now = self.received, 0, trio.current_time()
        while len(received) - at >= 2:
            end = at + 2 + (received[at] << 8 | received[at + 1])
            if end - at < 14:
                self.close("the upstream sent what is no DNS message")
                return
            if end > len(received):
                break
            wire = bytes(received[at + 2 : end])
            at = end
            exchange = self.waiting.get(wire[:2])
            if exchange is not None and exchange.take(wire, now):
                self.answers += 1
            else:
                self.connections.counts.junk += 1
            if self.socket.fileno() < 0:
                return
        del received[:at]

    def forget(self, exchange: Exchange, answered: bool) -> None:
        del self.waiting[exchange.id]
        if not answered:
            self.doubtful = True
        if self.doubtful and not self.waiting:
            self.close("")

    def close(self, reason: str) -> None:
        """What waits on it fails, or is sent anew where the upstream was free to close the connection meanwhile."""
        if self.socket.fileno() < 0:
            return
        self.connections.drop(self)
        waiting, self.waiting = self.waiting, {}
        for exchange in waiting.values():
            exchange.carrier = None
            if self.answers and not exchange.fresh:
                exchange.resend()
            else:
                exchange.fail(reason)


class TcpConnections:
    """The open connections to one upstream."""

    __slots__ = ("_open", "counts", "endpoint", "limits", "sockets")

    def __init__(self, endpoint: Endpoint, sockets: Sockets, limits: Limits, counts: Counts) -> None:
        self.endpoint = endpoint
        self.sockets = sockets
        self.limits = limits
        self.counts = counts
        self._open: list[TcpConnection] = []

    def send(self, exchange: Exchange, now: float) -> None:
        """Sends it over an idle connection, a shared one, or a new one; where that fails the exchange has failed."""
        try:
            connection = self._pick(now, exchange.fresh)
        except OSError as error:
            exchange.fail(error.strerror or str(error))
            return
        waiting = connection.waiting
        identity = next(self.sockets.ids)
        while identity in waiting:
            identity = next(self.sockets.ids)
        waiting[identity] = exchange
        exchange.id = identity
        exchange.carrier = connection
        connection.used = now
        connection.send(identity + exchange.tail)

    def _pick(self, now: float, fresh: bool) -> TcpConnection:
        oldest = now - self.limits.max_age if self.limits.max_age else float("-inf")
        usable = [each for each in self._open if not each.doubtful and each.born > oldest]
        if usable and not fresh:
            best = min(usable, key=_load)
            if _load(best) < PIPELINED or len(self._open) >= MAX_CONNECTIONS:
                if _load(best) >= MAX_WAITING:
                    raise OSError(errno.EAGAIN, "too many queries are waiting for its answers")
                self.counts.tcp_hits += 1
                return best
        if len(self._open) >= 2 * MAX_CONNECTIONS:
            raise OSError(errno.EAGAIN, "too many of its connections are stuck")
        self.counts.tcp_misses += 1
        return self._new(now)

    def _new(self, now: float) -> TcpConnection:
        family, address = self.endpoint.resolved(socket.SOCK_STREAM)
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.limits.source is not None:
                sock.bind((self.limits.source, 0))
            code = sock.connect_ex(address)
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, os.strerror(code))
            connection = TcpConnection(self, sock, now)
            self.sockets.add(sock, connection.on_events, select.EPOLLIN | select.EPOLLOUT)
        except BaseException:
            sock.close()
            raise
        self._open.append(connection)
        return connection

    def drop(self, connection: TcpConnection) -> None:
        if connection in self._open:
            self._open.remove(connection)
        self.sockets.close(connection.socket)

    def tidy(self, now: float) -> None:
        """Closes connections that are idle for too long, too old, or more than are kept."""
        limits = self.limits
        oldest = now - limits.max_age if limits.max_age else float("-inf")
        idle = [each for each in self._open if not each.waiting]
        if not idle:
            return
        idle.sort(key=_last_used, reverse=True)
        for i, connection in enumerate(idle):
            excess = limits.max_idle and i >= limits.max_idle
            if excess or connection.used + limits.expire <= now or connection.born <= oldest:
                connection.close("")

    def close(self) -> None:
        """Closes idle connections, and others when their last exchange has ended."""
        for connection in list(self._open):
            connection.doubtful = True
            if not connection.waiting:
                connection.close("")


def _load(connection: TcpConnection) -> int:
    return len(connection.waiting)


def _last_used(connection: TcpConnection) -> float:
    return connection.used
