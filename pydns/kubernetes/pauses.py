"""How long to stay away from an API that failed: longer each time, and never all clients at the same moment."""

from __future__ import annotations

import random
from typing import Final

FIRST: Final = 0.2
LONGEST_UNHEARD: Final = 4.0
"""Seconds between attempts to connect; few, so that what was missed is known soon after the API is back."""

LONGEST_REFUSED: Final = 30.0
"""The same where the API answers: one that is overloaded, or has another reason that will last."""


class Pauses:
    def __init__(self) -> None:
        self._next = FIRST

    def reset(self) -> None:
        self._next = FIRST

    def after(self, status: int = 0, retry_after: float = 0.0) -> float:
        """Seconds to wait after a failure: of half to all of the pause, and as long as the API says at least."""
        longest = LONGEST_REFUSED if status else LONGEST_UNHEARD
        pause = min(self._next, longest)
        self._next = min(2 * self._next, longest)
        # Jitter comes on top of what the API says: it says the same to all.
        return retry_after + pause * random.uniform(0.5, 1.0)
