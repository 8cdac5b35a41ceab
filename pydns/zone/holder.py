"""A zone that a plugin holds: what it is now, what changed lately, and who wants to know."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Final

from pydns.names import to_text
from pydns.steps import whole
from pydns.zone.difference import MOST, Delta, difference
from pydns.zone.rrset import is_later
from pydns.zone.zone import Zone

log = logging.getLogger("pydns.zone")

KEPT_DELTAS: Final = 100
KEPT_RECORDS: Final = 100_000
"""In all deltas of one zone together, some 20 MiB; and no more than the zone has, which is transferred for less."""

SMALL: Final = 10_000
"""Records of zones that are compared in one go."""


class Held:
    """One zone of a plugin's. `zone` is None while it is not there yet, or has expired."""

    def __init__(self, origin: bytes) -> None:
        self.origin = origin
        self.zone: Zone | None = None
        self.listeners: list[Callable[[], None]] = []
        """Called after each publish."""
        self._journal: deque[Delta] = deque()
        self._journal_records = 0

    def publish(self, zone: Zone | None, delta: Delta | None = None) -> Delta | None:
        """From now on it is this zone. `delta` is what changed, where that is known.

        Where it is not, small zones are compared; otherwise the journal begins anew. See `comparing`. Gives what
        changed, where it is known.
        """
        old = self.zone
        if delta is None and zone is not None and old is not None and max(zone.records, old.records) <= SMALL:
            delta = whole(difference(old, zone))
        fits = old is not None and zone is not None and delta is not None and self._fits(delta, old, zone)
        if fits and delta is not None and zone is not None:
            self._keep(delta, zone)
        elif zone is None or old is None or delta is None or delta.removed or delta.added or old.serial != zone.serial:
            self._journal.clear()  # what was before it is not known
            self._journal_records = 0
        self.zone = zone
        for listener in tuple(self.listeners):
            try:
                listener()
            except Exception as error:
                log.error("%s: who wants to know of changes failed: %r", to_text(self.origin), error)
        return delta

    def comparing(self, zone: Zone) -> Generator[None, None, Delta | None]:
        """What changes with this zone, in steps of a few milliseconds; None where it is too much, or all of it.

        Of a small zone nothing is too much, so that `publish` need not compare it.
        """
        if self.zone is None:
            return None
        is_small = max(zone.records, self.zone.records) <= SMALL
        most = MOST if is_small else min(MOST, max(1000, zone.records // 2))
        return (yield from difference(self.zone, zone, most))

    def since(self, serial: int) -> Sequence[Delta] | None:
        """What changed since the version of that serial, in order; nothing where it is the zone's own.

        None where the journal does not reach back so far, or there is no zone.
        """
        if self.zone is None:
            return None
        if serial == self.zone.serial:
            return ()
        deltas = tuple(self._journal)
        for i, delta in enumerate(deltas):
            if delta.old_serial == serial:
                return deltas[i:]
        return None

    @property
    def history(self) -> Sequence[Delta]:
        """All that `since` can tell of, in order."""
        return tuple(self._journal)

    def remember(self, deltas: Sequence[Delta]) -> None:
        """What led to the version that was published first, for who asks `since`: from a journal on disk."""
        if not self._journal and deltas and self.zone is not None and deltas[-1].new_serial == self.zone.serial:
            for delta in deltas:
                self._keep(delta, self.zone)

    def _fits(self, delta: Delta, old: Zone, new: Zone) -> bool:
        """Whether who has the old version can be told by it; a serial that does not grow is not seen as another one."""
        return delta.old_serial == old.serial and delta.new_serial == new.serial and is_later(new.serial, old.serial)

    def _keep(self, delta: Delta, zone: Zone) -> None:
        self._journal.append(delta)
        self._journal_records += len(delta.removed) + len(delta.added) + 2
        most = min(KEPT_RECORDS, zone.records)
        while len(self._journal) > KEPT_DELTAS or self._journal_records > most:
            oldest = self._journal.popleft()
            self._journal_records -= len(oldest.removed) + len(oldest.added) + 2


class HoldsZones(ABC):
    """Mixed into a plugin that holds zones, so that others of its block find them."""

    @abstractmethod
    def held(self) -> Sequence[Held]:
        """Those that it holds now."""

    def find(self, origin: bytes) -> Held | None:
        """The one of that name; None where it holds none."""
        return next((held for held in self.held() if held.origin == origin), None)

    @property
    def newcomers(self) -> list[Callable[[Held], None]]:
        """Called with each zone that it begins to hold later on. One that it holds no more publishes None."""
        found: list[Callable[[Held], None]] = self.__dict__.setdefault("_newcomers", [])
        return found
