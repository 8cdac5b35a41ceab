"""Who waits for the same thing, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Waiting(Generic[T]):
    """Those that may wait so many seconds, ordered by when they began: whoever is overdue stands in front."""

    __slots__ = ("_since", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[T, float] = {}  # in the order of insertion

    def __len__(self) -> int:
        return len(self._since)

    def __iter__(self) -> Iterator[T]:
        """The longest first."""
        return iter(self._since)

    def begin(self, who: T, now: float) -> None:
        """Begins to wait now, or once more from now. `now` must never be earlier than at the last call."""
        self._since.pop(who, None)
        self._since[who] = now

    def end(self, who: T) -> None:
        self._since.pop(who, None)

    def overdue(self, now: float) -> list[T]:
        latest = now - self.seconds
        found: list[T] = []
        for who, since in self._since.items():
            if since > latest:
                break
            found.append(who)
        return found
