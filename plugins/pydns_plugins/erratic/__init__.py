"""Answer badly on purpose: drop, truncate and delay every so many answers, to see what clients make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import names
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.records import Class, Ede, Rcode, Record, Type
from pydns.reply import Reply
from pydns_plugins.erratic.options import Options, read_options
from pydns_plugins.erratic.zone import transfer

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

_ADDRESSES: Final[dict[int, bytes]] = {
    Type.A: bytes((192, 0, 2, 53)),  # RFC 5737
    Type.AAAA: b"\x20\x01\x0d\xb8" + bytes(11) + b"\x53",  # RFC 3849
}
_LARGE: Final = 30  # A records: with a name of more than 16 octets too long for UDP without EDNS


class Erratic(Plugin):
    """The erratic directive of one server block."""

    name: ClassVar[str] = "erratic"
    frees_task: ClassVar[bool] = True

    def __init__(self, options: Options) -> None:
        self.options = options
        self.asked = 0

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(directives)),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        number, options = self.asked, self.options
        self.asked += 1
        if _is_due(number, options.drop):
            return Reply.drop(self.name)
        if _is_due(number, options.delay):
            await trio.sleep(options.duration)
        reply = self._answer(query, truncated=_is_due(number, options.truncate))
        reply.lifetime = 0.0  # a cache above would give TTLs of 0 a while
        return reply

    def _answer(self, query: Query, *, truncated: bool) -> Reply:
        flags = Reply.AA | Reply.TC if truncated else Reply.AA
        address = _ADDRESSES.get(query.type)
        if address is not None:
            record = Record(query.name, query.type, Class.IN, 0, address)
            count = _LARGE if self.options.large and query.type == Type.A else 1
            return Reply((record,) * count, flags=flags, by=self.name, replay=False)
        if query.type == Type.AXFR and query.transport == "udp":
            # RFC 5936 section 4.2 defines none; BIND and others say so too.
            return Reply.failure(Ede.NOT_SUPPORTED, "AXFR is not for UDP", rcode=Rcode.FORMERR, by=self.name)
        if query.type == Type.AXFR:
            return Reply(transfer(query.name, whole=not truncated), flags=Reply.AA, by=self.name, replay=False)
        return Reply.failure(Ede.OTHER, "erratic has A, AAAA and AXFR alone", by=self.name)

    def stops(self) -> Sequence[bytes]:
        return (names.ROOT,)


def _is_due(number: int, amount: int) -> bool:
    """The first query of every `amount`; of 0 none."""
    return amount > 0 and number % amount == 0
