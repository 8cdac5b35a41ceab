"""What is known of a cluster, kept in a file: so a restart while the API is lost still answers."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import trio

from pydns.cluster.index import Index
from pydns.cluster.snapshot import SnapshotError, lines, restore
from pydns.watch import read_whole

log = logging.getLogger("pydns.kubernetes")

EVERY: Final = 60.0
"""Seconds between two writings at least. In between the file is marked as still true."""

MOST: Final = 1 << 28
"""Bytes of a file at most: ten times what 100,000 endpoints and pods take."""

SLICE: Final = 0.001
"""Seconds of work in one go: queries wait so long at most."""

_FORMAT: Final = 1
_PIECE: Final = 1 << 18


class Restored(NamedTuple):
    """Indexes that are as they were; `age`: seconds since they were last known to be true."""

    indexes: tuple[Index, ...]
    age: float


class Snapshot:
    """The file of one kubernetes directive. `options` is what its content depends on: by others it is not read.

    * `written`: when it was last written or found to be still true, in seconds since 1970; 0: never
    """

    def __init__(self, path: Path, options: str) -> None:
        self.path = path
        self.written = 0.0
        self._options = options
        self._changed = trio.Event()
        self._complaint = ""

    def change(self) -> None:
        """What is known is other than what was written."""
        self._changed.set()

    async def keep(self, indexes: Sequence[Index], is_true: Callable[[], bool]) -> None:
        """Writes whenever there were changes, and marks the file as still true where there were none.

        Until it is cancelled. `is_true`: what is known is as the cluster is.
        """
        while True:
            with trio.move_on_after(EVERY):
                await self._changed.wait()
            if self._changed.is_set():
                self._changed = trio.Event()
                await self._try(self._write(indexes))
                await trio.sleep(EVERY)
            elif self.written and is_true():
                await self._try(self._confirm())

    async def _try(self, work: Awaitable[None]) -> None:
        try:
            await work
        except OSError as error:
            self._complain(f"cannot be written: {error.strerror or error}")
            self._changed.set()
            return
        self.written = time.time()
        self._complaint = ""

    async def _confirm(self) -> None:
        await trio.to_thread.run_sync(os.utime, self.path)

    async def _write(self, indexes: Sequence[Index]) -> None:
        """Raises OSError."""
        descriptor, beside, target = await trio.to_thread.run_sync(_make_beside, self.path)
        try:
            try:
                await self._write_lines(descriptor, indexes)
                await trio.to_thread.run_sync(os.fsync, descriptor)
            finally:
                os.close(descriptor)
            await trio.to_thread.run_sync(os.replace, beside, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside)
            raise

    async def _write_lines(self, descriptor: int, indexes: Sequence[Index]) -> None:
        check, size, pieces = 0, 0, list[bytes]()
        began = time.perf_counter()
        for line in self._lines(indexes):
            data = line.encode() + b"\n"
            check = zlib.crc32(data, check)
            pieces.append(data)
            size += len(data)
            if size > _PIECE:
                await trio.to_thread.run_sync(_append, descriptor, b"".join(pieces))
                pieces, size = [], 0
            elif time.perf_counter() - began > SLICE:
                await trio.lowlevel.checkpoint()
            else:
                continue
            began = time.perf_counter()
        pieces.append(b"%d\n" % check)
        await trio.to_thread.run_sync(_append, descriptor, b"".join(pieces))

    def _lines(self, indexes: Sequence[Index]) -> Iterator[str]:
        yield self._header(len(indexes))
        for number, index in enumerate(indexes):
            yield str(number)
            yield from lines(index)

    def _header(self, indexes: int) -> str:
        return json.dumps({"format": _FORMAT, "options": self._options, "indexes": indexes})

    async def restore(self, indexes: Sequence[Index]) -> Restored | None:
        """Fills the indexes, which are empty, with what the file holds; None, and told, where it cannot be used."""
        try:
            data = await read_whole(self.path, MOST)
            age = max(0.0, time.time() - (await trio.to_thread.run_sync(os.stat, self.path)).st_mtime)
            await self._fill(indexes, data)
        except OSError as error:
            self._complain(f"cannot be read: {error.strerror or error}")
            return None
        except SnapshotError as error:
            self._complain(str(error))
            return None
        return Restored(tuple(indexes), age)

    async def _fill(self, indexes: Sequence[Index], data: bytes) -> None:
        """Raises SnapshotError."""
        end = data.rfind(b"\n", 0, len(data) - 1) + 1
        check = await trio.to_thread.run_sync(zlib.crc32, memoryview(data)[:end])
        if not end or data[end:] != b"%d\n" % check:
            raise SnapshotError("is damaged, or was not written to its end")
        first = data.index(b"\n")
        if data[:first].decode("utf-8", "replace") != self._header(len(indexes)):
            raise SnapshotError("was written by another version, or for other options")
        index, began, at = indexes[0], time.perf_counter(), first + 1
        while at < end:
            stop = data.index(b"\n", at)
            line = data[at:stop]
            at = stop + 1
            if line.isdigit():
                index = indexes[int(line) % len(indexes)]
            else:
                restore(index, line)
            if time.perf_counter() - began > SLICE:
                await trio.lowlevel.checkpoint()
                began = time.perf_counter()

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            log.warning("%s: snapshot %s", self.path, complaint)
        self._complaint = complaint


def _make_beside(path: Path) -> tuple[int, str, str]:
    """A new file beside the one that a path leads to, and where that is."""
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    descriptor, beside = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    return descriptor, beside, target


def _append(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
