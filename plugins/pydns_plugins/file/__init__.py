"""Answer for zones from master files (RFC 1035 section 5), and follow the files as they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Self

import trio

from pydns.corefile.tree import Directive, ServerBlock
from pydns.zone.following import follow
from pydns.zone.loader import ZoneFile
from pydns.zone.plugin import ZonePlugin
from pydns_plugins.file.options import Options, read_options

PATIENCE: Final = 0.5
"""Seconds that the server's start waits for zones. Then it answers, and SERVFAIL for those that are still read."""

PATIENCE_AT_RELOAD: Final = 50.0
"""The same where another configuration answers meanwhile."""


class File(ZonePlugin):
    """All file directives of one server block."""

    name: ClassVar[str] = "file"

    def __init__(self, options: Sequence[Options]) -> None:
        super().__init__()
        self._options = tuple(options)
        self._files: dict[bytes, ZoneFile] = {}
        self._tried: set[bytes] = set()
        self._all_tried = trio.Event()
        for each in options:
            for zone in each.zones:
                self.hold(zone, fallthrough=each.fallthrough)
                self._files[zone] = ZoneFile(each.path, zone)

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(directives, block)),)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._take_over()
        async with trio.open_nursery() as nursery:
            for each in self._options:
                for zone in each.zones:
                    nursery.start_soon(self._follow, zone, each)
            with trio.move_on_after(PATIENCE if len(self.house.generations) < 2 else PATIENCE_AT_RELOAD):
                await self._all_tried.wait()
            task_status.started()

    async def _follow(self, zone: bytes, options: Options) -> None:
        def tried() -> None:
            self._tried.add(zone)
            if len(self._tried) == len(self._files):
                self._all_tried.set()

        held, file = self._held[zone], self._files[zone]
        await follow(self, held, file, options.reload, tried, mind_serial=options.mind_serial)

    def _take_over(self) -> None:
        """Goes on with zones that were read from the same files before a reload, whatever else changed."""
        own = self.house.generation(self)
        for blocks in self.house.generations:
            for old in () if blocks is own else [each for block in blocks for each in block]:
                if isinstance(old, File):
                    self._take_from(old)

    def _take_from(self, old: File) -> None:
        for zone, file in self._files.items():
            theirs = old._files.get(zone)
            if theirs is not None and theirs.path == file.path and old._held[zone].zone is not None:
                file.inherit(theirs)
                self.hold(zone, old._held[zone])

    def ready(self) -> bool:
        """Every file was tried. One that is broken must not take the others out of service."""
        return self._all_tried.is_set()
