"""Primaries that did not answer of late: who has others to ask does not wait for them.

Else thousands of zones would wait in turn for one that is down, each for as long as it takes to be sure of that, before
they ask the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import trio

if TYPE_CHECKING:
    from pydns.transfer.client import Primary
    from pydns.upstream.endpoint import Endpoint

LASTS: Final = 60.0
"""Seconds for which a primary is asked after the others."""


class Silence:
    """Of all primaries."""

    def __init__(self) -> None:
        self._until: dict[Endpoint, float] = {}  # on trio's clock

    def began(self, primary: Primary) -> None:
        """It did not answer."""
        self._until[primary.endpoint] = trio.current_time() + LASTS

    def ended(self, primary: Primary) -> None:
        """It did."""
        self._until.pop(primary.endpoint, None)

    def ended_at(self, host: str) -> None:
        """It has asked something itself."""
        for endpoint in [each for each in self._until if each.host == host]:
            del self._until[endpoint]

    def holds(self, primary: Primary) -> bool:
        return trio.current_time() < self._until.get(primary.endpoint, 0.0)


class Turn:
    """The primaries of a zone, one after the other, each by its index: those that are silent behind the others."""

    def __init__(self, primaries: Sequence[tuple[int, Primary]], silence: Silence) -> None:
        self._left = deque(primaries)
        self._silence = silence
        self._put_off: set[int] = set()

    def __iter__(self) -> Iterator[tuple[int, Primary]]:
        while self._left:
            each = self._left.popleft()
            if not self.puts_off(each):
                yield each

    def puts_off(self, each: tuple[int, Primary]) -> bool:
        """True where others come first: then it comes once more, whatever is known of it by then."""
        number, primary = each
        if not self._left or number in self._put_off or not self._silence.holds(primary):
            return False
        self._put_off.add(number)
        self._left.append(each)
        return True
