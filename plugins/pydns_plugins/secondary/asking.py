"""What the process does that asks the primaries: a keeper for each zone, and zones that come and go with catalogs."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.errors import StartError
from pydns.names import to_text
from pydns.steps import in_slices, letting_go
from pydns.transfer.client import Primary
from pydns.transfer.directory import Directory
from pydns.transfer.errors import KeyMissingError
from pydns.tsig.ring import find_key
from pydns.zone.catalog import CatalogError, members
from pydns.zone.rrset import is_later
from pydns_plugins.secondary.catalogs import Catalogs, What
from pydns_plugins.secondary.keeper import Keeper
from pydns_plugins.secondary.relatives import Leader
from pydns_plugins.secondary.silence import Silence

if TYPE_CHECKING:
    from pydns.zone.difference import Delta
    from pydns.zone.zone import Zone
    from pydns_plugins.secondary import Secondary
    from pydns_plugins.secondary.catalogs import Change
    from pydns_plugins.secondary.counts import Counts

log = logging.getLogger("pydns.secondary")

AT_ONCE: Final = 10
"""Questions and transfers under way with one primary, and zones of a catalog that come or go."""

_STEP: Final = 100  # zones that are begun in one go
_TOLD: Final = 20  # complaints about one catalog


class Asking:
    def __init__(self, plugin: Secondary, counts: Counts) -> None:
        self._plugin = plugin
        self._counts = counts
        self._leader = Leader(plugin.house.family, plugin.topic)
        self.silence = Silence()
        self._limiters: dict[str, trio.CapacityLimiter] = defaultdict(lambda: trio.CapacityLimiter(AT_ONCE))
        self._keepers: dict[bytes, Keeper] = {}
        self._catalogs = Catalogs(plugin.admits, {*plugin.configured, *plugin.named_ahead()})
        self._changing = trio.Lock()
        self._nursery: trio.Nursery

    def begin(self, elders: Sequence[Secondary]) -> Generator[None, None, None]:
        """Goes on with the zones of `elders`: of the configuration before, and of the plugin if it has run before."""
        plugin = self._plugin
        works = [(each, each.work) for each in elders if isinstance(each.work, Asking)]
        same = next((work for each, work in works if each.topic == plugin.topic), None)
        if same is not None:
            self._leader.inherit(same._leader)
        for origin in plugin.configured:
            old = self._find(works, origin)
            self._go_on(origin, origin, old)
            if plugin.is_catalog(origin) and old is not None:
                for i, zone in enumerate(self._catalogs.inherit(origin, old[1]._catalogs)):
                    self._go_on(zone, origin, old)
                    if not i % _STEP:
                        yield
        for held in plugin.held():
            if held.origin not in self._keepers:
                plugin.lose(held.origin)
        self._leader.keep(self._keepers)

    def _find(self, works: Sequence[tuple[Secondary, Asking]], origin: bytes) -> tuple[Secondary, Asking] | None:
        """Who has kept a zone of the Corefile as we are to keep it."""
        source = self._plugin.source(origin)
        return next((each for each in works if origin in each[1]._keepers and each[0].source(origin) == source), None)

    def _go_on(self, origin: bytes, named: bytes, old: tuple[Secondary, Asking] | None) -> None:
        """With what is there of a zone."""
        before = old[1]._keepers.get(origin) if old is not None else None
        if old is not None and before is not None and old[0] is not self._plugin:
            self._plugin.take_over(origin, named, old[0])
        keeper = self._keeper(origin, named)
        if before is not None:
            keeper.inherit(before)

    def _keeper(self, origin: bytes, named: bytes) -> Keeper:
        """For a zone that is ours from now on. `named`: itself, or the catalog that brings it."""
        folder = self._plugin.source(named).directory
        keeper = Keeper(origin, self, self._counts, Directory(folder) if folder is not None else None)
        self._keepers[origin] = keeper
        self._plugin.have(origin, named)
        self._leader.begin(origin, named)
        return keeper

    async def run(self) -> None:
        family, topic = self._leader.family, self._leader.topic
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            with family.hear(topic, self._hear):
                for i, keeper in enumerate(list(self._keepers.values())):
                    nursery.start_soon(keeper.run)
                    if not i % _STEP:
                        await trio.lowlevel.checkpoint()
                for origin in self._plugin.configured:
                    zone = self._keepers[origin].zone
                    if zone is not None and self._plugin.is_catalog(origin):
                        nursery.start_soon(self._take_catalog, zone)  # which may bring others than before the reload
                await trio.sleep_forever()

    def _hear(self, said: tuple[Any, ...]) -> None:
        what, *words = said
        if what == "notify":
            self.notified(*words)
        elif what == "want":
            self._nursery.start_soon(self._repeat)

    async def _repeat(self) -> None:
        """For a relative that came later."""
        for origin, keeper in list(self._keepers.items()):
            if keeper.zone is not None and not keeper.expired and not self._leader.has_given(origin):
                await self._give(keeper.zone, keeper.expires)
        await self._leader.repeat()

    async def _give(self, zone: Zone, expires: float) -> None:
        try:
            await self._leader.give(zone, expires)
        except (StartError, OSError) as error:
            log.error("%s serial %d: not given to the other processes: %s", to_text(zone.origin), zone.serial, error)

    async def tried(self) -> None:
        """Returns when each zone is there, or was asked for in vain."""
        while not all(keeper.tried.is_set() for keeper in self._keepers.values()):
            for keeper in list(self._keepers.values()):  # catalogs bring more meanwhile
                await keeper.tried.wait()

    def is_ready(self) -> bool:
        return all(
            keeper.tried.is_set() for origin, keeper in self._keepers.items() if origin in self._plugin.configured
        )

    def notified(self, origin: bytes, serial: int | None, host: str) -> bool:
        self.silence.ended_at(host)
        keeper = self._keepers.get(origin)
        return keeper is not None and keeper.notified(serial, host)

    def look(self) -> None:
        """Gives up what has expired."""
        now = trio.current_time()
        for origin, keeper in self._keepers.items():
            if keeper.expires <= now and not keeper.expired:
                keeper.expire()
                self._plugin.expire(origin)
                self._leader.expire(origin)

    # For keepers

    def primaries(self, origin: bytes) -> Sequence[Primary]:
        found, missing = [], []
        for each in self._plugin.source(self._plugin.named(origin)).primaries:
            key = find_key(self._plugin, each.key) if each.key is not None else None
            if each.key is not None and key is None:
                missing.append(f"{each.word.position if each.word else ''}: no tsig here knows the key {each.word}")
            else:
                found.append(Primary(each.endpoint, key))
        if not found:
            raise KeyMissingError("; ".join(dict.fromkeys(missing)))
        return found

    def limiter(self, primary: Primary) -> trio.CapacityLimiter:
        return self._limiters[primary.endpoint.host]

    def confirmed(self, origin: bytes, expires: float) -> None:
        self._leader.confirm(origin, expires)

    async def publish(self, zone: Zone, delta: Delta | None) -> None:
        origin = zone.origin
        held = self._plugin.have(origin, self._plugin.named(origin))
        if held.zone is not None and is_later(held.zone.serial, zone.serial):
            return  # at a reload two of us have it for a while, and the other one was quicker
        await self._plugin.publish_in_slices(held, zone, delta)
        self._counts.published(origin, zone.serial)
        await self._give(zone, self._keepers[origin].expires)
        if self._plugin.is_catalog(origin):
            await self._take_catalog(zone)

    # Catalogs

    async def _take_catalog(self, zone: Zone) -> None:
        origin = to_text(zone.origin)
        async with self._changing:  # so that all is done in the order in which it was decided
            try:
                found = await in_slices(members(zone))
            except CatalogError as error:
                log.error("catalog %s serial %d: %s; its zones stay as they were", origin, zone.serial, error)
                return
            self._counts.members(zone.origin, len(found))
            changes = await in_slices(self._catalogs.apply(zone.origin, found))
            for complaint in self._catalogs.complaints[:_TOLD]:
                log.warning("%s", complaint)
            if (more := len(self._catalogs.complaints) - _TOLD) > 0:
                log.warning("catalog %s: %d more zones are left out", origin, more)
            by_zone: dict[bytes, list[Change]] = {}
            for change in changes:
                by_zone.setdefault(change.zone, []).append(change)
            left = iter(by_zone.values())
            async with trio.open_nursery() as nursery:
                for _ in range(AT_ONCE):
                    nursery.start_soon(self._do_all, left)

    async def _do_all(self, left: Iterator[list[Change]]) -> None:
        for changes in left:
            for change in changes:
                await self._do(change)
                await trio.lowlevel.checkpoint()

    async def _do(self, change: Change) -> None:
        what, zone, catalog = change
        log.info("%s %s catalog %s", to_text(zone), _WORDS[what], to_text(catalog))
        old = await self._stop(zone) if what is not What.COMES else None
        if old is not None and what is not What.MOVES:
            self._plugin.lose(zone)
            self._leader.drop(zone)
            self._counts.forget(zone)
            await old.forget()
            await in_slices(letting_go(old.left()))
        if what is not What.GOES:
            keeper = self._keeper(zone, catalog)
            if old is not None and what is What.MOVES:
                keeper.inherit(old)
            self._nursery.start_soon(keeper.run)

    async def _stop(self, zone: bytes) -> Keeper:
        keeper = self._keepers.pop(zone)
        keeper.scope.cancel()
        await keeper.stopped.wait()
        return keeper


_WORDS: Final = {
    What.COMES: "comes with",
    What.GOES: "goes with",
    What.RESETS: "begins anew, as said by",
    What.MOVES: "belongs from now on to",
}
