"""How often an entry is asked for, which is what prefetch goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from pydns.reply import Credit


class Popularity:
    """Counts askings that follow one another with less than `gap` seconds between them."""

    __slots__ = ("count", "gap", "last")

    def __init__(self, gap: float) -> None:
        self.gap = gap
        self.count = 0
        self.last = 0.0

    def asked(self, now: float) -> None:
        """One more asking at `now`, in seconds of trio's clock."""
        self.count = self.count + 1 if now - self.last <= self.gap else 1
        self.last = now

    def counter(self, _query: bytes, _client: object, _answer: bytes) -> Credit:
        """See `Reply.counters`: a kept answer goes out again without passing by here."""
        return self._replayed

    def _replayed(self, count: int) -> None:
        """So many replays came less than a second after the last asking that was told; another comes now.

        So it is with `Reply.prompt`, save that replays are told as well when somebody reads the metrics.
        """
        now = trio.current_time()
        self.count = self.count + count if now - self.last <= self.gap else 0
        self.last = now
