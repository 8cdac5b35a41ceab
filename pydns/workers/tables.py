"""Data that workers share: one makes it, and the parent hands its memory file to the others."""

from __future__ import annotations

import os
from collections.abc import Hashable
from typing import Any, NamedTuple

import trio

from pydns.workers.channel import Descriptor


class _Entry:
    """`maker` makes it while there is no `file`; `users` are the workers that have it, or wait for it."""

    def __init__(self, maker: Hashable) -> None:
        self.maker: Hashable | None = maker
        self.file: _File | None = None
        self.users: dict[Hashable, int] = {}
        self.settled = trio.Event()  # it was made, or given up


class _File(NamedTuple):
    descriptor: int
    facts: Any


class Tables:
    """What the parent keeps, by key, as long as a worker uses it."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    async def claim(self, worker: Hashable, key: str) -> tuple[Descriptor, Any] | None:
        """What was made under the key; None: the worker is to make it, and then calls `offer` or `give_up`."""
        while True:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry(worker)
                entry.users[worker] = 1
                return None
            if entry.file is not None:
                entry.users[worker] = entry.users.get(worker, 0) + 1
                return Descriptor(entry.file.descriptor), entry.file.facts
            await entry.settled.wait()

    def offer(self, worker: Hashable, key: str, descriptor: Descriptor, facts: Any) -> None:
        """It is made. The descriptor is kept here from now on."""
        entry = self._entries.get(key)
        if entry is None or entry.maker is not worker:
            os.close(descriptor.number)
            return
        entry.maker, entry.file = None, _File(descriptor.number, facts)
        entry.settled.set()

    def give_up(self, worker: Hashable, key: str) -> None:
        """It could not be made: another one that wants it may try."""
        entry = self._entries.get(key)
        if entry is not None and entry.maker is worker:
            del self._entries[key]
            entry.settled.set()

    def release(self, worker: Hashable, key: str) -> None:
        """The worker has no more use for it. With the last user it goes."""
        entry = self._entries.get(key)
        if entry is None or worker not in entry.users:
            return
        entry.users[worker] -= 1
        if not entry.users[worker]:
            del entry.users[worker]
        if not entry.users and entry.file is not None:
            del self._entries[key]
            os.close(entry.file.descriptor)

    def forget(self, worker: Hashable) -> None:
        """The worker is gone."""
        for key, entry in list(self._entries.items()):
            if entry.maker is worker:
                self.give_up(worker, key)
            elif worker in entry.users:
                entry.users[worker] = 1
                self.release(worker, key)
