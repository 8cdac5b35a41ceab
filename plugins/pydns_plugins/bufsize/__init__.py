"""Bound the size of answers over UDP, and what is asked of upstreams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns.corefile import values
from pydns.plugin import CallNext, Plugin, pass_on
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

DEFAULT: Final = 1232
LEAST: Final = 512
MOST: Final = 4096


class Bufsize(Plugin):
    """The bufsize directive of one server block; `size` is in octets of UDP payload."""

    name: ClassVar[str] = "bufsize"
    frees_task: ClassVar[bool] = True

    def __init__(self, size: int) -> None:
        self.size = size

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        words = values.arguments(directive, 0, 1)
        values.no_block(directive)
        return (cls(values.integer(words[0], LEAST, MOST) if words else DEFAULT),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        edns = query.edns
        if edns is None:  # 512 octets are the most in any case (RFC 1035 section 2.3.4)
            return await call_next(query)
        if edns.size > self.size:
            query = query.replace(edns=edns._replace(size=self.size))
        reply = await call_next(query)
        return self._sized(reply)

    at_once = pass_on

    def amend(self, query: Query, reply: Reply) -> Reply:
        return reply if query.edns is None else self._sized(reply)

    def _sized(self, reply: Reply) -> Reply:
        return reply if reply.size == self.size else reply.replace(size=self.size)
