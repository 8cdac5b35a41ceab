"""Files that change: events, symlink swaps, and polling as a net.

One watcher for the process. It watches folders only: a watch on a symlink sees nothing when the link is swapped, and a
watch on a file ends when another file is renamed over it. The folders are those in which an entry decides where a path
leads: the file's own, and that of each symlink on the way. So the `..data` swap of a mounted ConfigMap, a replacement
by rename and an edit in place are all seen.

An event says only "look again". What has changed is found by comparing signatures, so a missed event costs time, never
a change: every file is also looked at from time to time (bind mounts and network file systems send no events).
"""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import trio
import watchfiles

from pydns.look import Look, look, opened, signature
from pydns.writers import closed_by_writers

log = logging.getLogger("pydns.watch")
logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it would tell of each event

POLL: Final = 2.0
"""Seconds between two looks at a file where events work."""

BLIND_POLL: Final = 0.25
"""Seconds between two looks at a file where events do not work."""

RETRY: Final = 30.0
"""Seconds after which events are tried again where they failed."""

_DEBOUNCE: Final = 200  # milliseconds that events are gathered at most
_STEP: Final = 50  # milliseconds of silence after which they are handed over
_READS: Final = 10  # times that a file which changes under our hands is read
_PAUSE: Final = 0.03  # seconds between them


class Follow:
    """The files of some patterns, followed while the `with` block runs. One task at a time may wait for `changed`."""

    def __init__(self, watcher: Watcher, patterns: Sequence[str | Path], every: float) -> None:
        self.patterns: tuple[str, ...] = tuple(os.path.abspath(pattern) for pattern in patterns)
        self.every = every
        self.due = 0.0  # trio's clock: when the next look is due though no event came
        self.look = look(self.patterns)
        self._told = self.look.files
        self._watcher = watcher
        self._waiting = trio.lowlevel.ParkingLot()

    def paths(self) -> list[Path]:
        """The files that exist, as of the last look: globs expanded and sorted, in the patterns' order, each once."""
        return [Path(path) for path, signature in self.look.files if signature is not None]

    async def changed(self) -> None:
        """Returns once a file came, went or differs from what it was at the last return (or at entry)."""
        await trio.lowlevel.checkpoint()
        while self.look.files == self._told:
            await self._waiting.park()
        self._told = self.look.files

    def update(self, found: Look) -> None:
        """For the watcher: take in what was found and wake who waits for it."""
        self.look = found
        if found.files != self._told:
            self._waiting.unpark_all()

    def __enter__(self) -> Self:
        self._watcher.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._watcher.remove(self)


