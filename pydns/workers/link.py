"""Calls between a parent and a worker: either may call the other, and several calls may be under way."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any, Final

import trio

from pydns.errors import PydnsError, StartError
from pydns.generation import reason
from pydns.workers.channel import Channel, ChannelClosed, Letter

log = logging.getLogger("pydns.workers")

Handler = Callable[..., Awaitable[Any]]
"""Answers a call by what it returns, or with an error by what it raises."""

_CALL: Final = "call"
_TELL: Final = "tell"
_RESULT: Final = "result"
_ERROR: Final = "error"


class Link:
    """One end. `handlers` are what the other side may call, by name; those of `told` return at once, in order."""

    def __init__(
        self, sock: socket.socket, handlers: Mapping[str, Handler], told: Mapping[str, Callable[..., None]]
    ) -> None:
        self._channel = Channel(sock)
        self._handlers = handlers
        self._told = told
        self._numbers = count(1)
        self._waiting: dict[int, _Result] = {}
        self._outbox, self._letters = trio.open_memory_channel[Letter](2**31)
        self._closed = False
        self._scope = trio.CancelScope()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until the other side closes its end, or it is cancelled. Then calls fail, and what is told is lost."""
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    await self._work(nursery, task_status)
        finally:
            self._closed = True
            self._channel.close()
            self._outbox.close()
            for letter in _rest(self._letters):
                letter.close()
            for result in self._waiting.values():
                result.fail("it has ended")

    async def _work(self, nursery: trio.Nursery, task_status: trio.TaskStatus[None]) -> None:
        nursery.start_soon(self._send)
        task_status.started()
        try:
            while True:
                self._take(await self._channel.receive(), nursery)
        except ChannelClosed:
            pass
        except Exception:  # whatever one side says must not be the end of the other
            log.exception("unreadable message")
        nursery.cancel_scope.cancel()

    def end(self) -> None:
        """Closes this end."""
        self._scope.cancel()

    async def call(self, name: str, *arguments: Any) -> Any:
        """What the other side's handler returns. Raises StartError where that fails, or where nobody is there."""
        if self._closed:
            raise StartError("it has ended")
        number = next(self._numbers)
        result = self._waiting[number] = _Result()
        try:
            self._post((_CALL, number, name, arguments))
            await result.done.wait()
        finally:
            del self._waiting[number]
        if result.error is not None:
            raise StartError(result.error)
        return result.value

    def tell(self, name: str, *arguments: Any) -> None:
        """Has the other side's handler called, in the order of telling. Never waits."""
        self._post((_TELL, 0, name, arguments))

    def _post(self, message: tuple[str, int, Any, Any]) -> None:
        if not self._closed:
            self._outbox.send_nowait(Letter(message))

    async def _send(self) -> None:
        try:
            async for letter in self._letters:
                await self._channel.send(letter)
        except ChannelClosed:
            pass  # who receives learns of it as well

    def _take(self, message: tuple[str, int, Any, Any], nursery: trio.Nursery) -> None:
        kind, number, what, arguments = message
        if kind == _CALL:
            nursery.start_soon(self._answer, number, what, arguments)
        elif kind == _TELL:
            try:
                self._told[what](*arguments)
            except Exception:  # as above
                log.exception("%s failed", what)
        elif (result := self._waiting.get(number)) is not None:
            if kind == _RESULT:
                result.succeed(what)
            else:
                result.fail(what)

    async def _answer(self, number: int, name: str, arguments: tuple[Any, ...]) -> None:
        try:
            answer = _RESULT, number, await self._handlers[name](*arguments), ()
        except PydnsError as error:
            answer = _ERROR, number, str(error), ()
        except Exception as error:  # the caller learns of it, and this side goes on
            log.exception("%s failed", name)
            answer = _ERROR, number, reason(error), ()
        self._post(answer)


class _Result:
    def __init__(self) -> None:
        self.done = trio.Event()
        self.value: Any = None
        self.error: str | None = None

    def succeed(self, value: Any) -> None:
        self.value = value
        self.done.set()

    def fail(self, error: str) -> None:
        if not self.done.is_set():
            self.error = error
            self.done.set()


def _rest(letters: trio.MemoryReceiveChannel[Letter]) -> list[Letter]:
    found = []
    while True:
        try:
            found.append(letters.receive_nowait())
        except (trio.WouldBlock, trio.EndOfChannel):
            return found
