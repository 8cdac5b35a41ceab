"""A plugin that holds the zone of a master file and answers its SOA: `holding FILE ORIGIN`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

import dns.zone
import trio

from pydns import names
from pydns.corefile import values
from pydns.plugin import CallNext, Plugin
from pydns.records import Rcode, Type
from pydns.reply import Reply
from pydns.steps import whole
from pydns.zone.builder import Builder
from pydns.zone.holder import Held, HoldsZones

if TYPE_CHECKING:
    from pathlib import Path

    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.query import Query
    from pydns.zone.zone import Zone


def zone_from(text: str, origin: str) -> Zone:
    builder = Builder(names.from_text(origin))
    read = dns.zone.from_text(text, origin=origin, relativize=False, check_origin=False)
    for name, ttl, rdata in read.iterate_rdatas():
        builder.add(name.to_wire().lower(), int(rdata.rdtype), ttl, rdata.to_wire())
    return whole(builder.finish())


class Holding(Plugin, HoldsZones):
    name: ClassVar[str] = "holding"

    def __init__(self, path: Path, origin: str) -> None:
        self._path = path
        self._origin = origin
        self._held = Held(names.from_text(origin))

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return [cls(values.path(each.args[0], block), str(each.args[1])) for each in directives]

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        if query.type != Type.SOA or self._held.zone is None:
            return Reply(rcode=Rcode.REFUSED, by=self.name, replay=False)
        return Reply(self._held.zone.soa.records(), flags=Reply.AA, by=self.name, replay=False)

    def held(self) -> Sequence[Held]:
        return (self._held,)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        with self.house.files.follow([self._path]) as files:
            while True:
                self._held.publish(zone_from(self._path.read_text(), self._origin))
                task_status.started()
                await files.changed()
