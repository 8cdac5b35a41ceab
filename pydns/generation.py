"""The plugins of one configuration, running: started together, started again where they fail, stopped together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.errors import StartError
from pydns.plugin import Plugin

if TYPE_CHECKING:
    from pydns.plugin import House
    from pydns.setup import Block, Configuration

log = logging.getLogger("pydns.run")

START: Final = 60.0
"""Seconds in which all plugins must have started. Each has a shorter deadline of its own where it waits on others."""

_FIRST_PAUSE: Final = 1.0  # seconds before a plugin that failed is started again; doubled each time
_LONGEST_PAUSE: Final = 60.0


class Generation:
    """One configuration at work, from `run` until that is cancelled. `runs` says which plugins are at work here."""

    def __init__(
        self,
        configuration: Configuration,
        house: House,
        before: Generation | None = None,
        runs: Callable[[Plugin], bool] = lambda _: True,
    ) -> None:
        self.configuration = configuration
        self.runs = runs
        self._house = house
        self._before = before
        self._starting: list[Plugin] = []

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Starts all plugins, each with what it takes over from the generation before. Raises StartError."""
        plugins = [plugin for block in self.configuration.blocks for plugin in block.plugins]
        for plugin in plugins:
            plugin.house = self._house
        self.inherit()
        blocks = tuple(block.plugins for block in self.configuration.blocks)
        self._house.generations.append(blocks)
        try:
            async with trio.open_nursery() as nursery:
                with trio.move_on_after(START) as patience:
                    async with trio.open_nursery() as starting:
                        for plugin in filter(self.runs, plugins):
                            starting.start_soon(nursery.start, self._keep_running, plugin)
                if patience.cancelled_caught:
                    missing = ", ".join(plugin.name for plugin in self._starting)
                    raise StartError(f"not ready after {START:g} s: {missing}")
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._house.generations.remove(blocks)

    async def stopping(self) -> None:
        """Returns when no plugin has anything left to do before the server stops."""
        async with trio.open_nursery() as nursery:
            for block in self.configuration.blocks:
                for plugin in filter(self.runs, block.plugins):
                    nursery.start_soon(self._stop, plugin)

    @staticmethod
    async def _stop(plugin: Plugin) -> None:
        try:
            await plugin.stopping()
        except Exception as error:  # it must not keep the server from stopping
            log.error("plugin %s failed as the server stops: %s", plugin.name, reason(error))

    def inherit(self) -> None:
        """Has plugins take over from those of the generation before. Raises StartError."""
        before, self._before = self._before, None
        if before is None:
            return
        for new, old in _heirs(self.configuration.blocks, before.configuration.blocks):
            if not (self.runs(new) and before.runs(old)):
                continue  # who never was at work here has nothing to give
            try:
                new.inherit(old)
            except Exception as error:
                raise StartError(f"plugin {new.name} cannot take over: {reason(error)}") from error

    async def _keep_running(self, plugin: Plugin, *, task_status: trio.TaskStatus[None]) -> None:
        self._starting.append(plugin)
        status = _Status(task_status, lambda: self._starting.remove(plugin))
        pause = _FIRST_PAUSE
        while True:
            began = trio.current_time()
            try:
                await plugin.run(task_status=status)
                status.started()
                return
            except Exception as error:
                if not status.is_started:
                    raise StartError(f"plugin {plugin.name} cannot start: {reason(error)}") from error
                if trio.current_time() - began > _LONGEST_PAUSE:
                    pause = _FIRST_PAUSE
                self._house.metrics.counter(
                    "pydns_plugin_restarts_total", "Times that a plugin's background work failed.", "plugin"
                ).add(plugin.name)
                log.error(
                    "plugin %s failed: %s; it serves on with its last data and is started again in %g s",
                    plugin.name,
                    reason(error),
                    pause,
                    exc_info=error if self._house.debug else None,
                )
                await trio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)


class _Status:
    """Passes `started` on, once."""

    def __init__(self, status: trio.TaskStatus[None], then: Callable[[], None]) -> None:
        self._status = status
        self._then = then
        self.is_started = False

    def started(self, _: Any = None) -> None:
        if not self.is_started:
            self.is_started = True
            self._then()
            self._status.started()


def reason(error: Exception) -> str:
    """An error in one line, out of the groups that nurseries put it into."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _heirs(new: Sequence[Block], old: Sequence[Block]) -> Iterator[tuple[Plugin, Plugin]]:
    """Plugins and those that they take over from: at the same place, and all below them in the block unchanged."""
    left = list(old)
    for block in new:
        same = next((each for each in left if _is_same_place(block, each)), None)
        if same is None:
            continue
        left.remove(same)
        for plugin, before in zip(reversed(block.plugins), reversed(same.plugins), strict=False):
            name = plugin.name
            if type(plugin) is not type(before) or block.tree.named(name) != same.tree.named(name):
                break
            yield plugin, before


def _is_same_place(block: Block, other: Block) -> bool:
    return block.tree.keys == other.tree.keys and block.tree.root == other.tree.root and block.port == other.port
