"""The workers that there are, as they are asked and told together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.errors import StartError
from pydns.metrics import Metrics
from pydns.workers.merge import add, outlives, tell

if TYPE_CHECKING:
    from pydns.plugin import Plugin
    from pydns.workers.child import Child

log = logging.getLogger("pydns.workers")

_PATIENCE: Final = 2.0  # seconds for an answer that a page waits for


class Group:
    """`wanted` is how many there are to be, 0 where the process answers itself; `serving` those that answer, by number;
    `everyone` has also those that begin or end."""

    def __init__(self) -> None:
        self.wanted = 0
        self.serving: dict[int, Child] = {}
        self.everyone: set[Child] = set()
        self._departed = Metrics()  # what those counted that have ended

    def depart(self, child: Child) -> None:
        """It has ended."""
        self.everyone.discard(child)
        for told in filter(outlives, child.told):
            add(told, self._departed)

    def tell(self, name: str, *arguments: Any, but: Child | None = None) -> None:
        for child in self.everyone:
            if child is not but:
                child.link.tell(name, *arguments)

    async def ask(self, name: str, *arguments: Any, patience: float = _PATIENCE) -> list[tuple[Child, Any]]:
        """What those that serve answer, in their order; who does not in time is left out."""
        found: dict[int, tuple[Child, Any]] = {}

        async def ask(child: Child) -> None:
            with trio.move_on_after(patience):
                try:
                    found[child.number] = child, await child.call(name, *arguments)
                except StartError as error:
                    log.debug("%s: %s", name, error)

        async with trio.open_nursery() as nursery:
            for child in self.serving.values():
                nursery.start_soon(ask, child)
        return [found[number] for number in sorted(found)]

    async def reports(self, plugin: Plugin) -> list[Any] | None:
        """What the plugin reports in each; None where none are wanted, or it is not at work."""
        for at, block in enumerate(plugin.house.generation(plugin)):
            if plugin in block and self.wanted:
                found = await self.ask("report", at, block.index(plugin), plugin.name)
                return [report for _, report in found]
        return None

    async def metrics(self, own: Metrics) -> Metrics:
        """All counts together. What a worker told last counts where it does not answer."""
        for child, answer in await self.ask("metrics"):
            child.told = answer
        total = Metrics()
        for each in (own, self._departed):
            for metric in each.read():
                add(tell(metric), total)
        for telling in [child.told for child in self.everyone]:  # as they were when the departed were counted
            for told in telling:
                add(told, total)
                await trio.lowlevel.checkpoint()
        return total
