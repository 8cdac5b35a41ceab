"""Answer ANY with one small record, since nobody needs all of them at once (RFC 8482)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns.corefile import values
from pydns.plugin import AtOnce, Turn, none_packed
from pydns.query import Query
from pydns.records import Class, Record, Type
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

_TTL: Final = 8482  # seconds, as CoreDNS
_RDATA: Final = b"\x0dANY obsoleted\x0cSee RFC 8482"  # CPU and OS of a HINFO, RFC 8482 section 4.2


class Any(AtOnce):
    """Whatever the name, an ANY query gets a HINFO record; all others go on."""

    name: ClassVar[str] = "any"

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        for directive in directives:
            values.alone(directive)
        return (cls(),)

    def at_once(self, query: Query) -> Reply | Turn:
        if query.type != Type.ANY or query.class_ != Class.IN:
            return Turn.NEXT
        return Reply((Record(query.name, Type.HINFO, Class.IN, _TTL, _RDATA),), by=self.name)

    packed = none_packed
