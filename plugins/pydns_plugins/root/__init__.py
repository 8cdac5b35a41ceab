"""The folder from which a server block's relative paths are taken."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import trio

from pydns.corefile import values
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

log = logging.getLogger("pydns.root")


class Root(Plugin):
    """The directive is read with the Corefile's tree (`ServerBlock.root`); here is said what is wrong with it."""

    name: ClassVar[str] = "root"
    frees_task: ClassVar[bool] = True

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: it has nothing to do with any query."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        values.arguments(directive, 1, 1)
        values.no_block(directive)
        return (cls(block.root),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        if not await trio.Path(self.folder).is_dir():
            log.warning("root folder %s does not exist yet", self.folder)
        task_status.started()
