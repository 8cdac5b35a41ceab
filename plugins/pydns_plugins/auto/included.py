"""Follows the files that zones include, which may stand anywhere."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import trio

from pydns.look import Signature
from pydns.watch import Follow, Watcher

Wanted = Callable[[], Mapping[bytes, Sequence[str]]]
"""From zone to the files that it includes."""


class Included:
    """`run` tells `changed` of each zone that includes a file which is not as it was."""

    def __init__(self, wanted: Wanted, changed: Callable[[bytes], None]) -> None:
        self._wanted = wanted
        self._changed = changed
        self._signatures: Mapping[str, Signature | None] = {}
        self._others = trio.Event()

    def look_again(self) -> None:
        """Zones include other files than before."""
        self._others.set()

    def signature(self, path: str) -> Signature | None:
        return self._signatures.get(os.path.abspath(path))

    async def run(self, watcher: Watcher, every: float) -> None:
        """`every`: seconds between two looks where no event tells of a change."""
        while True:
            self._others = trio.Event()
            paths = sorted(set().union(*map(_absolute, self._wanted().values())))
            if not paths:
                await self._others.wait()
                continue
            follow = await trio.to_thread.run_sync(
                partial(watcher.follow, list(map(glob.escape, paths)), every=every), abandon_on_cancel=True
            )
            with follow as following:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._follow, following)
                    await self._others.wait()
                    nursery.cancel_scope.cancel()

    async def _follow(self, following: Follow) -> None:
        while True:
            before, self._signatures = self._signatures, dict(following.look.files)
            changed = {path for path, signature in self._signatures.items() if before.get(path, ()) != signature}
            for zone, files in self._wanted().items():
                if not changed.isdisjoint(_absolute(files)):
                    self._changed(zone)
            await following.changed()


def _absolute(paths: Sequence[str]) -> set[str]:
    """As the watcher spells them."""
    return set(map(os.path.abspath, paths))
