"""Answer for zones from master files (RFC 1035 section 5), and follow the files as they change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import ClassVar

import trio

from pydns.corefile.tree import Directive, ServerBlock, Word
from pydns.plugin import CallNext
from pydns.query import Query
from pydns.records import Opcode
from pydns.reply import Reply
from pydns.tsig.ring import NamesKeys
from pydns.update.answering import Answering
from pydns.update.updated import Updated, warn_of_journal
from pydns.zone.following import Following, FollowsFiles
from pydns.zone.inspection import examine
from pydns.zone.loader import ZoneFile
from pydns.zone.master.reading import Fault
from pydns_plugins.file.options import Options, read_options


class File(FollowsFiles):
    """All file directives of one server block."""

    name: ClassVar[str] = "file"

    def __init__(self, options: Sequence[Options]) -> None:
        super().__init__()
        self._options = tuple(options)
        self._tried: set[bytes] = set()
        self._all_tried = trio.Event()
        for each in options:
            for zone in each.zones:
                held = self.hold(zone, fallthrough=each.fallthrough)
                file = ZoneFile(each.path, zone)
                if each.grants:
                    self.following[zone] = Updated(self, held, file, each.grants, mind_serial=each.mind_serial)
                else:
                    self.following[zone] = Following(self, held, file, mind_serial=each.mind_serial)

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[File]:
        options = read_options(directives, block)
        return (UpdatedFile(options) if any(each.grants for each in options) else File(options),)

    def examine(self) -> Sequence[Fault]:
        return [fault for each in self._options for zone in each.zones for fault in examine(str(each.path), zone)]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._take_over()
        try:
            async with trio.open_nursery() as nursery:
                for each in self._options:
                    for zone in each.zones:
                        nursery.start_soon(self._follow, zone, each.reload)
                await self.await_zones(self._all_tried.wait)
                task_status.started()
        finally:
            self.forget_metrics()

    async def _follow(self, zone: bytes, every: float) -> None:
        def tried() -> None:
            self._tried.add(zone)
            if len(self._tried) == len(self.following):
                self._all_tried.set()

        await warn_of_journal(self.following[zone])
        await self.following[zone].run(every, tried)

    def _take_over(self) -> None:
        """Goes on with zones that were read from the same files before a reload, whatever else changed."""
        own = self.house.generation(self)
        for blocks in self.house.generations:
            for old in () if blocks is own else chain.from_iterable(blocks):
                if isinstance(old, File):
                    self._take_from(old)

    def _take_from(self, old: File) -> None:
        for zone, following in list(self.following.items()):
            theirs = old.following.get(zone)
            if theirs is None or theirs.file.path != following.file.path or theirs.held.zone is None:
                continue
            if isinstance(following, Updated):
                if isinstance(theirs, Updated):
                    theirs.adopt(self, following)
                    self.following[zone] = theirs
                    self.hold(zone, theirs.held)
                continue  # else there may be a journal, of which the other has heard nothing
            following.file.inherit(theirs.file)
            following.held = self.hold(zone, theirs.held)

    def ready(self) -> bool:
        """Every file was tried. One that is broken must not take the others out of service."""
        return self._all_tried.is_set()


class UpdatedFile(File, NamesKeys):
    """The same, where some of the zones take updates: the opcode is declared only then."""

    opcodes: ClassVar[frozenset[int]] = frozenset((Opcode.QUERY, Opcode.UPDATE))
    at_once = File.at_once  # it stands for `serve` still
    packed = File.packed

    def __init__(self, options: Sequence[Options]) -> None:
        super().__init__(options)
        self._answering = Answering(self.name, self.following)

    def named_keys(self) -> Iterable[tuple[bytes, Word]]:
        return [named for each in self._options for named in each.keys]

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        if query.opcode == Opcode.UPDATE:
            return await self._answering.answer(query, self.house.metrics)
        return await super().serve(query, call_next)
