"""A name server for tests that does as its script says: it answers, lies, stays silent, or hangs up."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Final

import trio

from pydns.records import Type
from pydns.upstream.endpoint import Endpoint
from pydns.wire.edns import opt_record

_LOOPBACK: Final = "127.0.0.1"


class Asked:
    """One query that came; `transport` is udp or tcp. `connection` counts the TCP connections from 1, 0 is UDP."""

    def __init__(
        self, wire: bytes, transport: str, send: Callable[[bytes], Awaitable[object]], connection: int, port: int
    ) -> None:
        self.wire = wire
        self.transport = transport
        self.send = send
        self.connection = connection
        self.port = port

    @property
    def id(self) -> bytes:
        return self.wire[:2]

    @property
    def question(self) -> bytes:
        end = self.wire.index(0, 12)  # no label of a test's name holds a zero octet
        return self.wire[12 : end + 5]

    @property
    def has_opt(self) -> bool:
        return self.wire[10:12] == b"\0\1"

    def answer(
        self,
        address: str = "192.0.2.1",
        *,
        id_: bytes | None = None,
        question: bytes | None = None,
        flags: int = 0x8180,
        rcode: int = 0,
        opt: bool | None = None,
        options: tuple[tuple[int, bytes], ...] = (),
        records: int = 1,
    ) -> bytes:
        """A message with so many A records (none where `rcode` is not 0), and an OPT where the query had one."""
        asked = self.question if question is None else question
        count = records if rcode == 0 else 0
        record = b"\xc0\x0c" + bytes((0, Type.A, 0, 1, 0, 0, 1, 44, 0, 4)) + socket.inet_aton(address)
        extra = self.has_opt if opt is None else opt
        return (
            (self.id if id_ is None else id_)
            + (flags | rcode & 15).to_bytes(2)
            + b"\0\1"
            + count.to_bytes(2)
            + b"\0\0"
            + int(extra).to_bytes(2)
            + asked
            + record * count
            + (opt_record(1232, rcode, False, options) if extra else b"")
        )


Script = Callable[[Asked], Awaitable[None]]


async def good(asked: Asked) -> None:
    """Answers 192.0.2.1 to everything."""
    await asked.send(asked.answer())


class ScriptedServer:
    """Listens on one port of 127.0.0.1 over UDP and TCP, from the moment that it is made.

    Each query is handed to `script` in a task of its own. `asked` are the queries that came, in their order.
    A TCP connection is closed after an answer where `hang_up` is true.
    """

    def __init__(self, script: Script = good, *, port: int = 0) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.hang_up = False
        self.connections = 0
        self._udp, self._tcp = _bound_pair(port)
        self.endpoint = Endpoint(_LOOPBACK, self._udp.getsockname()[1])

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serves until it is cancelled; then the port is closed."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._serve_udp, nursery)
                nursery.start_soon(trio.serve_listeners, self._serve_tcp, [trio.SocketListener(self._tcp)])
                task_status.started()
        finally:
            self._udp.close()
            self._tcp.close()

    async def _serve_udp(self, nursery: trio.Nursery) -> None:
        while True:
            try:
                wire, peer = await self._udp.recvfrom(4096)
            except ConnectionError:
                continue
            asked = Asked(wire, "udp", _sender(self._udp, peer), 0, peer[1])
            self.asked.append(asked)
            nursery.start_soon(self.script, asked)

    async def _serve_tcp(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        number, lock, received = self.connections, trio.Lock(), b""
        peer = stream.socket.getpeername()[1]

        async def send(message: bytes) -> None:
            async with lock:
                await stream.send_all(len(message).to_bytes(2) + message)
                if self.hang_up:
                    await stream.aclose()

        async with trio.open_nursery() as nursery:
            try:
                async for data in stream:
                    received += data
                    while len(received) >= 2 and len(received) >= (end := 2 + int.from_bytes(received[:2])):
                        asked = Asked(received[2:end], "tcp", send, number, peer)
                        received = received[end:]
                        self.asked.append(asked)
                        nursery.start_soon(self._answer_tcp, asked)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                nursery.cancel_scope.cancel()

    async def _answer_tcp(self, asked: Asked) -> None:
        try:
            await self.script(asked)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # the other side hung up


def _sender(sock: trio.socket.SocketType, peer: tuple[object, ...]) -> Callable[[bytes], Awaitable[object]]:
    async def send(message: bytes) -> None:
        await sock.sendto(message, peer)

    return send


def _bound_pair(port: int) -> tuple[trio.socket.SocketType, trio.socket.SocketType]:
    """A UDP and a listening TCP socket on the same port; 0 is any that is free for both."""
    for _ in range(100):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind((_LOOPBACK, port))
            tcp.bind((_LOOPBACK, udp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
            if port:
                raise
            continue
        tcp.listen()
        return trio.socket.from_stdlib_socket(udp), trio.socket.from_stdlib_socket(tcp)
    raise OSError("no port is free for both UDP and TCP")
