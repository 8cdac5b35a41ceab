"""HTTP on one address, by hypercorn and starlette. They are imported when DNS is answered already."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import trio

if TYPE_CHECKING:
    import socket

    from starlette.requests import Request
    from starlette.responses import Response

    from pydns.http import Handler, Page

log = logging.getLogger("pydns.listen")

_READ: Final = 5.0  # seconds for a request
_WORK: Final = 5.0  # seconds in which connections may end when the server stops


class HttpListener:
    """Listens on bound, listening sockets. `route` says what stands there now; other paths are not found (404)."""

    def __init__(self, sockets: tuple[socket.socket, ...]) -> None:
        self._sockets = sockets
        self._handlers: Mapping[str, Handler] = {}

    def route(self, handlers: Mapping[str, Handler]) -> None:
        """From now on these pages, by path, are what stands here."""
        self._handlers = dict(handlers)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serves until it is cancelled. Who connects before the libraries are there waits in the kernel's queue."""
        task_status.started()
        try:
            # In a thread: it takes some 100 ms, in which queries are answered between one module and the next.
            serve = await trio.to_thread.run_sync(_server, [_dup(sock) for sock in self._sockets], self._answer)
            await serve()
        finally:
            for sock in self._sockets:
                sock.close()

    async def _answer(self, request: Request) -> Response:
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
        if isinstance(page.body, AsyncIterable):
            return StreamingResponse(page.body, page.status, media_type=page.type)
        return Response(page.body, page.status, media_type=page.type)


def _dup(sock: socket.socket) -> int:
    return sock.dup().detach()  # hypercorn closes what it is given


def _server(descriptors: list[int], answer: Callable[[Request], Awaitable[Response]]) -> Callable[[], Awaitable[None]]:
    from hypercorn.config import Config
    from hypercorn.trio import serve
    from starlette.applications import Starlette
    from starlette.routing import Route

    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
    app: Any = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
    config = Config()
    config.bind = [f"fd://{descriptor}" for descriptor in descriptors]
    config.errorlog = None
    config.accesslog = None
    config.include_server_header = False
    config.read_timeout = int(_READ)
    config.graceful_timeout = _WORK
    config.h11_max_incomplete_size = 16 * 1024
    return lambda: serve(app, config)
