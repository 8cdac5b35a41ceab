"""Answer for the zones whose master files stand in a folder; zones come and go with their files."""

from __future__ import annotations

import logging
import math
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, Self

import trio

from pydns.corefile.tree import Directive, ServerBlock
from pydns.look import Look, Signature, look
from pydns.names import to_text
from pydns.steps import in_slices, letting_go, whole
from pydns.zone.counts import forget
from pydns.zone.following import RETRY, Following, FollowsFiles
from pydns.zone.inspection import examine
from pydns.zone.loader import ZoneFile
from pydns.zone.master.reading import Fault, Severity
from pydns_plugins.auto.folder import Complaint, contents, is_readable, patterns
from pydns_plugins.auto.included import Included
from pydns_plugins.auto.options import Options, read_options
from pydns_plugins.auto.turns import Turns

log = logging.getLogger("pydns.auto")

GRACE: Final = 1.0
"""Seconds for which a file may be missing, as it is where an editor takes it away and writes it anew."""

READERS: Final = 4
"""Zones that are read at the same time, so that a large one does not hold up all others."""

_STEP: Final = 50  # files that are looked at in one step


class Auto(FollowsFiles):
    """All auto directives of one server block."""

    name: ClassVar[str] = "auto"

    def __init__(self, options: Sequence[Options]) -> None:
        super().__init__()
        self._options = tuple(options)
        self._owners: dict[bytes, Options] = {}  # whose each zone is
        self._gone: dict[bytes, float] = {}  # since when the file of a zone is missing, by trio's clock
        self._looks: dict[int, Mapping[str, Signature | None]] = {}  # what each directive's folder held
        self._told: dict[int, set[Complaint]] = {}  # complaints of each directive's last look
        self._turns = Turns()  # of zones to be read
        self._included = Included(self._turns.add)
        self._before: dict[tuple[bytes, str], Following] = {}  # what another configuration has read
        self._untried: set[bytes] = set()
        self._unseen = len(self._options)  # folders that were not looked at yet
        self._all_tried = trio.Event()

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(directives, block)),)

    def examine(self) -> Sequence[Fault]:
        found: list[Fault] = []
        for options in self._options:
            files, complaints = whole(contents(options, look(patterns(options.folder)).files))
            if not is_readable(options.folder):
                complaints = [Complaint(str(options.folder), "the folder cannot be read")]
            found += [Fault(each.path, 0, 0, each.text, Severity.WARNING) for each in complaints]
            for origin, path in files.items():
                found += examine(path, origin)
        return found

    def ready(self) -> bool:
        """Every file was tried. One that is broken must not take the others out of service."""
        return self._all_tried.is_set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._before = self._read_before()
        try:
            async with trio.open_nursery() as nursery:
                for i, options in enumerate(self._options):
                    nursery.start_soon(self._watch, i, options)
                for _ in range(READERS):
                    nursery.start_soon(self._read)
                every = min((each.reload for each in self._options if each.reload), default=math.inf)
                nursery.start_soon(self._included.run, self.house.files, every)
                nursery.start_soon(self._retry)
                await self.await_zones(self._all_tried.wait)
                task_status.started()
        finally:
            self.forget_metrics()

    def _read_before(self) -> dict[tuple[bytes, str], Following]:
        """Zones that were read from the same files before a reload, whatever else changed."""
        own = self.house.generation(self)
        plugins = [each for blocks in self.house.generations if blocks is not own for block in blocks for each in block]
        return {
            (origin, following.file.path): following
            for old in plugins
            if isinstance(old, Auto)
            for origin, following in old.following.items()
            if following.held.zone is not None
        }

    # The folders

    async def _watch(self, i: int, options: Options) -> None:
        every = options.reload or math.inf
        follow = await trio.to_thread.run_sync(
            # It looks at every file, of which there may be thousands.
            partial(self.house.files.follow, patterns(options.folder), every=every),
            abandon_on_cancel=True,
        )
        first = True
        with follow as following:
            while True:
                readable = await trio.to_thread.run_sync(is_readable, options.folder, abandon_on_cancel=True)
                missing = await in_slices(self._sweep(i, options, following.look, readable))
                if first:
                    first = False
                    self._unseen -= 1
                    self._check_tried()
                if not options.reload:
                    return
                with trio.move_on_after(GRACE if missing else RETRY if not readable else math.inf):
                    await following.changed()

    def _sweep(self, i: int, options: Options, found: Look, readable: bool) -> Generator[None, None, bool]:
        """Begins with zones whose files came, ends those whose files went, in steps.

        Gives True where files are missing for a while.
        """
        if not readable:
            self._complain(i, [Complaint(str(options.folder), "the folder cannot be read: its zones stay as they are")])
            return False
        before, now = self._looks.get(i, {}), dict(found.files)
        self._looks[i] = now
        files, complaints = yield from contents(options, found.files)
        for n, (origin, path) in enumerate(files.items()):
            if not n % _STEP:
                yield
            owner = self._owners.setdefault(origin, options)
            if owner is not options:
                complaints.append(Complaint(path, f"{to_text(origin)} is another auto directive's already"))
                continue
            self._gone.pop(origin, None)
            following = self.following.get(origin)
            if following is None or following.file.path != path or before.get(path) != now[path]:
                if following is None or following.file.path != path:
                    self._begin(origin, path, options)
                self._turns.add(origin)
        self._complain(i, complaints)
        return (yield from self._end_missing(options, files))

    def _begin(self, origin: bytes, path: str, options: Options) -> None:
        """From now on the zone is read from this file. One that was read from another serves on until it is."""
        following = self.following.get(origin)
        held = following.held if following is not None else None
        file = ZoneFile(Path(path), origin)
        before = self._before.pop((origin, path), None)
        if before is not None and held is None:
            file.inherit(before.file)
            held = before.held
        if following is None:
            held = self.hold(origin, held, fallthrough=options.fallthrough)
            if not self._all_tried.is_set():
                self._untried.add(origin)
            log.info("%s: %s is served", path, to_text(origin))
        assert held is not None
        self.following[origin] = Following(self, held, file, mind_serial=options.mind_serial)

    def _end_missing(self, options: Options, files: Mapping[bytes, str]) -> Generator[None, None, bool]:
        now = trio.current_time()
        missing = False
        for origin in [each for each, owner in self._owners.items() if owner is options and each not in files]:
            if now - self._gone.setdefault(origin, now) < GRACE:
                missing = True
                continue
            path = self.following.pop(origin).file.path
            del self._owners[origin], self._gone[origin]
            left = self.release(origin)
            self._included.set(origin, ())
            forget(self.house.metrics, self.name, origin)
            log.info("%s: is gone, and %s is served no more", path, to_text(origin))
            self._tried(origin)
            yield from letting_go(left)
        return missing

    def _complain(self, i: int, complaints: Sequence[Complaint]) -> None:
        """Tells what it did not tell the last time."""
        for complaint in complaints:
            if complaint not in self._told.get(i, ()):
                log.warning("%s: %s", *complaint)
        self._told[i] = set(complaints)

    # The files

    async def _read(self) -> None:
        while True:
            origin = await self._turns.next()
            try:
                following = self.following.get(origin)
                if following is not None:
                    await self._load(origin, following)
            finally:
                self._turns.done(origin)
            self._tried(origin)

    async def _load(self, origin: bytes, following: Following) -> None:
        files, changes = following.file.files, self._included.changes
        zone = await following.load(Look(tuple((path, self._signature(path)) for path in files), frozenset()))
        if zone is not None:
            await following.look_through(zone)
        if origin not in self.following:  # it went meanwhile
            forget(self.house.metrics, self.name, origin)
        elif self._owners[origin].reload:
            self._included.set(origin, following.file.files[1:])
            if following.file.files != files and self._included.changes != changes:
                self._turns.add(origin)  # what it includes may have changed while it was read

    def _signature(self, path: str) -> Signature | None:
        for signatures in self._looks.values():
            if path in signatures:
                return signatures[path]
        return self._included.signature(path)

    def _tried(self, origin: bytes) -> None:
        self._untried.discard(origin)
        self._check_tried()

    def _check_tried(self) -> None:
        if self._unseen <= 0 and not self._untried:
            self._all_tried.set()
            self._before.clear()

    async def _retry(self) -> None:
        """Tries files again that could not be read, though nothing about them changed."""
        while True:
            await trio.sleep(RETRY)
            for origin, following in self.following.items():
                if following.file.again and self._owners[origin].reload:
                    self._turns.add(origin)
