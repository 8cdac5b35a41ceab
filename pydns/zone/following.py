"""Keeps a zone as its master file has it: for plugins that serve zones from files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import trio

from pydns.names import to_text
from pydns.zone.counts import count
from pydns.zone.difference import Delta
from pydns.zone.holder import Held
from pydns.zone.loader import ZoneFile
from pydns.zone.plugin import ZonePlugin
from pydns.zone.rrset import is_later
from pydns.zone.zone import Zone

log = logging.getLogger("pydns.zone")

RETRY: Final = 5.0
"""Seconds after which a file is tried again that could not be read, though nothing about it changed."""


async def follow(
    plugin: ZonePlugin,
    held: Held,
    file: ZoneFile,
    every: float,
    tried: Callable[[], None],
    *,
    mind_serial: bool = True,
) -> None:
    """Loads the zone, calls `tried`, and goes on to load it after each change; `every` 0: no more.

    `every`: seconds between two looks at the files where no event tells of a change. `mind_serial`: it is told where
    the zone changed and its serial did not.
    """
    while True:
        files = file.files
        with plugin.house.files.follow(files, every=every or float("inf")) as following:
            while True:
                before = held.zone
                zone = await file.load(following.look, before.serial if before is not None else None)
                if zone is not None:
                    await _publish(plugin, held, file, zone, mind_serial)
                count(plugin.house.metrics, plugin.name, held, file)
                tried()
                if not every:
                    return
                if file.files != files:
                    break  # it includes others than before
                with trio.move_on_after(RETRY if file.again else float("inf")):
                    await following.changed()


async def _publish(plugin: ZonePlugin, held: Held, file: ZoneFile, zone: Zone, mind_serial: bool) -> None:
    before = held.zone
    delta = await plugin.publish_in_slices(held, zone)
    name = to_text(held.origin)
    if before is not None and mind_serial and _differs(delta):
        if zone.serial == before.serial:
            log.warning(
                "%s: %s has changed and its serial %d has not: secondaries will not see it",
                file.path,
                name,
                zone.serial,
            )
        elif not is_later(zone.serial, before.serial):
            log.warning(
                "%s: the serial of %s went back from %d to %d: secondaries will not see it",
                file.path,
                name,
                before.serial,
                zone.serial,
            )
    log.info("%s: %s serial %d, %d records%s", file.path, name, zone.serial, zone.records, _shown(delta))


def _differs(delta: Delta | None) -> bool:
    return delta is None or bool(delta.removed or delta.added)


def _shown(delta: Delta | None) -> str:
    return "" if delta is None else f" (+{len(delta.added)} -{len(delta.removed)})"
