"""Set and clear flags in the header of queries and of answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from pydns.corefile import values
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply
from pydns_plugins.header.rules import RD, Rules, read_rules

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock


class Header(Plugin):
    """The header directive of one server block."""

    name: ClassVar[str] = "header"
    frees_task: ClassVar[bool] = True

    def __init__(self, query: Rules, response: Rules) -> None:
        self.query = query
        self.response = response

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(*read_rules(values.once(directives))),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        flags = self.query.apply(query.flags)
        if flags != query.flags:
            query = query.replace()
            query.flags = flags
        reply = await call_next(query)
        if reply.dropped or not self.response:
            return reply
        flags = self.response.apply(reply.flags)
        if not (self.response.set | self.response.cleared) & RD:
            return reply if flags == reply.flags else reply.replace(flags=flags)
        return reply.replace(flags=flags, finish=(*reply.finish, self._finish))

    def _finish(self, query: Query, answer: bytes) -> bytes:
        """RD is the client's own in every answer (RFC 1035 section 4.1.1), so it is changed when that is done."""
        flags = self.response.apply(answer[2] << 8 | answer[3])
        return answer[:2] + flags.to_bytes(2) + answer[4:]
