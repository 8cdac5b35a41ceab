"""The processes that serve together, as a plugin sees them: what is shared between them, told and divided.

Without `multisocket` a process is alone, and all of this is trivial. With it a parent shows the pages over HTTP and
runs the plugins that say `single`, and its workers answer queries and run all others (`pydns.workers`).
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.plugin import Plugin

Heard = Callable[[Any], None]


class Shared(NamedTuple):
    """Data in a memory file that all processes map. Who gets it closes `descriptor`, and calls `release` at the end.

    `facts` is what its maker told of it: plain data.
    """

    descriptor: int
    facts: Any
    release: Callable[[], None]


Build = Callable[[], Awaitable[tuple[int, Any]]]
"""Makes the data: the descriptor of a memory file, which passes to the caller, and facts."""


class Family:
    """A process that is alone. `number` is a worker's, from 0, of `count`; `secret` is known to all of them alone."""

    def __init__(self) -> None:
        self.number = 0
        self.count = 1
        self.secret = secrets.token_bytes(32)
        self._hearing: dict[str, list[Heard]] = {}

    def portion(self, limit: int) -> int:
        """This worker's part of a limit that holds for all together: at least 1, where there is a limit at all."""
        return max(1, limit // self.count + (self.number < limit % self.count)) if limit else 0

    async def reports(self, plugin: Plugin) -> list[Any]:
        """What the plugin reports (`Plugin.report`) in each process that runs it; who does not answer is left out."""
        return [plugin.report()]

    async def metrics(self, own: Metrics) -> Metrics:
        """The counts of all processes together."""
        return own

    def say(self, topic: str, data: Any) -> None:
        """Tells the other processes something: plain data. Who hears it, and when, is not told."""

    @contextmanager
    def hear(self, topic: str, heard: Heard) -> Iterator[None]:
        """While it is open `heard` is called with what others say."""
        self._hearing.setdefault(topic, []).append(heard)
        try:
            yield
        finally:
            self._hearing[topic].remove(heard)

    def heard(self, topic: str, data: Any) -> None:
        """For who carries it: another process has said this."""
        for heard in tuple(self._hearing.get(topic, ())):
            heard(data)

    async def shared(self, key: str, build: Build) -> Shared:
        """The data of that key, made by one process for all. Raises what `build` raises."""
        descriptor, facts = await build()
        return Shared(descriptor, facts, lambda: None)
