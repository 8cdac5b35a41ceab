"""Both sides of a TCP listener: a taker that answers as it is told, and clients that do as they please."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self

import trio

from pydns.listen.framing import MessageReader, framed
from pydns.listen.limits import DEFAULTS, TcpLimits
from pydns.listen.taker import Answerable
from pydns.listen.tcp import TcpListener
from pydns.metrics import Metrics

LARGE = 65535


def query(number: int, size: int = 12) -> bytes:
    """A message with this id; a listener looks at nothing in it."""
    return number.to_bytes(2) + bytes(size - 2)


def answer(wire: bytes, size: int = 12) -> bytes:
    return wire[:2] + b"\x80" + bytes(size - 3)


def large(wire: bytes) -> bytes:
    """As long as any."""
    return answer(wire, LARGE)


class Answering:
    """A taker that answers at once; where `hold` is true it keeps what it takes in `held` until `release`."""

    def __init__(self, reply: Callable[[bytes], bytes | None] = answer, *, hold: bool = False) -> None:
        self.reply = reply
        self.hold = hold
        self.taken: list[bytes] = []
        self.clients: list[Answerable] = []
        self.held: list[tuple[bytes, Answerable]] = []
        self.goes = 0
        self._news = trio.Event()

    def take(self, wire: bytes, client: Answerable, now: float) -> None:
        self.taken.append(wire)
        self.clients.append(client)
        if self.hold:
            self.held.append((wire, client))
        else:
            client.send(self.reply(wire))
        self._news.set()
        self._news = trio.Event()

    def go(self) -> None:
        self.goes += 1

    async def until(self, count: int) -> None:
        """Until so many messages were taken."""
        while len(self.taken) < count:
            await self._news.wait()

    def release(self, count: int | None = None, *, backwards: bool = False) -> None:
        """Answers so many of those that it holds, or all."""
        held, self.held = self.held[:count], self.held[len(self.held) if count is None else count :]
        for wire, client in reversed(held) if backwards else held:
            client.send(self.reply(wire))


class Peer:
    """One client's connection."""

    def __init__(self, sock: trio.socket.SocketType) -> None:
        self.socket = sock
        self._reader = MessageReader()
        self._messages: list[bytes] = []

    async def send(self, *messages: bytes) -> None:
        """All in one segment."""
        await self.send_octets(b"".join(map(framed, messages)))

    async def send_octets(self, octets: bytes) -> None:
        while octets:
            octets = octets[await self.socket.send(octets) :]

    async def receive(self) -> bytes | None:
        """The next message; None where the server closed the connection."""
        while not self._messages:
            try:
                octets = await self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not octets:
                return None
            self._messages = self._reader.feed(octets)
        return self._messages.pop(0)

    async def receive_all(self) -> list[bytes]:
        """All that comes until the server closes the connection."""
        found: list[bytes] = []
        while (message := await self.receive()) is not None:
            found.append(message)
        return found

    async def ask(self, number: int = 1) -> bytes | None:
        await self.send(query(number))
        return await self.receive()

    def half_close(self) -> None:
        self.socket.shutdown(trio.socket.SHUT_WR)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


class Listening:
    """A listener that runs, and what it reports."""

    def __init__(self, listener: TcpListener, sock: socket.socket, taker: Answering, metrics: Metrics) -> None:
        self.listener = listener
        self.taker = taker
        self.address = sock.getsockname()
        self.scope = trio.CancelScope()
        self._family = sock.family
        self._metrics = metrics
        self._peers: list[Peer] = []

    def closed(self, reason: str) -> float:
        return self._metrics.counter("pydns_tcp_closed_total", "").value(reason)

    def refused(self, reason: str) -> float:
        return self._metrics.counter("pydns_tcp_refused_total", "").value(reason)

    @property
    def connections(self) -> float:
        return self._metrics.gauge("pydns_tcp_connections", "").value()

    async def connect(self, *, source: str = "", to: str = "", receive_buffer: int = 0) -> Peer:
        target = (to, self.address[1]) if to else self.address
        sock = trio.socket.socket(socket.AF_INET if "." in target[0] else self._family, socket.SOCK_STREAM)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            await sock.bind((source, 0))
        peer = Peer(sock)
        self._peers.append(peer)
        await sock.connect(target)
        return peer

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        with self.scope:
            await self.listener.run(task_status=task_status)

    def close(self) -> None:
        for peer in self._peers:
            peer.socket.close()


class Counted(socket.socket):
    """Counts what leaves through it."""

    sends = 0

    def send(self, *args: object) -> int:
        Counted.sends += 1
        return super().send(*args)  # type: ignore[arg-type]  # they are passed on as they came


class Listener(socket.socket):
    """A listening socket: counts the calls of `accept`, and gives connections that count."""

    accepts = 0

    @classmethod
    def bound(cls, host: str, send_buffer: int = 0) -> Self:
        sock = cls(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        if send_buffer:  # the accepted sockets have it from here
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        if ":" in host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((host, 0))
        sock.listen(4096)
        sock.setblocking(False)
        cls.accepts = Counted.sends = 0
        return sock

    def accept(self) -> tuple[socket.socket, tuple[object, ...]]:
        Listener.accepts += 1
        sock, name = super().accept()
        return Counted(fileno=sock.detach()), name


@asynccontextmanager
async def listening(
    taker: Answering | None = None, limits: TcpLimits = DEFAULTS, *, host: str = "127.0.0.1", send_buffer: int = 0
) -> AsyncIterator[Listening]:
    """A listener that runs on a port of its own, until the end of the block."""
    sock, metrics, taker = Listener.bound(host, send_buffer), Metrics(), taker or Answering()
    here = Listening(TcpListener(sock, taker, limits, metrics), sock, taker, metrics)
    async with trio.open_nursery() as nursery:
        await nursery.start(here.run)
        try:
            yield here
        finally:
            here.close()
            nursery.cancel_scope.cancel()