class Watcher:
    """The file watcher of one process. `run` it in the background; `follow` may be called before and meanwhile."""

    def __init__(self) -> None:
        self._follows: list[Follow] = []
        self._asked = trio.Event()  # "look at all files now"
        self._folders: frozenset[tuple[str, int, int]] = frozenset()  # that should be watched
        self._refolded = trio.Event()  # `_folders` is another set than before
        self._blind = False  # events do not work

    def follow(self, patterns: Sequence[str | Path], *, every: float = POLL) -> Follow:
        """Follows files by path or glob (`*`, `?`, `[`), whether they exist yet or not.

        `every`: seconds between two looks at them where no event comes. Relative paths are taken from the working
        folder. A name that exists as it is written is no glob.
        """
        return Follow(self, patterns, every)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Watches until it is cancelled; that takes less than 0.1 s."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_looking)
            nursery.start_soon(self._keep_listening)
            task_status.started()

    def add(self, follow: Follow) -> None:
        """For `Follow`: its look was taken before any event could come, so another one follows at once."""
        self._follows.append(follow)
        self._asked.set()

    def remove(self, follow: Follow) -> None:
        self._follows.remove(follow)
        self._asked.set()

    async def _keep_looking(self) -> None:
        """Looks at all files when an event came, and at each when its time is up."""
        while True:
            with trio.move_on_at(min((follow.due for follow in self._follows), default=float("inf"))):
                await self._asked.wait()
            now = trio.current_time()
            everything = self._asked.is_set()
            self._asked = trio.Event()
            for follow in list(self._follows):
                if everything or follow.due <= now:
                    # A look can hang for long on a network file system: not on the loop, and left behind on cancel.
                    found = await trio.to_thread.run_sync(look, follow.patterns, abandon_on_cancel=True)
                    follow.update(found)
                    pause = min(follow.every, BLIND_POLL) if self._blind else follow.every
                    follow.due = trio.current_time() + pause
            folders = frozenset().union(*(follow.look.folders for follow in self._follows))
            if folders != self._folders:
                self._folders = folders
                self._refolded.set()

    async def _keep_listening(self) -> None:
        """Has the folders watched, and begins anew when they are others."""
        while True:
            self._refolded = trio.Event()
            folders = self._folders
            error = await self._listen(sorted({path for path, _, _ in folders})) if folders else None
            if error is None:
                await self._refolded.wait()
            elif isinstance(error, FileNotFoundError):
                # A folder went between the look and the watch. The next look knows better; no haste, it may come back.
                self._asked.set()
                with trio.move_on_after(BLIND_POLL):
                    await self._refolded.wait()
            else:
                self._go_blind(error)
                with trio.move_on_after(RETRY):
                    await self._refolded.wait()

    async def _listen(self, folders: Iterable[str]) -> Exception | None:
        """Asks for a look at each event until the folders are others; or gives the error that ended it."""
        stop = trio.Event()
        refolded = self._refolded

        async def stop_in_time() -> None:
            try:
                await trio.lowlevel.checkpoint()  # where the watches failed, it ends here
                self._see()
                await refolded.wait()
            finally:
                stop.set()  # without it the waiting thread would hold up a cancellation for seconds

        async with trio.open_nursery() as nursery:
            nursery.start_soon(stop_in_time)
            events = watchfiles.awatch(
                *folders,
                recursive=False,
                watch_filter=None,
                debounce=_DEBOUNCE,
                step=_STEP,
                stop_event=stop,
                ignore_permission_denied=False,
            )
            # The generator sets up its watches before it first waits, so the look that is asked for here comes after
            # that, and finds what changed while nobody listened.
            self._asked.set()
            try:
                async with aclosing(events):
                    async for _ in events:
                        self._asked.set()
            except (OSError, RuntimeError) as error:
                return error
            finally:
                nursery.cancel_scope.cancel()
        return None

    def _go_blind(self, error: Exception) -> None:
        if not self._blind:
            log.warning(
                "no file events (%s): files are looked at every %g s instead; "
                "raise fs.inotify.max_user_watches or max_user_instances if a limit was reached",
                error,
                BLIND_POLL,
            )
        self._blind = True
        self._asked.set()

    def _see(self) -> None:
        if self._blind:
            log.info("file events work again")
        self._blind = False


async def read_whole(path: Path, most: int) -> bytes:
    """The content of a regular file, read in a thread when its writers have closed it.

    It is read again where it changed meanwhile.

    Raises OSError where it cannot be read, is no regular file, is longer than `most` bytes, or keeps changing.
    """
    return await trio.to_thread.run_sync(read_now, os.fspath(path), most, abandon_on_cancel=True)


def read_now(path: str, most: int) -> bytes:
    """As `read_whole`, for who may block."""
    for _ in range(_READS):
        with opened(path) as file:
            if not closed_by_writers(file.fileno()):
                log.warning("%s: somebody has it open for writing: it is read as it is now", path)
            before = os.fstat(file.fileno())
            # The first read is meant to get all of it: joining pieces of a large file would hold up the loop.
            pieces, size, wanted = [], 0, before.st_size + 1
            while size <= most and (piece := file.read(min(wanted, most + 1 - size))):
                pieces.append(piece)
                size += len(piece)
                wanted = 1 << 20
            if size > most:
                raise OSError(errno.EFBIG, f"Larger than {most} bytes", path)
            if signature(os.fstat(file.fileno())) == signature(before) == signature(os.stat(path)):
                return b"".join(pieces)
        time.sleep(_PAUSE)
    raise OSError(errno.EAGAIN, "It changes faster than it can be read", path)
