"""Follows the files that zones include, which may stand anywhere."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import trio

from pydns.look import Signature
from pydns.watch import Follow, Watcher

GATHER: Final = 0.5
"""Seconds for which more files are awaited before they are followed too. Thousands of zones may come with one of their
own each, and each time all files are looked at."""


class Included:
    """`run` tells `changed` of each zone that includes a file which is not as it was.

    `changes` counts how often files were not.
    """

    def __init__(self, changed: Callable[[bytes], None]) -> None:
        self.changes = 0
        self._changed = changed
        # Thousands of zones may include the same few files, so both ways are kept.
        self._paths: dict[bytes, frozenset[str]] = {}  # as the watcher spells them, by zone
        self._zones: dict[str, set[bytes]] = {}  # by path
        self._signatures: Mapping[str, Signature | None] = {}
        self._others = trio.Event()

    def set(self, zone: bytes, files: Sequence[str]) -> None:
        """From now on the zone includes these, and no others."""
        before, paths = self._paths.get(zone, frozenset()), frozenset(map(os.path.abspath, files))
        if paths:
            self._paths[zone] = paths
        else:
            self._paths.pop(zone, None)
        for path in before - paths:
            self._zones[path].remove(zone)
            if not self._zones[path]:
                del self._zones[path]
                self._others.set()
        for path in paths - before:
            if path not in self._zones:
                self._zones[path] = set()
                self._others.set()
            self._zones[path].add(zone)

    def signature(self, path: str) -> Signature | None:
        return self._signatures.get(os.path.abspath(path))

    async def run(self, watcher: Watcher, every: float) -> None:
        """`every`: seconds between two looks where no event tells of a change."""
        while True:
            self._others = trio.Event()
            paths = sorted(self._zones)
            if not paths:
                await self._others.wait()
                await trio.sleep(GATHER)
                continue
            follow = await trio.to_thread.run_sync(
                partial(watcher.follow, list(map(glob.escape, paths)), every=every), abandon_on_cancel=True
            )
            with follow as following:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._follow, following)
                    await self._others.wait()
                    await trio.sleep(GATHER)
                    nursery.cancel_scope.cancel()

    async def _follow(self, following: Follow) -> None:
        while True:
            before, self._signatures = self._signatures, dict(following.look.files)
            self.changes += 1
            for path, signature in self._signatures.items():
                if before.get(path, ()) != signature:
                    for zone in self._zones.get(path, ()):
                        self._changed(zone)
            await following.changed()
