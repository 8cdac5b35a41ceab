"""Have several processes answer, so that more than one processor is used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns.corefile import values
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.settings import Settings

MOST: Final = 1024  # CoreDNS's bound


class Multisocket(Plugin):
    """Says how many processes there are to be; they are the house's (`pydns.workers`)."""

    name: ClassVar[str] = "multisocket"

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: it has nothing to do with any query."""

    def __init__(self, count: int) -> None:
        self.count = count

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        words = values.arguments(directive, 0, 1)
        values.no_block(directive)
        if not words:
            return (cls(min(len(os.sched_getaffinity(0)), MOST)),)
        return (cls(values.integer(words[0], 1, MOST)),)

    def configure(self, settings: Settings) -> None:
        settings.workers = self.count

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)
