"""How often, and how many at once, the API is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio

DEFAULT_RATE: Final = 5.0
DEFAULT_BURST: Final = 10
"""client-go's defaults, where one of the two is given."""


class Limits:
    """`rate` requests a second in the long run, `burst` of them at once, `at_once` under way. 0: no limit."""

    def __init__(self, rate: float = 0.0, burst: int = 0, at_once: int = 0) -> None:
        self._interval = 1 / (rate or DEFAULT_RATE) if rate or burst else 0.0
        self._allowance = self._interval * ((burst or DEFAULT_BURST) - 1)
        self._due = -1e9  # when the next one would leave if all came evenly
        self._slots = trio.Semaphore(at_once) if at_once else None

    async def turn(self) -> None:
        """Waits until another request may leave."""
        now = trio.current_time()
        self._due = max(self._due, now)
        wait = self._due - self._allowance - now
        self._due += self._interval
        if wait > 0:
            await trio.sleep(wait)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One of those that are under way, while it is open."""
        if self._slots is None:
            yield
            return
        async with self._slots:
            yield
