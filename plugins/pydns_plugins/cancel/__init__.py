"""Give up a query that takes too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns.corefile import values
from pydns.plugin import CallNext, Plugin, leave, pass_on
from pydns.query import Query
from pydns.records import Ede
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

DEFAULT: Final = 5.001
"""Seconds; CoreDNS's."""


class Cancel(Plugin):
    """The cancel directive of one server block; `timeout` is in seconds."""

    name: ClassVar[str] = "cancel"

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        words = values.arguments(directive, 0, 1)
        values.no_block(directive)
        return (cls(values.duration(words[0], least=0.001) if words else DEFAULT),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        with trio.move_on_after(self.timeout):
            return await call_next(query)
        return Reply.failure(Ede.OTHER, f"cancel: no answer in {self.timeout:g} s", by=self.name)

    at_once = pass_on
    amend = leave
