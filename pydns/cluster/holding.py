"""Keeps zones of a cluster as they can be transferred: made anew after changes, in slices, and not too often."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Mapping
from typing import Final

import trio

from pydns.errors import ZoneError
from pydns.names import to_text
from pydns.steps import in_slices
from pydns.zone.holder import Held
from pydns.zone.zone import Zone

log = logging.getLogger("pydns.kubernetes")

PAUSE: Final = 1.0
"""Seconds between two versions at least: what changes together is told together."""

SHARE: Final = 10
"""A pause is so many times as long as the zones took to make: a tenth of the time at most goes into that."""

Make = Callable[[], Generator[None, None, Zone] | None]
"""Begins to make a zone as it is now; None while nothing is known."""


class Holding:
    """`held`: the zones, in the order of `zones`; `change` tells that they may be others now."""

    def __init__(self, zones: Mapping[bytes, Make]) -> None:
        self.held = tuple(Held(zone) for zone in zones)
        self._make = dict(zones)
        self._changed = trio.Event()

    def inherit(self, old: Holding) -> None:
        """What the zones were before a reload, so that secondaries are told of what has changed since."""
        before = {held.origin: held.zone for held in old.held}
        for held in self.held:
            held.publish(before.get(held.origin))

    def change(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._changed.wait()
            self._changed = trio.Event()
            began = time.perf_counter()
            for held in self.held:
                try:
                    await self._renew(held)
                except ZoneError as error:
                    log.warning("%s cannot be transferred: %s", to_text(held.origin), error)
                    held.publish(None)
            await trio.sleep(max(PAUSE, SHARE * (time.perf_counter() - began)))

    async def _renew(self, held: Held) -> None:
        steps = self._make[held.origin]()
        if steps is None:
            return
        zone = await in_slices(steps)
        delta = await in_slices(held.comparing(zone))
        # Secondaries need not hear of what is new elsewhere in the cluster.
        if held.zone is None or delta is None or delta.removed or delta.added:
            held.publish(zone, delta)
