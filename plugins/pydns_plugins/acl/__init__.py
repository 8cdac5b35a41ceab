"""Allow, block, filter or drop queries by who asks, by type and by name."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns import names
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.records import Ede, Opcode, Rcode
from pydns.reply import Reply
from pydns_plugins.acl.counts import Counts
from pydns_plugins.acl.options import read_rules
from pydns_plugins.acl.rule import Rule
from pydns_plugins.acl.table import Action, Address, Table

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.reply import Counter

log = logging.getLogger("pydns.acl")

_LIFETIME: Final = 3600.0
"""Seconds that an empty answer may be replayed which all clients get. With other rules it is forgotten anyhow."""


class Acl(Plugin):
    """All acl directives of one server block.

    Questions from within (`Query.depth`) are held against the rules as well: what a name is rewritten to, or leads to,
    is asked for by the same client.
    """

    name: ClassVar[str] = "acl"
    every_opcode: ClassVar[bool] = True
    frees_task: ClassVar[bool] = True

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._counts: Counts | None = None

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_rules(directives, block)),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        counts = self._counts
        if counts is None:
            counts = self._counts = Counts(self.house.metrics)
        for rule in self.rules:
            table = rule.table(query.name, query.type)
            if table is None:
                continue
            action = _action(table, query)
            if action is Action.ALLOW:
                break
            if action is not None:
                replays = counts.refused(action, query, rule.zone_of(query.name))
                return self._refuse(query, action, table, replays)
        replays = counts.allowed(query)
        reply = await call_next(query)
        if not reply.replay or query.origin.personal or query.depth:  # never replayed, or a part of another answer
            return reply
        return reply.replace(counters=(*reply.counters, replays))

    def _refuse(self, query: Query, action: Action, table: Table, replays: Counter) -> Reply:
        if action is Action.DROP:
            return Reply.drop(self.name)
        if action is Action.BLOCK or query.opcode != Opcode.QUERY:  # NOERROR would say that an update is done
            return Reply.failure(Ede.BLOCKED, "", rcode=Rcode.REFUSED, by=self.name)
        reply = Reply(errors=((Ede.FILTERED, ""),), by=self.name)
        reply.lifetime = _LIFETIME if table.is_fixed else None
        reply.counters = (replays,)
        return reply

    def stops(self) -> Sequence[bytes]:
        stopped: list[bytes] = []
        allowed: list[bytes] = []  # zones of which queries may get past all rules behind
        for rule in self.rules:
            if rule.passes_none:
                stopped += [zone for zone in rule.zones if not any(_overlap(zone, each) for each in allowed)]
            elif rule.allows_some:
                allowed += rule.zones
        return sorted(set(stopped))


def _action(table: Table, query: Query) -> Action | None:
    if table.is_fixed:
        return table.always  # who asks is not looked at, so that the answer may be given to others too
    host = query.peer.host
    address = Address.of(host)
    if address is None:
        log.error("blocked a query from %r, which is no address", host)
        return Action.BLOCK
    return table.action(address)


def _overlap(one: bytes, other: bytes) -> bool:
    return names.is_within(one, other) or names.is_within(other, one)
