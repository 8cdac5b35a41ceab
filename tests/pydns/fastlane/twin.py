"""One of two servers that are asked and told the same: the one replays answers, the other never does.

All but the sockets is real: Corefile, plugins, server, crew. The files are looked at when a test says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trio

from pydns.corefile.parser import parse_text
from pydns.crew import Crew
from pydns.directlane import DirectLane
from pydns.generation import Generation
from pydns.look import look
from pydns.metrics import Histogram
from pydns.packetcache import PacketCache
from pydns.plugin import House, Plugin
from pydns.query import Address
from pydns.relaylane import RelayLane
from pydns.router import Router
from pydns.server import Server
from pydns.setup import Place, load, routes
from pydns.upstream.exchange import Exchange
from pydns.upstream.tcp import TcpConnections
from pydns.upstream.udp import UdpPorts
from pydns.upstream.upstream import Upstream as RealUpstream
from pydns.watch import Watcher
from pydns_plugins.file import File
from pydns_plugins.forward import Forward
from pydns_plugins.hosts import Hosts
from pydns_plugins.kubernetes import Kubernetes
from tests.pydns.fastlane.upstream import Upstream

_PLACE = Place("dns", "", 53)

_MEASURED = frozenset(
    (
        "coredns_dns_request_duration_seconds",
        "coredns_dns_request_size_bytes",  # a replay counts as long as the first such query was, cookie and all
    )
)

_TIMES = frozenset(("coredns_hosts_reload_timestamp_seconds", "pydns_zone_loaded_timestamp_seconds"))


class Client:
    """Who asks once, and keeps what it is sent."""

    def __init__(self, peer: str, transport: str) -> None:
        self.peer = Address(peer, 40212)
        self.family = 6 if ":" in peer else 4
        self.local = Address("2001:db8::53" if ":" in peer else "192.0.2.53", 53)
        self.transport = transport
        self.sent: list[bytes | None] = []

    def lasting(self) -> Client:
        return self

    def send(self, answer: bytes | None) -> None:
        self.sent.append(answer)


class Counted(PacketCache):
    """A packet cache that counts what it gives."""

    replays = 0

    def answer(self, *arguments: Any) -> bytes:
        self.replays += 1
        return super().answer(*arguments)

    def answer_same(self, *arguments: Any) -> bytes:
        self.replays += 1
        return super().answer_same(*arguments)


class Relaying(RelayLane):
    """A relay lane that counts what it takes."""

    relayed = 0

    def ask(self, *arguments: Any) -> bytes | None:
        found = super().ask(*arguments)
        self.relayed += found is not None
        return found


class Counting(Server):
    """A server whose packet caches hold so many octets; they, and its relay lanes, are remembered over reloads."""

    def __init__(self, most_bytes: int, *arguments: Any) -> None:
        self.most_bytes = most_bytes
        self.caches: list[Counted] = []
        self.lanes: list[Relaying] = []
        super().__init__(*arguments)

    def route(self, router: Router) -> None:
        super().route(router)
        self._relays = lane = Relaying(self)
        self.lanes.append(lane)
        # Of the one that never replays nobody's answers are packed, and nobody relays.
        self.direct = DirectLane(router if self.most_bytes else Router({}), self.label, lane)

    def packets(self, transport: str, family: int) -> PacketCache:
        found = self._packets.get((transport, family))
        if found is None:
            found = Counted(self.house.changes, self.router.reads_options, self.most_bytes)
            self._packets[transport, family] = found
            self.caches.append(found)
        return found


class Twin:
    """`change_to` a Corefile first. Where `most_bytes` is 0 nothing is replayed."""

    def __init__(self, nursery: trio.Nursery, most_bytes: int) -> None:
        self.house = House(watcher=Watcher())  # which does not run: see `look`
        self.upstream = Upstream()
        self._crew = Crew(nursery)
        self._nursery = nursery
        nursery.start_soon(self._crew.sweep)
        self.server = Counting(most_bytes, "dns://:53", Router({}), self._crew, self.house)
        self._generation: tuple[Generation, trio.CancelScope] | None = None

    async def change_to(self, corefile: str) -> None:
        """Starts with a Corefile, or reloads, as `pydns.run.Process` does."""
        configuration = load(lambda: parse_text(corefile, environ={}))
        before, old_router = self._generation, self.server.router
        epoch = self.house.changes.epoch
        generation = Generation(configuration, self.house, before[0] if before is not None else None)
        scope = trio.CancelScope()
        await self._nursery.start(self._run, generation, scope)
        self._generation = generation, scope
        for plugin in self._plugins():
            if isinstance(plugin, Forward):
                _UPSTREAMS.update(dict.fromkeys(plugin.pool.upstreams, self.upstream))
        self.server.route(Router(routes(configuration.blocks, lambda _: [""])[_PLACE]))
        if before is not None:
            if self.house.changes.epoch != epoch:
                self.house.changes.everything()
            self._nursery.start_soon(self._retire, before[1], old_router)

    @staticmethod
    async def _run(generation: Generation, scope: trio.CancelScope, *, task_status: trio.TaskStatus[None]) -> None:
        with scope:
            await generation.run(task_status=task_status)

    @staticmethod
    async def _retire(scope: trio.CancelScope, router: Router) -> None:
        with trio.move_on_after(5):
            while router.under_way:  # noqa: ASYNC110 -- as the process does
                await trio.sleep(0.05)
        scope.cancel()

    def _plugins(self) -> Iterator[Plugin]:
        assert self._generation is not None
        for block in self._generation[0].configuration.blocks:
            yield from block.plugins

    async def look(self) -> None:
        """The files were changed."""
        for plugin in self._plugins():
            if isinstance(plugin, Hosts):
                await plugin._load(look(tuple(map(str, plugin.options.files))))
            elif isinstance(plugin, Kubernetes):
                await plugin._load(look((str(plugin.options.file),)))
            elif isinstance(plugin, File):
                for following in plugin.following.values():
                    await following.load(look(following.file.files))

    def take(self, wire: bytes, client: Client) -> Client:
        """Hands a message in, as a listener does."""
        self.server.take(wire, client, trio.current_time())
        self.server.go()
        return client

    @property
    def replays(self) -> int:
        """Answers that were given without the chain."""
        return sum(packets.replays for packets in self.server.caches)

    @property
    def relayed(self) -> int:
        """Queries that were given to an upstream without a Query."""
        return sum(lane.relayed for lane in self.server.lanes)

    def counts(self) -> dict[tuple[str, ...], object]:
        """All metrics; of what is measured otherwise for a replay only how often it was."""
        found: dict[tuple[str, ...], object] = {}
        for metric in self.house.metrics.read():
            if isinstance(metric, Histogram):
                whole = metric.name not in _MEASURED
                for labels, counts in metric.counts.items():
                    found[metric.name, *labels] = (counts, metric.sums[labels]) if whole else sum(counts)
            elif metric.name not in _TIMES:
                found.update({(metric.name, *labels): value for labels, value in metric.values.items() if value})
        return found


class _NoChance:
    """In place of trio's random numbers: tasks run in the order in which they were made."""

    def shuffle(self, batch: list[object]) -> None: ...

    def random(self) -> float:
        return 1.0


_UPSTREAMS: dict[RealUpstream, Upstream] = {}


@contextmanager
def scripted_upstreams() -> Iterator[None]:
    """While it runs nothing is sent: what a twin's upstreams are asked its `Upstream` takes."""

    def send(_: object, exchange: Exchange, now: float) -> None:
        _UPSTREAMS[exchange.upstream].take(exchange)

    with pytest.MonkeyPatch.context() as patch:
        # Who of several that become ready in one step goes first is chance elsewhere, and the same in both here.
        patch.setattr("trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING", True)
        patch.setattr("trio._core._run._r", _NoChance())
        patch.setattr(UdpPorts, "send", send)
        patch.setattr(TcpConnections, "send", send)
        try:
            yield
        finally:
            _UPSTREAMS.clear()
