"""Answer names of a cluster's services with the addresses that they are reached at from outside."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import ClassVar, Self

import trio

from pydns import names
from pydns.cluster.answers import Found
from pydns.cluster.holder import KnowsCluster, known_to, moved
from pydns.cluster.holding import Holding
from pydns.cluster.index import Index
from pydns.cluster.plugin import ClusterPlugin
from pydns.cluster.reverse import is_network, is_reverse
from pydns.cluster.whole import build
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.packed import Packed
from pydns.plugin import Turn
from pydns.query import Query
from pydns.records import Class, Ede, Rcode, Type
from pydns.reply import Reply
from pydns.zone.holder import Held, HoldsZones
from pydns.zone.zone import Zone
from pydns_plugins.k8s_external.lookup import Lookup
from pydns_plugins.k8s_external.options import Options, read_options


class K8sExternal(ClusterPlugin, HoldsZones):
    """The k8s_external directive of one server block."""

    name: ClassVar[str] = "k8s_external"

    def __init__(self, options: Options) -> None:
        self.options = options
        self._zones = frozenset(options.zones)
        self._fallthrough = frozenset(options.fallthrough)
        self._cluster: KnowsCluster | None = None
        self._lookup: Lookup | None = None
        own = [zone for zone in options.zones if not is_reverse(zone)] if options.transfer else []
        self._holding = Holding({zone: partial(self._make_zone, zone) for zone in own})

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(values.once(directives), block)),)

    def held(self) -> Sequence[Held]:
        return self._holding.held

    def _make_zone(self, zone: bytes) -> Generator[None, None, Zone] | None:
        lookup = self._current()
        return build(lookup, zone, below=b"", server=lookup.server(zone)) if lookup is not None else None

    def packed(self, name: bytes, type_: int) -> Packed | Turn:
        """Those who ask for these names are few."""
        return Turn.NEXT if names.longest_match(name, self._zones) is None else Turn.SERVE

    def said(self, query: Query) -> Reply | tuple[Found, bytes] | None:
        name = query.name
        zone = names.longest_match(name, self._zones)
        if zone is None or query.class_ != Class.IN:
            return None
        lookup = self._current()
        if lookup is None:
            return Reply.failure(Ede.NOT_READY, "k8s_external: the cluster is not known yet", by=self.name)
        if query.type in (Type.AXFR, Type.IXFR):
            text = "k8s_external: its zones are not transferred"
            return Reply.failure(Ede.PROHIBITED, text, rcode=Rcode.REFUSED, by=self.name)
        found = lookup.find(name, query.type, zone)
        if found is None:
            if names.longest_match(name, self._fallthrough) is not None:
                return None
            # Below a network there may be addresses, which an NXDOMAIN would deny with it (RFC 8020).
            rcode = Rcode.NOERROR if is_network(name) else Rcode.NXDOMAIN
            return self._local(Reply((), lookup.soa(zone), rcode=rcode, why="no such name"))
        if found.alias is not None:
            return found, found.alias
        authority = () if found.answer else lookup.soa(zone)
        return self._local(Reply(found.answer, authority, found.additional, why=found.why))

    def _local(self, reply: Reply) -> Reply:
        reply.flags, reply.by = Reply.AA, self.name
        reply.local = True  # it stands in memory, and its changes are told
        return reply

    def _current(self) -> Lookup | None:
        """Answers from the index as it is now; None while the cluster is not known."""
        index = self._cluster.index if self._cluster is not None else None
        if self._cluster is None or index is None:
            return None
        if self._lookup is None or self._lookup.index is not index or self._lookup.local is not self._cluster.local:
            self._lookup = Lookup(index, self.options, self._cluster.local)
        return self._lookup

    def stops(self) -> Sequence[bytes]:
        return [zone for zone in self.options.zones if not names.overlaps(zone, self._fallthrough)]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        cluster = self._cluster = known_to(self.house.siblings(self))
        if cluster is None:
            raise RuntimeError("k8s_external: no plugin of this server block knows a cluster")
        cluster.listeners.append(self._hear)
        self._holding.change()
        task_status.started()
        try:
            await self._holding.run()
        finally:
            cluster.listeners.remove(self._hear)

    def inherit(self, old: Self) -> None:
        self._holding.inherit(old._holding)

    def _hear(self, changed: frozenset[bytes] | None) -> None:
        """The cluster is another: old answers end in the same step."""
        self._holding.change()
        index: Index | None = self._cluster.index if self._cluster is not None else None
        if changed is None or index is None:
            for zone in self.options.zones:
                self.house.changes.zone(zone)
            return
        found: set[bytes] = set()
        for zone in self.options.zones:
            # Endpoints may be our own, whose service is where the name server is reached.
            found |= {*moved(changed, index, zone), self.options.apex + zone}
        self.house.changes.names(found)
