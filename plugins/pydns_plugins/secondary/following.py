"""What a process does whose relative asks the primaries: it serves what it hears of, and no longer than that holds."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Final

import trio

from pydns.zone.rrset import is_later
from pydns_plugins.secondary.relatives import Follower, moment

if TYPE_CHECKING:
    from pydns.zone.zone import Zone
    from pydns_plugins.secondary import Secondary
    from pydns_plugins.secondary.counts import Counts

_STEP: Final = 100  # zones that are taken over in one go


class Following:
    def __init__(self, plugin: Secondary, counts: Counts) -> None:
        self._plugin = plugin
        self._counts = counts
        self._expires: dict[bytes, float] = {}  # on trio's clock
        self._heard_all = trio.Event()
        self._follower = Follower(plugin.house.family, plugin.topic, self)

    def begin(self, elders: Sequence[Secondary]) -> Generator[None, None, None]:
        """As that of `Asking`."""
        plugin = self._plugin
        for each in elders:
            work = each.work
            if isinstance(work, Following) and each.topic == plugin.topic:
                self._expires = dict(work._expires)
                self._follower.inherit(work._follower)
                for i, held in enumerate(each.held() if each is not plugin else ()):
                    plugin.take_over(held.origin, each.named(held.origin), each)
                    if not i % _STEP:
                        yield
                return

    async def run(self) -> None:
        await self._follower.run()

    async def tried(self) -> None:
        """Returns when all that our relative has is here."""
        await self._heard_all.wait()

    def is_ready(self) -> bool:
        return self._heard_all.is_set()

    def notified(self, origin: bytes, serial: int | None, host: str) -> bool:
        held = self._plugin.find(origin)
        if serial is not None and held is not None and held.zone is not None and not is_later(serial, held.zone.serial):
            return False
        self._follower.family.say(self._follower.topic, ("notify", origin, serial, host))
        return True

    def look(self) -> None:
        """Gives up what has expired, should our relative be gone and not say so."""
        now = trio.current_time()
        for origin in [origin for origin, expires in self._expires.items() if expires <= now]:
            self.hear_expire(origin)

    async def hear_zone(self, zone: Zone, expires: float) -> None:
        held = self._plugin.find(zone.origin)
        if held is None:
            return  # it was dropped meanwhile
        self._expires[zone.origin] = moment(expires)
        if held.zone is not None and is_later(held.zone.serial, zone.serial):
            return  # who asks has begun anew with what was on disk, and will have what is newer
        await self._plugin.publish_in_slices(held, zone)
        self._counts.published(zone.origin, zone.serial)

    def hear_begin(self, origin: bytes, named: bytes) -> None:
        self._plugin.have(origin, named)

    def hear_confirm(self, origin: bytes, expires: float) -> None:
        if origin in self._expires:
            self._expires[origin] = moment(expires)

    def hear_expire(self, origin: bytes) -> None:
        self._expires.pop(origin, None)
        self._plugin.expire(origin)
        self._counts.expired(origin)

    def hear_drop(self, origin: bytes) -> None:
        self._expires.pop(origin, None)
        self._plugin.lose(origin)
        self._counts.forget(origin)

    def hear_all(self) -> None:
        self._heard_all.set()
