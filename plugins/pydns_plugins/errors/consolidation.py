"""Counts like errors together, and tells of them once in a while."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

import trio

_log = logging.getLogger("pydns.errors")


class Expression(Protocol):
    """A compiled regular expression."""

    def search(self, text: str) -> object | None: ...


class Pattern:
    """Errors that count as one: those that `expression` is found in, for `period` seconds from the first.

    `source` and `period_text` are the expression and the period as the Corefile has them; `level` is logging's.
    """

    __slots__ = ("count", "due", "expression", "level", "period", "period_text", "show_first", "source")

    def __init__(
        self, expression: Expression, source: str, period: float, period_text: str, level: int, show_first: bool
    ) -> None:
        self.expression = expression
        self.source = source
        self.period = period
        self.period_text = period_text
        self.level = level
        self.show_first = show_first
        self.count = 0
        self.due = 0.0  # on trio's clock; read only where `count` is over 0

    def tell(self) -> None:
        """Logs the sum and begins anew. A single error that was shown when it came is not told again."""
        if self.count > 1 or (self.count and not self.show_first):
            _log.log(self.level, "%d errors like '%s' occurred in last %s", self.count, self.source, self.period_text)
        self.count = 0


class Consolidation:
    """The patterns of one server block. It counts while `run` runs; before and after, each error has its own line."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = patterns
        self._running = False
        self._begun = trio.Event()  # a count began, so there is a time to wait for

    def level(self, text: str) -> int | None:
        """The level to log an error at; None where it was counted and is told later."""
        for pattern in self.patterns:
            if pattern.expression.search(text):
                return self._count(pattern)
        return logging.ERROR

    def _count(self, pattern: Pattern) -> int | None:
        if not self._running:
            return pattern.level
        pattern.count += 1
        if pattern.count > 1:
            return None
        pattern.due = trio.current_time() + pattern.period
        self._begun.set()
        return pattern.level if pattern.show_first else None

    async def run(self) -> None:
        """Tells the sums when they are due, and what is left when it is cancelled."""
        self._running = True
        try:
            while True:
                self._begun = trio.Event()
                next_due = min((pattern.due for pattern in self.patterns if pattern.count), default=float("inf"))
                with trio.move_on_at(next_due):
                    await self._begun.wait()
                now = trio.current_time()
                for pattern in self.patterns:
                    if pattern.count and pattern.due <= now:
                        pattern.tell()
        finally:
            self._running = False
            for pattern in self.patterns:
                pattern.tell()
