"""Make a catalog zone (RFC 9432) of the zones that the server block holds, so that secondaries learn of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self
from weakref import WeakSet

import trio

from pydns import names
from pydns.corefile import values
from pydns.errors import CorefileError
from pydns.steps import in_slices
from pydns.zone.catalog import catalog_zone
from pydns.zone.holder import Held, HoldsZones
from pydns.zone.plugin import ZonePlugin
from pydns.zone.rrset import is_later

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

log = logging.getLogger("pydns.catalog")

GATHER: Final = 0.2
"""Seconds in which changes become one."""

PATIENCE: Final = 60.0
"""Seconds after which a catalog is made though not all plugins have their zones: what it leaves out goes elsewhere."""

_LOOK: Final = 0.1


class Catalog(ZonePlugin):
    """One catalog directive. `scope`: only zones at and below these are listed."""

    name: ClassVar[str] = "catalog"

    def __init__(self, origin: bytes, scope: Sequence[bytes], topic: str) -> None:
        """`topic` is what processes of a family call the same catalog."""
        super().__init__((origin,))
        self.origin = origin
        self._scope = frozenset(scope)
        self._topic = topic
        self._listed: tuple[bytes, ...] | None = None
        self._changed = trio.Event()

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        found: dict[bytes, Self] = {}
        for directive in directives:
            values.no_block(directive)
            word, *scope = values.arguments(directive, 1)
            origin = values.name(word)
            if origin in found:
                raise CorefileError(word.position, f"{word} is named by two catalogs", "keep one of them")
            if names.longest_match(origin, frozenset(block.zones)) is None:
                text = f"{word} is in none of the zones of this server block: nobody could ask for it"
                raise CorefileError(word.position, text, f"add {word} to the names ahead of the block")
            said = repr((block.keys, directive)).encode("utf-8", "surrogateescape")
            zones = [zone for each in scope for zone in values.zone(each)]
            topic = f"catalog {blake2b(said, digest_size=16).hexdigest()}"
            found[origin] = cls(origin, zones or (names.ROOT,), topic)
        return tuple(found.values())

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._take_over()
        task_status.started()
        # One process makes it, so that all give it under the same serial.
        await (self._follow() if self.house.family.number else self._lead())

    async def _lead(self) -> None:
        with self._listening(), self.house.family.hear(self._topic, self._hear):
            await self._until_there()
            while True:
                self._changed = trio.Event()
                zones = self._zones()
                if zones != self._listed:
                    await self._publish(self._next_serial(), zones)
                    self._tell()
                await self._changed.wait()
                await trio.sleep(GATHER)

    def _hear(self, said: tuple[Any, ...]) -> None:
        if said == ("want",) and self._listed is not None:
            self._tell()

    def _tell(self) -> None:
        zone = self._held[self.origin].zone
        if zone is not None:
            self.house.family.say(self._topic, ("zones", zone.serial, self._listed))

    async def _follow(self) -> None:
        outbox, inbox = trio.open_memory_channel[tuple[Any, ...]](2**31)
        with self.house.family.hear(self._topic, outbox.send_nowait):
            self.house.family.say(self._topic, ("want",))
            async for what, *words in inbox:
                if what == "zones":
                    await self._publish(*words)

    async def _publish(self, serial: int, zones: tuple[bytes, ...]) -> None:
        zone = await in_slices(catalog_zone(self.origin, zones, serial))
        self._listed = zones
        await self.publish_in_slices(self._held[self.origin], zone)
        log.info("catalog %s serial %d: %d zones", names.to_text(self.origin), serial, len(zones))

    def _next_serial(self) -> int:
        """The time, so that it grows over restarts too; one more where that is not later."""
        now = int(time.time()) & 0xFFFFFFFF
        zone = self._held[self.origin].zone
        return now if zone is None or is_later(now, zone.serial) else (zone.serial + 1) & 0xFFFFFFFF

    # What it lists

    def _holders(self) -> list[HoldsZones]:
        siblings = self.house.siblings(self)
        return [each for each in siblings if isinstance(each, HoldsZones) and not isinstance(each, Catalog)]

    def _zones(self) -> tuple[bytes, ...]:
        """Sorted. Those that are not loaded, or have expired, are among them: secondaries keep what they have."""
        found = {held.origin for holder in self._holders() for held in holder.held()}
        return tuple(sorted(zone for zone in found if names.longest_match(zone, self._scope) is not None))

    async def _until_there(self) -> None:
        """A catalog that lacks a zone which is yet to be loaded would have secondaries drop it."""
        with trio.move_on_after(PATIENCE):
            # Nobody tells when a plugin gets ready, and this is at the start alone.
            while not all(each.ready() for each in self.house.siblings(self) if isinstance(each, HoldsZones)):  # noqa: ASYNC110
                await trio.sleep(_LOOK)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Zones that come, and those that go, set `_changed`."""
        heard: WeakSet[Held] = WeakSet()  # who goes for good is not held on to

        def changed() -> None:
            self._changed.set()

        def listen(held: Held) -> None:
            if held not in heard:
                heard.add(held)
                held.listeners.append(changed)
            changed()

        holders = self._holders()
        for holder in holders:
            holder.newcomers.append(listen)
            for held in holder.held():
                listen(held)
        try:
            yield
        finally:
            for holder in holders:
                holder.newcomers.remove(listen)
            for held in heard:
                held.listeners.remove(changed)

    def _take_over(self) -> None:
        """Goes on with what the configuration before has listed, so that serials only grow."""
        own = self.house.generation(self)
        for blocks in self.house.generations:
            for old in () if blocks is own else [each for block in blocks for each in block]:
                if isinstance(old, Catalog) and old.origin == self.origin:
                    self.hold(self.origin, old._held[self.origin])
                    self._listed = old._listed
