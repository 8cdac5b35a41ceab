"""The family as its members see it: the parent, which has workers, and each worker, which has a parent."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from pydns.family import Build, Family, Shared
from pydns.workers.channel import Descriptor

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.plugin import Plugin
    from pydns.workers.group import Group
    from pydns.workers.link import Link


class ParentFamily(Family):
    """The parent's, of workers that come and go with the configuration."""

    def __init__(self, group: Group, secret: bytes) -> None:
        super().__init__()
        self.secret = secret
        self._group = group

    async def reports(self, plugin: Plugin) -> list[Any]:
        found = await self._group.reports(plugin)
        return await super().reports(plugin) if found is None else found

    async def metrics(self, own: Metrics) -> Metrics:
        return await self._group.metrics(own)

    def say(self, topic: str, data: Any) -> None:
        self._group.tell("heard", topic, data)


class WorkerFamily(Family):
    """A worker's. All that it says, and what it shares, goes by the parent."""

    def __init__(self, number: int, secret: bytes, link: Link) -> None:
        super().__init__()
        self.number = number
        self.secret = secret
        self._link = link
        self._token = trio.lowlevel.current_trio_token()

    def say(self, topic: str, data: Any) -> None:
        self._link.tell("say", topic, data)

    async def shared(self, key: str, build: Build) -> Shared:
        found = await self._link.call("claim", key)
        if found is not None:
            return Shared(found[0].number, found[1], partial(self._release, key))
        try:
            descriptor, facts = await build()
        except BaseException:
            self._link.tell("give_up", key)
            raise
        self._link.tell("offer", key, Descriptor(descriptor), facts)
        return Shared(descriptor, facts, partial(self._release, key))

    def _release(self, key: str) -> None:
        """May be called in any thread, for objects end where they are used last."""
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._link.tell, "release", key)
