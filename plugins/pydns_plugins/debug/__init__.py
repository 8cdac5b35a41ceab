"""Log everything, and show where errors were raised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

import trio

from pydns.corefile import values
from pydns.logs import debugging
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock


class Debug(Plugin):
    """Debugging for the whole process, as long as one server block with it lives."""

    name: ClassVar[str] = "debug"
    frees_task: ClassVar[bool] = True

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: it has nothing to do with any query."""

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        for directive in directives:
            values.alone(directive)
        return (cls(),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        with debugging():
            self.house.debug += 1
            try:
                task_status.started()
                await trio.sleep_forever()
            finally:
                self.house.debug -= 1
