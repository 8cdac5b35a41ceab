"""What is to be done next, for several workers: each thing once, and never by two at the same time."""

from __future__ import annotations

import trio


class Turns:
    def __init__(self) -> None:
        self._waiting: dict[bytes, None] = {}
        self._busy: set[bytes] = set()
        self._news = trio.lowlevel.ParkingLot()

    def add(self, what: bytes) -> None:
        """To be done once more, whatever is done of it at this moment."""
        self._waiting[what] = None
        self._news.unpark()

    async def next(self) -> bytes:
        """Takes what waits for the longest time; `done` must follow."""
        while True:
            for what in self._waiting:
                if what not in self._busy:
                    del self._waiting[what]
                    self._busy.add(what)
                    return what
            await self._news.park()

    def done(self, what: bytes) -> None:
        self._busy.discard(what)
        if what in self._waiting:
            self._news.unpark()
