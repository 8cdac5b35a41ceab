"""HTTP on one address, by hypercorn and starlette. They are imported when DNS is answered already."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import trio

if TYPE_CHECKING:
    import socket

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from pydns.http import Handler, Page

log = logging.getLogger("pydns.listen")

READ: Final = 5
"""Seconds in which a request must have come."""

LIFE: Final = 30.0
"""Seconds after which a connection is closed, whatever the client does: each serves one request."""

MOST: Final = 256
"""Connections open at once; another one takes the place of the oldest."""

Serve = Callable[[trio.SocketStream], Awaitable[None]]


class HttpListener:
    """Listens on bound, listening sockets. `route` says what stands there now; other paths are not found (404)."""

    def __init__(self, sockets: tuple[socket.socket, ...]) -> None:
        self._sockets = sockets
        self._handlers: Mapping[str, Handler] = {}
        self._open: dict[trio.SocketStream, None] = {}  # the oldest first
        self._serve: Serve

    def route(self, handlers: Mapping[str, Handler]) -> None:
        """From now on these pages, by path, are what stands here."""
        self._handlers = dict(handlers)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serves until it is cancelled. Who connects before the libraries are there waits in the kernel's queue."""
        task_status.started()
        try:
            # In a thread: it takes some 100 ms, in which queries are answered between one module and the next.
            self._serve = await trio.to_thread.run_sync(_server, self._answer)
            listeners = [trio.SocketListener(trio.socket.from_stdlib_socket(sock)) for sock in self._sockets]
            await trio.serve_listeners(self._connection, listeners)
        finally:
            for sock in self._sockets:
                sock.close()

    async def _connection(self, stream: trio.SocketStream) -> None:
        if len(self._open) >= MOST:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.socket.close()
        self._open[stream] = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_close_in_time, stream)
                await self._serve(stream)
                nursery.cancel_scope.cancel()
        except Exception as error:  # whatever one client does is the end of its connection alone
            log.warning("a connection over HTTP failed: %r", error)
        finally:
            self._open.pop(stream, None)

    async def _answer(self, request: Request) -> ASGIApp:
        from starlette.responses import PlainTextResponse, Response, StreamingResponse

        handler = self._handlers.get(request.url.path)
        if handler is None:
            return PlainTextResponse("404 page not found\n", 404)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("405 method not allowed\n", 405, {"Allow": "GET, HEAD"})
        try:
            page: Page = await handler()
        except Exception as error:
            log.exception("%s failed", request.url.path)
            return PlainTextResponse(f"500 {type(error).__name__}\n", 500)
        if not isinstance(page.body, AsyncIterable):
            return Response(page.body, page.status, media_type=page.type)
        if request.method == "HEAD":  # nothing is made that is not sent
            return Response(None, page.status, media_type=page.type)
        response = StreamingResponse(page.body, page.status, media_type=page.type)
        # Called as it is, it would be cancelled at its end, in the midst of closing the connection.
        return lambda scope, receive, send: response.stream_response(send)


async def _close_in_time(stream: trio.SocketStream) -> None:
    """Closes it when its time is over, and when all stops: hypercorn shields what it sends from being cancelled."""
    try:
        await trio.sleep(LIFE)
    finally:
        stream.socket.close()


def _server(answer: Callable[[Request], Awaitable[ASGIApp]]) -> Serve:
    """What serves one connection: hypercorn's own server would be ended by the failure of one."""
    from hypercorn.config import Config
    from hypercorn.trio.tcp_server import TCPServer
    from hypercorn.trio.worker_context import WorkerContext
    from hypercorn.typing import ConnectionState
    from hypercorn.utils import wrap_app
    from starlette.applications import Starlette
    from starlette.routing import Route

    config = Config()
    config.errorlog = None
    config.accesslog = None
    config.include_server_header = False
    config.read_timeout = READ
    config.keep_alive_timeout = READ
    config.keep_alive_max_requests = 0
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
    app: Any = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    context = WorkerContext(None)

    async def serve(stream: Any) -> None:  # hypercorn's type is that of a stream over TLS
        await TCPServer(wrapped, config, context, ConnectionState({}), stream)

    return serve
