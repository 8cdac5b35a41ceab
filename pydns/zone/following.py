"""Keeps a zone as its master file has it: for plugins that serve zones from files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import trio

from pydns.look import Look
from pydns.names import to_text
from pydns.zone.counts import count, forget
from pydns.zone.difference import Delta
from pydns.zone.holder import Held
from pydns.zone.loader import ZoneFile
from pydns.zone.plugin import ZonePlugin
from pydns.zone.rrset import is_later
from pydns.zone.zone import Zone

log = logging.getLogger("pydns.zone")

RETRY: Final = 5.0
"""Seconds after which a file is tried again that could not be read, though nothing about it changed."""


class Following:
    """A zone of a plugin's and the file that it is read from.

    `mind_serial`: it is told where the zone changed and its serial did not.
    """

    def __init__(self, plugin: ZonePlugin, held: Held, file: ZoneFile, *, mind_serial: bool = True) -> None:
        self.held = held
        self.file = file
        self._plugin = plugin
        self._mind_serial = mind_serial

    async def run(self, every: float, tried: Callable[[], None]) -> None:
        """Loads the zone, calls `tried`, and goes on to load it after each change.

        `every`: seconds between two looks at the files where no event tells of a change; 0: it is read once.
        """
        while True:
            files = self.file.files
            with self._plugin.house.files.follow(files, every=every or float("inf")) as following:
                while self.file.files == files:  # else it includes others than before
                    await self._renew(following.look, tried)
                    if not every:
                        return
                    if self.file.files == files:
                        with trio.move_on_after(RETRY if self.file.again else float("inf")):
                            await following.changed()

    async def _renew(self, look: Look, tried: Callable[[], None]) -> None:
        zone = await self.load(look)
        tried()
        if zone is not None:
            await self.look_through(zone)

    async def look_through(self, zone: Zone) -> None:
        """Tells what makes no sense in a zone that `load` gave, now that it is served."""
        await self.file.look_through(zone)
        self._count()

    async def load(self, look: Look) -> Zone | None:
        """Reads what differs from the last time, and publishes it. Gives the zone, where it is another."""
        serial = self.held.zone.serial if self.held.zone is not None else None  # the zone itself must not be held on to
        zone = await self.file.load(look, serial)
        if zone is not None:
            delta = await self._plugin.publish_in_slices(self.held, zone)
            self._tell(serial, zone, delta)
        self._count()
        return zone

    def _count(self) -> None:
        count(self._plugin.house.metrics, self._plugin.name, self.held, self.file)

    def _tell(self, before: int | None, zone: Zone, delta: Delta | None) -> None:
        path, name = self.file.path, to_text(zone.origin)
        if before is not None and self._mind_serial and (delta is None or delta.removed or delta.added):
            unseen = "secondaries will not see the change"
            if zone.serial == before:
                log.warning("%s: %s has changed and its serial %d has not: %s", path, name, zone.serial, unseen)
            elif not is_later(zone.serial, before):
                text = "%s: the serial of %s went back from %d to %d: %s"
                log.warning(text, path, name, before, zone.serial, unseen)
        changed = "" if delta is None else f" (+{len(delta.added)} -{len(delta.removed)})"
        log.info("%s: %s serial %d, %d records%s", path, name, zone.serial, zone.records, changed)


class FollowsFiles(ZonePlugin):
    """Serves zones from master files. `following`: by origin."""

    def __init__(self) -> None:
        super().__init__()
        self.following: dict[bytes, Following] = {}

    def complaint(self, origin: bytes) -> str:
        following = self.following.get(origin)
        return following.file.complaint if following is not None else ""

    def forget_metrics(self) -> None:
        """It ends, and with it the zones that it held alone."""
        for zone in self.held_alone():
            forget(self.house.metrics, self.name, zone)
