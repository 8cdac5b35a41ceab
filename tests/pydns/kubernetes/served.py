"""A stand-in over sockets: HTTP/1.1 as far as tests need it, with TLS where they want it, and cuts in mid-chunk."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import trio

from pydns.errors import ungrouped
from tests.pydns.kubernetes.standin import Cut, Request, StandIn


@asynccontextmanager
async def served(standin: StandIn, secure: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The URL at which a stand-in answers while this is open."""

    async def serve(stream: trio.SocketStream) -> None:
        if secure is None:
            await _Connection(stream, standin).run()
        else:
            await _Connection(trio.SSLStream(stream, secure, server_side=True), standin).run()

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield f"{'http' if secure is None else 'https'}://127.0.0.1:{port}"
        nursery.cancel_scope.cancel()


class _Head(NamedTuple):
    request: Request
    rest: bytes


class _Connection:
    def __init__(self, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream], standin: StandIn) -> None:
        self._stream = stream
        self._standin = standin

    async def run(self) -> None:
        data = b""
        try:
            while head := await self._read(data):
                data = head.rest
                await self._answer(head.request)
        except (Cut, trio.BrokenResourceError):
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(self._stream)

    async def _read(self, data: bytes) -> _Head | None:
        while b"\r\n\r\n" not in data:
            more = await self._stream.receive_some()
            if not more:
                return None
            data += more
        text, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = text.decode("latin-1").split("\r\n")
        url = urlsplit(first.split()[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return _Head(Request(unquote(url.path), dict(parse_qsl(url.query)), headers), bytes(rest))

    async def _answer(self, request: Request) -> None:
        answer = self._standin.respond(request)
        lines = [f"HTTP/1.1 {answer.status} Reason", "transfer-encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        await self._stream.send_all("\r\n".join([*lines, "", ""]).encode())
        with ungrouped(Cut, trio.BrokenResourceError):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._notice_the_end, nursery.cancel_scope)
                await self._send(answer.pieces)
                nursery.cancel_scope.cancel()

    async def _send(self, pieces: AsyncIterator[bytes]) -> None:
        try:
            async for piece in pieces:
                if piece:  # an empty chunk would be the last
                    await self._stream.send_all(b"%x\r\n%s\r\n" % (len(piece), piece))
        except Cut:
            await self._stream.send_all(b"ff\r\nin the middle of a chu")
            raise
        await self._stream.send_all(b"0\r\n\r\n")

    async def _notice_the_end(self, scope: trio.CancelScope) -> None:
        """Clients of ours send nothing while they are answered; they may only leave."""
        socket = (
            self._stream.transport_stream.socket if isinstance(self._stream, trio.SSLStream) else self._stream.socket
        )
        await trio.lowlevel.wait_readable(socket)
        scope.cancel()
