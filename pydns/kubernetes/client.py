"""Asks the API over HTTP, with access that is fresh and within limits; all that fails is an ApiError."""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.kubernetes.access import Access, AccessError, AccessSource, tls_context
from pydns.kubernetes.errors import ApiError, GoneError
from pydns.kubernetes.limits import Limits
from pydns.kubernetes.tree import Tree

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("pydns.kubernetes.client")

FRESH: Final = 60.0
"""Seconds for which a token that was read is taken as it was."""

PATIENCE: Final = 30.0
"""Seconds until an answer begins, and between two pieces of one that is read whole."""

MOST: Final = 64 << 20
"""Bytes of one answer that is read whole."""

_MOST_TOLD: Final = 4096  # bytes of an error's body that are looked at
_SECONDS: Final = re.compile(r"[0-9]{1,6}")

# A peer that is gone without a word is noticed within a minute.
_KEEPALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)

Query = Mapping[str, str]


class Client:
    """One API. `transport` makes what carries requests in place of sockets; `count` is told each answer's status."""

    def __init__(
        self,
        source: AccessSource,
        limits: Limits | None = None,
        *,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.place = source.place
        self._source = source
        self._limits = limits or Limits()
        self._transport = transport
        self._count = count
        self._session: _Session | None = None
        self._renewing = trio.Lock()

    async def read(self, path: str, query: Query) -> bytes:
        """The body of an answer. Raises ApiError, and GoneError."""
        parts: list[bytes] = []
        size = 0
        async with self._limits.slot(), self._open(path, query, PATIENCE) as pieces:
            async for piece in pieces:
                parts.append(piece)
                size += len(piece)
                if size > MOST:
                    raise ApiError(f"an answer of more than {MOST} bytes")
        return b"".join(parts)

    @asynccontextmanager
    async def stream(self, path: str, query: Query, silence: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of an answer as they come; more than `silence` seconds without one is an error, as in `read`."""
        async with AsyncExitStack() as stack:
            # One that goes on for minutes keeps nobody from asking: it counts until it begins.
            async with self._limits.slot():
                pieces = await stack.enter_async_context(self._open(path, query, silence))
            yield pieces

    @asynccontextmanager
    async def _open(self, path: str, query: Query, silence: float) -> AsyncIterator[AsyncIterator[bytes]]:
        import httpx  # only here: few Corefiles need it

        response = session = None
        try:
            for again in (False, True):
                await self._limits.turn()
                session = await self._enter(again)
                response = await session.send(path, query, silence)
                self._count(str(response.status_code))
                if response.status_code != 401 or again:
                    break
                await _closed(response)
                await session.leave()
                response = session = None
            assert response is not None
            if response.status_code != 200:
                raise await _error(response)
            yield response.aiter_bytes()
        except AccessError as error:
            raise ApiError(str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            if session is not None:
                session.stale = True  # its certificates may be why
            self._count("<error>")
            raise ApiError(_text(error)) from error
        finally:
            if response is not None:
                await _closed(response)
            if session is not None:
                await session.leave()

    async def _enter(self, refused: bool) -> _Session:
        """A session with access that is fresh. Raises AccessError."""
        async with self._renewing:
            session = self._session
            if session is None or refused or session.stale or session.fresh_until < time.time():
                access = await self._source.load(refused=refused)
                if session is None or session.stale or access.connection != session.access.connection:
                    secure = access.server.startswith("https:")
                    context = await trio.to_thread.run_sync(tls_context, access) if secure else False
                    new = _Session(access, context, self._transport)
                    if session is not None:
                        await session.retire()
                    session = self._session = new
                session.access = access
                session.fresh_until = min(time.time() + FRESH, access.expires)
            session.users += 1
            return session

    async def aclose(self) -> None:
        """Closes what nobody uses any more."""
        if self._session is not None:
            await self._session.retire()


class _Session:
    """Connections of one identity. One that is retired goes when nobody uses it any more."""

    def __init__(self, access: Access, context: Any, transport: Callable[[], httpx.AsyncBaseTransport] | None) -> None:
        import httpx

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=60.0)
        self.access = access
        self.stale = False
        self.fresh_until = 0.0
        self.users = 0
        self._retired = False
        self.http = httpx.AsyncClient(
            transport=transport()
            if transport
            else httpx.AsyncHTTPTransport(verify=context, limits=limits, socket_options=_KEEPALIVE, trust_env=False),
            # Packing costs us more than the network: both are in one cluster.
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "pydns"},
            trust_env=False,  # a proxy of the environment is not meant for the cluster
            follow_redirects=False,
        )

    async def send(self, path: str, query: Query, silence: float) -> httpx.Response:
        import httpx

        access = self.access
        headers = {"authorization": access.authorization} if access.authorization else {}
        extensions: dict[str, Any] = {"sni_hostname": access.server_name} if access.server_name else {}
        timeout = httpx.Timeout(PATIENCE, read=silence)
        request = self.http.build_request(
            "GET", access.server + path, params=dict(query), headers=headers, timeout=timeout, extensions=extensions
        )
        with trio.move_on_after(PATIENCE):
            return await self.http.send(request, stream=True)
        raise httpx.ReadTimeout(f"no answer within {PATIENCE:g} s")

    async def leave(self) -> None:
        self.users -= 1
        await self._close_if_unused()

    async def retire(self) -> None:
        self._retired = True
        await self._close_if_unused()

    async def _close_if_unused(self) -> None:
        if self._retired and not self.users:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 1), suppress(Exception):
                await self.http.aclose()


async def _closed(response: httpx.Response) -> None:
    """A connection in whose answer we stop is closed, whatever it still says to that."""
    with trio.CancelScope(shield=True, deadline=trio.current_time() + 1), suppress(Exception):
        await response.aclose()


async def _error(response: httpx.Response) -> ApiError:
    """What the API says in a `Status`, as far as it does."""
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MOST_TOLD:
            break
    text = ""
    with suppress(ValueError, RecursionError):
        text = Tree(json.loads(body)).text("message")
    if response.status_code == 410:
        return GoneError(text or "410 Gone")
    told = f"{response.status_code} {response.reason_phrase}"
    wait = _SECONDS.fullmatch(response.headers.get("retry-after", "").strip())
    return ApiError(f"{told}: {' '.join(text.split())[:200]}" if text else told, response.status_code, _limit(wait))


def _limit(wait: re.Match[str] | None) -> float:
    return min(float(wait[0]), 300.0) if wait else 0.0


def _text(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
