"""Answer names of a cluster's services, endpoints and pods, by the Kubernetes DNS specification."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import names
from pydns.cluster import answers, clients, reverse
from pydns.cluster.answers import Found
from pydns.cluster.holder import KnowsCluster
from pydns.cluster.holding import Holding
from pydns.cluster.index import Exposed, Index
from pydns.cluster.lookup import Lookup
from pydns.cluster.node_ports import NodePorts
from pydns.cluster.plugin import ClusterPlugin
from pydns.cluster.records import name_server
from pydns.cluster.servers import local_addresses, own_servers, servers
from pydns.cluster.whole import build
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.look import Look
from pydns.packed import Packed
from pydns.plugin import Turn
from pydns.query import Query
from pydns.records import Class, Ede, Rcode, Type
from pydns.reply import Reply
from pydns.searchpath import KnowsSearchPath
from pydns.zone.holder import Held, HoldsZones
from pydns_plugins.kubernetes.live import Live, Transport
from pydns_plugins.kubernetes.options import Options, read_options
from pydns_plugins.kubernetes.report import (
    count,
    count_live,
    count_request,
    measure_programming,
    report,
    report_live,
    report_restored,
)
from pydns_plugins.kubernetes.source import Loaded, Source

if TYPE_CHECKING:
    from pydns.settings import Settings
    from pydns.zone.zone import Zone
    from pydns_plugins.kubernetes.api import Api
    from pydns_plugins.kubernetes.snapshot import Snapshot

RETRY: Final = 5.0
"""Seconds after which a file is tried again that could not be read, though nothing about it changed."""


class Kubernetes(ClusterPlugin, KnowsCluster, KnowsSearchPath, HoldsZones):
    """The kubernetes directive of one server block."""

    name: ClassVar[str] = "kubernetes"

    def __init__(self, options: Options) -> None:
        self.options = options
        self._zones = frozenset(filter(None, (*options.zones, options.node_zone)))
        self._fallthrough = frozenset(options.fallthrough)
        self._multicluster = frozenset(options.multicluster)
        self._others = bool(options.multicluster or options.node_zone)  # zones with other names than the cluster's own
        self._exposed = Exposed(
            options.cluster_zones or options.forward_zones,
            options.namespaces,
            options.endpoints,
            options.pods == "verified",
            options.pod_names,
            options.zonal,
            options.node_zone,
            options.internal,
        )
        self._source = Source(options.file, self._exposed) if options.file is not None else None
        self.transport: Transport | None = None
        """What carries requests to the API; None: sockets."""
        self._snapshot = _snapshot(options)
        own = filter(None, (*options.forward_zones, options.node_zone)) if options.transfer else ()
        self._holding = Holding({zone: partial(self._make_zone, zone) for zone in own})
        self._live: Live | None = None
        self._lost_since: float | None = None
        self._lookup: Lookup | None = None
        self._imported: Lookup | None = None
        """For the zones of a set of clusters."""
        self._node_ports: NodePorts | None = None
        self._settings: Settings | None = None
        self.local = ()
        self.listeners = []
        self.falls_through = True

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(values.once(directives), block)),)

    def configure(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def index(self) -> Index | None:
        return self._lookup.index if self._lookup is not None else None

    def held(self) -> Sequence[Held]:
        return self._holding.held

    def _make_zone(self, zone: bytes) -> Generator[None, None, Zone] | None:
        lookup = self._lookup_of(zone)
        return build(lookup.alike(), zone) if lookup is not None else None

    def search_path(self, name: bytes, address: Callable[[], bytes]) -> tuple[bytes, ...] | None:
        return clients.search_path(self._lookup.index, name, address) if self._lookup is not None else None

    def group(self, name: bytes) -> str | None:
        return clients.group(self._lookup.index, name) if self._lookup is not None else None

    def packed(self, name: bytes, type_: int) -> Packed | Turn:
        zone = names.longest_match(name, self._zones)
        if zone is None:
            return Turn.NEXT
        lookup = self._lookup_of(zone) if self._others else self._lookup
        found = lookup.packed(name, type_, zone) if lookup is not None else None
        if found is None or (found[0] & 15 and names.longest_match(name, self._fallthrough) is not None):
            return Turn.SERVE  # also of NXDOMAIN, where others may know
        return found

    def said(self, query: Query) -> Reply | tuple[Found, bytes] | None:
        name = query.name
        zone = names.longest_match(name, self._zones)
        if zone is None or query.class_ != Class.IN:
            return None
        lookup = self._lookup_of(zone) if self._others else self._lookup
        if lookup is None:
            return Reply.failure(Ede.NOT_READY, "kubernetes: its data is not there yet", by=self.name)
        if query.type in (Type.AXFR, Type.IXFR):
            text = "kubernetes: its zones are not transferred"
            return Reply.failure(Ede.PROHIBITED, text, rcode=Rcode.REFUSED, by=self.name)
        found = lookup.find(name, query.type, zone)
        if found is None and self._imported is not None and reverse.is_reverse(name):
            found = self._imported.find(name, query.type, zone)  # it may have a name in the set of clusters
        if found is None:
            if names.longest_match(name, self._fallthrough) is not None and self._may_pass_on(zone):
                return None
            # Below a network there may be addresses, which an NXDOMAIN would deny with it (RFC 8020).
            rcode = Rcode.NOERROR if reverse.is_network(name) else Rcode.NXDOMAIN
            return _local(Reply((), lookup.soa(zone), rcode=rcode, flags=Reply.AA, by=self.name, why="no such name"))
        if found.alias is not None:
            return found, found.alias
        authority = () if found.answer else lookup.soa(zone)
        live = self._live if lookup is self._lookup else None
        why = found.why if live is None else partial(live.source, found.why)
        return _local(Reply(found.answer, authority, found.additional, flags=Reply.AA, by=self.name, why=why))

    def _may_pass_on(self, zone: bytes) -> bool:
        return self.falls_through or reverse.is_reverse(zone)

    def _lookup_of(self, zone: bytes) -> Lookup | None:
        """None while there is no data."""
        if zone == self.options.node_zone:
            return self._node_ports
        return self._imported if zone in self._multicluster else self._lookup

    def stops(self) -> Sequence[bytes]:
        zones = (*self.options.zones, self.options.node_zone)
        return [zone for zone in zones if zone and not names.overlaps(zone, self._fallthrough)]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        settings = self._settings
        if settings is not None:
            self.local = await trio.to_thread.run_sync(local_addresses, settings.bind, settings.bind_except)
        if not self._holding.held:
            await self._follow(task_status)
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._holding.run)
            await self._follow(task_status)

    async def _follow(self, task_status: trio.TaskStatus[None]) -> None:
        if self._source is not None:
            await self._follow_file(self._source, task_status)
        elif self.options.api is not None:
            await self._follow_api(self.options.api, task_status)

    async def _follow_api(self, api: Api, task_status: trio.TaskStatus[None]) -> None:
        metrics = self.house.metrics
        if self._live is not None:  # it failed, and this is another attempt
            self._lost_since = self._live.lost_since
        live = self._live = Live(
            api,
            self._exposed,
            import_zones=self.options.multicluster,
            lost_since=self._lost_since,
            transport=self.transport,
        )
        live.tell = partial(self._hear, live)
        live.count = partial(count_request, metrics, live.place)
        live.measure = partial(measure_programming, metrics)
        measure = partial(count_live, metrics, live, self._snapshot)
        metrics.before_reading(measure)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(live.run)
                with trio.move_on_after(api.startup):
                    await live.synced.wait()
                if self._snapshot is not None:
                    await self._restore(live, self._snapshot)
                    if self.house.family.number == 0:  # all workers know the same
                        nursery.start_soon(self._snapshot.keep, live.indexes, lambda: live.lost_since is None)
                task_status.started()
        finally:
            metrics.forget(measure)

    async def _restore(self, live: Live, snapshot: Snapshot) -> None:
        """Begins with what was known before a restart, where the API cannot be reached and nothing else is known."""
        if live.known.is_set() or self._lookup is not None:
            return
        restored = await snapshot.restore(live.empty())
        if restored is None or live.known.is_set():
            return
        index, *imports = restored.indexes
        index.serial = live.begin_version(0)
        live.lost_before = trio.current_time() - restored.age
        self._publish_index(index)
        self._imported = self._made_of_imports(imports[0] if imports else None)
        self._tell_listeners(None)
        report_restored(live, snapshot, restored.age)

    def _hear(self, live: Live, changed: frozenset[bytes] | None) -> None:
        """The cluster is known now, or names of it have changed: new data and the end of old answers in one step."""
        if self._snapshot is not None and live.synced.is_set():
            self._snapshot.change()
        if changed is not None:
            self._tell(changed)
            return
        # How it differs from what was before, a failure or what another attempt knew, nobody can tell.
        for zone in self._zones:
            self.house.changes.zone(zone)
        live.begin_version(self._lookup.index.serial if self._lookup is not None else 0)
        self._publish_index(live.index)
        if live.synced.is_set():
            self._imported = self._made_of_imports(live.imports)
        self._tell_listeners(None)
        report_live(live)

    async def _follow_file(self, source: Source, task_status: trio.TaskStatus[None]) -> None:
        with self.house.files.follow((source.path,)) as files:
            await self._load(files.look)
            task_status.started()
            while True:
                with trio.move_on_after(RETRY if source.failing else float("inf")):
                    await files.changed()
                await self._load(files.look)

    async def _load(self, look: Look) -> None:
        source = self._source
        assert source is not None
        loaded = await source.load(look)
        if loaded is not None:
            self._publish(source, loaded)
        count(self.house.metrics, source)

    def _publish(self, source: Source, loaded: Loaded) -> None:
        """New data and the end of old answers in one step."""
        before = self._lookup
        if before is None or before.index is not loaded.index:
            self._publish_index(loaded.index)
        if loaded.changed is None:
            if before is not None:
                self.house.changes.everything()
            self._tell_listeners(None)
        elif loaded.changed:
            self._tell(loaded.changed)
        report(self.house.metrics, source, loaded)

    def _tell(self, changed: frozenset[bytes]) -> None:
        # Endpoints may be our own, whose service is the name server.
        self.house.changes.names(changed | {name_server(zone) for zone in self._zones})
        self._tell_listeners(changed)

    def _tell_listeners(self, changed: frozenset[bytes] | None) -> None:
        self._holding.change()
        for listener in tuple(self.listeners):
            listener(changed)

    def _publish_index(self, index: Index) -> None:
        options = answers.Options(self.options.ttl, self.options.pods, self.options.ignore_empty, self.options.zonal)
        self._lookup = Lookup(index, options, lambda zone: servers(index, zone, self.local))
        if self.options.node_zone:
            self._node_ports = NodePorts(index, options, lambda zone: own_servers(zone, self.local))

    def _made_of_imports(self, index: Index | None) -> Lookup | None:
        if index is None:
            return None
        options = answers.Options(self.options.ttl, ignore_empty=self.options.ignore_empty, multicluster=True)
        return Lookup(index, options, lambda zone: own_servers(zone, self.local))

    def ready(self) -> bool:
        return self._lookup is not None and (self._imported is not None or not self._multicluster)

    def inherit(self, old: Self) -> None:
        """The data of before serves on until the file was looked at, or the API heard."""
        if self._source is not None and old._source is not None:
            self._source.inherit(old._source)
        if old._live is not None:
            self._lost_since = old._live.lost_since
        self.local = old.local
        self._holding.inherit(old._holding)
        if old._lookup is not None:
            self._publish_index(old._lookup.index)
        if old._imported is not None:
            self._imported = self._made_of_imports(old._imported.index)


def _snapshot(options: Options) -> Snapshot | None:
    if options.snapshot is None:
        return None
    from pydns_plugins.kubernetes.snapshot import Snapshot  # few have one

    return Snapshot(options.snapshot, options.fingerprint)


def _local(reply: Reply) -> Reply:
    reply.local = True  # it stands in memory, and its changes are told
    return reply
