"""How long it takes until a worker that died is replaced."""

from typing import Final

FIRST: Final = 1.0
"""Seconds, for the second one that dies soon; doubled each time."""

LONGEST: Final = 60.0

SOON: Final = 60.0
"""Seconds: one that lived longer is replaced at once, as the first is."""


class Pauses:
    """Those of all workers, by number."""

    def __init__(self) -> None:
        self._last: dict[int, float] = {}

    def next(self, number: int, lived: float) -> float:
        """Seconds before one is replaced that has lived so many."""
        last = self._last.get(number)
        pause = 0.0 if last is None or lived > SOON else min(max(FIRST, 2 * last), LONGEST)
        self._last[number] = pause
        return pause
