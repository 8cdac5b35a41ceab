"""Answer for localhost and the reverse zones of loopback addresses, so that such queries never leave the host."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns import names
from pydns.corefile import values
from pydns.plugin import CallNext, Plugin, Turn, leave
from pydns.query import Query
from pydns.records import Class, Rcode, type_text
from pydns.reply import Reply
from pydns_plugins.local.zones import ADDRESSES, CONTENTS, LOCALHOST, ZONES, record, soa

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.query import Client
    from pydns.reply import Credit

log = logging.getLogger("pydns.local")

_LABEL: Final = LOCALHOST[:-1]


class Local(Plugin):
    """The local directive. `prefix`: names that begin with the label `localhost` are localhost too, in any domain."""

    name: ClassVar[str] = "local"
    amends_later: ClassVar[bool] = True
    frees_task: ClassVar[bool] = True

    def __init__(self, prefix: bool = True) -> None:
        self.prefix = prefix

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        prefix = True

        def localhost_prefix(option: Directive) -> None:
            nonlocal prefix
            (word,) = values.arguments(option, 1, 1)
            prefix = values.choice(word, ("on", "off"), "value of localhost_prefix") == "on"

        for directive in directives:
            values.arguments(directive, 0, 0)
            values.options(directive, {"localhost_prefix": localhost_prefix})
        return (cls(prefix),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        name = query.name
        if query.class_ != Class.IN:
            return await call_next(query)
        zone = names.longest_match(name, ZONES)
        if name != LOCALHOST and (zone == LOCALHOST or (self.prefix and name.startswith(_LABEL))):
            return self._localhost(query, name if zone is None else zone)
        if zone is None:
            return await call_next(query)
        held = CONTENTS.get(name)
        if held is None:
            return Reply(authority=(soa(zone),), rcode=Rcode.NXDOMAIN, flags=Reply.AA, by=self.name)
        return self._answer(query, held, zone)

    def at_once(self, query: Query) -> Turn:
        return Turn.SERVE if query.class_ == Class.IN and self._is_local(query.name) else Turn.NEXT

    def packed(self, name: bytes, type_: int) -> Turn:
        return Turn.SERVE if self._is_local(name) else Turn.NEXT

    amend = leave

    def _is_local(self, name: bytes) -> bool:
        return names.longest_match(name, ZONES) is not None or (self.prefix and name.startswith(_LABEL))

    def _localhost(self, query: Query, zone: bytes) -> Reply:
        """The answer for a name below localhost (RFC 6761 section 6.3), or beginning with it. Both are mistakes."""
        self._count(1)
        reply = self._answer(query, ADDRESSES, zone)
        reply.counters = (self._replays,)
        if log.isEnabledFor(logging.DEBUG):
            tell = _teller(query)
            if query.depth:  # whoever asked from within may make an answer of its own
                tell(query.wire, query.client, b"")
            else:
                reply.watchers = (tell,)
        return reply

    def _count(self, count: int) -> None:
        self.house.metrics.counter(
            "coredns_local_localhost_requests_total", "Counter of special localhost subdomain requests."
        ).add(amount=count)

    def _replays(self, _query: bytes, _client: Client, _answer: bytes) -> Credit:
        """See `Reply.counters`: a replayed answer does not pass by here."""
        return self._count

    def _answer(self, query: Query, held: dict[int, bytes], zone: bytes) -> Reply:
        rdata = held.get(query.type)
        if rdata is None:
            return Reply(authority=(soa(zone),), flags=Reply.AA, by=self.name)
        return Reply((record(query.name, query.type, rdata),), flags=Reply.AA, by=self.name)

    def stops(self) -> Sequence[bytes]:
        return sorted(ZONES)


def _teller(query: Query) -> Callable[[bytes, Client, bytes], None]:
    """Logs the query when its answer leaves, and each later one that the same answer is replayed to."""
    what = f"{names.to_text(query.name)} {type_text(query.type)}"

    def tell(_query: bytes, client: Client, _answer: bytes) -> None:
        log.debug("localhost query for %s, from %s", what, client.peer.host)

    return tell
