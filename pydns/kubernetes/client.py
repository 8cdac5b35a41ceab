"""Asks the API over HTTP, with access that is fresh and within limits; all that fails is an ApiError."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, cast

import trio

from pydns.kubernetes.access import AccessError, AccessSource, tls_context
from pydns.kubernetes.errors import ApiError, GoneError
from pydns.kubernetes.limits import Limits
from pydns.kubernetes.session import PATIENCE, Query, Session
from pydns.kubernetes.tree import Tree

if TYPE_CHECKING:
    import httpx

FRESH: Final = 60.0
"""Seconds for which a token that was read is taken as it was."""

MOST: Final = 64 << 20
"""Bytes of one answer that is read whole."""

LONGEST: Final = 120.0
"""Seconds that such an answer may take, however steadily it trickles."""

_MOST_TOLD: Final = 4096  # bytes of an error's body that are looked at
_SECONDS: Final = re.compile(r"[0-9]{1,6}")


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
        self._session: Session | None = None
        self._renewing = trio.Lock()

    async def read(self, path: str, query: Query) -> bytes:
        """The body of an answer. Raises ApiError, and GoneError."""
        parts: list[bytes] = []
        size = 0
        async with self._limits.slot():
            with trio.move_on_after(LONGEST):
                async with self._open(path, query, PATIENCE) as pieces:
                    async for piece in pieces:
                        parts.append(piece)
                        size += len(piece)
                        if size > MOST:
                            raise ApiError(f"an answer of more than {MOST} bytes")
                return b"".join(parts)
        raise ApiError(f"an answer that took more than {LONGEST:g} s")

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
            async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_bytes())) as pieces:
                yield pieces
        except AccessError as error:
            raise ApiError(str(error)) from error
        except httpx.ReadTimeout as error:
            self._count("<error>")
            raise ApiError(f"nothing was heard for {silence:g} s") from error
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

    async def _enter(self, refused: bool) -> Session:
        """A session with access that is fresh. Raises AccessError."""
        async with self._renewing:
            session = self._session
            if session is None or refused or session.stale or session.fresh_until < time.time():
                access = await self._source.load(refused=refused)
                if session is None or session.stale or access.connection != session.access.connection:
                    secure = access.server.startswith("https:")
                    context = await trio.to_thread.run_sync(tls_context, access) if secure else False
                    new = Session(access, context, self._transport)
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
    message = ""
    with suppress(ValueError, RecursionError):
        message = _printable(Tree(json.loads(body)).text("message"))
    if response.status_code == 410:
        return GoneError(message or "410 Gone")
    told = f"{response.status_code} {_printable(response.reason_phrase)}"
    wait = _SECONDS.fullmatch(response.headers.get("retry-after", "").strip())
    return ApiError(f"{told}: {message}" if message else told, response.status_code, _limit(wait))


def _limit(wait: re.Match[str] | None) -> float:
    return min(float(wait[0]), 300.0) if wait else 0.0


def _text(error: BaseException) -> str:
    """An error in one line; libraries wrap what says most in errors that say nothing."""
    found: BaseException | None = error
    while found is not None and not str(found).strip():
        found = found.__cause__ or found.__context__
    return _printable(str(found)) if found is not None else type(error).__name__


def _printable(text: str) -> str:
    """What others say, fit for a line of the log."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split())[:200])
