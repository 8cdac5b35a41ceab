"""Of several processes the first one tells secondaries, once all have the new version.

Else a secondary that asks at once might be answered by one that has the old zone still, and take that for the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.names import from_text, to_text

if TYPE_CHECKING:
    from pydns.family import Family
    from pydns.zone.holder import Held

PATIENCE: Final = 5.0
"""Seconds after which the secondaries are told anyhow."""

_TOPIC: Final = "transfer"


class Agreement:
    """`then` is called with each zone whose version all have. In processes but the first it never is."""

    def __init__(self, family: Family, then: Callable[[Held], None]) -> None:
        self._family = family
        self._then = then
        self._others: dict[bytes, dict[int, int]] = {}  # zone, number of the process, serial
        self._waiting: dict[Held, float] = {}  # until when

    def hearing(self) -> AbstractContextManager[None]:
        return self._family.hear(_TOPIC, self._hear)

    def published(self, held: Held) -> None:
        """This process has it."""
        family, zone = self._family, held.zone
        if zone is None:
            return
        if family.number:
            family.say(_TOPIC, [to_text(held.origin), zone.serial, family.number])
        elif self._all_have(held):
            self._go(held)
        else:
            self._waiting.setdefault(held, trio.current_time() + PATIENCE)  # of the first version of several

    def look(self) -> None:
        """Call it each second: some may have waited for long enough."""
        now = trio.current_time()
        for held in [held for held, until in self._waiting.items() if until <= now]:
            self._go(held)

    def _hear(self, data: Any) -> None:
        name, serial, number = data
        origin = from_text(name)
        self._others.setdefault(origin, {})[number] = serial
        for held in [held for held in self._waiting if held.origin == origin and self._all_have(held)]:
            self._go(held)

    def _all_have(self, held: Held) -> bool:
        zone, others = held.zone, self._others.get(held.origin, {})
        return zone is not None and all(others.get(i) == zone.serial for i in range(1, self._family.count))

    def _go(self, held: Held) -> None:
        self._waiting.pop(held, None)
        self._then(held)
