"""What a process serves: its addresses, and the plugins of one configuration behind them, changed over in one step."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import trio

from pydns.crew import Crew
from pydns.errors import CorefileError, CorefileErrorGroup, StartError
from pydns.generation import Generation
from pydns.listen.bound import Bound, DnsBound, DnsTarget, HttpBound
from pydns.listen.interfaces import addresses
from pydns.listen.limits import DEFAULTS
from pydns.listen.sockets import Sharing, open_sockets
from pydns.overlap import page_errors
from pydns.router import Router
from pydns.server import Server
from pydns.setup import Block, Configuration, Place, collisions, routes, shedding, sites, tcp_limits
from pydns.watch import Watcher

if TYPE_CHECKING:
    from pydns.corefile.tree import Word
    from pydns.http import Site
    from pydns.listen.activation import Inherited
    from pydns.listen.sockets import Sockets
    from pydns.plugin import House, Plugin

log = logging.getLogger("pydns.run")

GRACE: Final = 5.0
"""Seconds in which queries under way are answered when their blocks, or the whole server, go."""

_LOOK: Final = 0.05  # seconds between two looks whether the last query has been answered


class Part:
    """What of a configuration a process serves: all of it, where it is alone.

    `beside` are ports at which other processes of ours listen: there an address is bound last of all, for from then on
    it has its share of the queries. `ports` says which one a place has where the Corefile leaves it to chance.
    """

    def __init__(
        self, beside: Container[int] = (), ports: Mapping[Place, int] | None = None, sharing: Sharing = Sharing.NONE
    ) -> None:
        self.beside = beside
        self.ports = ports or {}
        self.sharing = sharing

    answers = True
    """Whether it listens for DNS."""

    shows = True
    """Whether it shows the pages over HTTP."""

    def runs(self, plugin: Plugin) -> bool:
        return True

    def port(self, place: Place) -> int:
        return self.ports.get(place, place.port)


class Change(NamedTuple):
    """A configuration that is ready to take the place of the one that runs."""

    part: Part
    generation: Generation
    scope: trio.CancelScope
    routers: Mapping[Place, Router]
    targets: Mapping[Place, Any]
    fresh: dict[Place, Bound]
    late: Sequence[Place]
    hosts: Callable[[Block], Sequence[str]]
    epoch: int

    @property
    def configuration(self) -> Configuration:
        return self.generation.configuration


class Serving:
    """`bound`: what is listened on, by place; a place's port is the Corefile's, `Bound.port` the socket's."""

    def __init__(self, house: House, inherited: Inherited | None = None) -> None:
        self.house = house
        self.bound: dict[Place, Bound] = {}
        self.crew: Crew
        self.inherited = inherited
        self.change: Change | None = None
        """The one that runs."""
        self.routers: Sequence[Router] = ()
        self._closing = 0  # addresses that were left, and are still answering
        self._nursery: trio.Nursery

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serves until it is cancelled. Nothing is served before the first change."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self.crew = Crew(nursery)
            self.house.crowded = self.crew.crowded
            nursery.start_soon(self.crew.sweep)
            if self.house.watcher is None:
                self.house.watcher = Watcher()
            await nursery.start(self.house.watcher.run)
            task_status.started()
            await trio.sleep_forever()

    async def prepare(self, configuration: Configuration, part: Part) -> Change:
        """All that may wait or fail: binds what is new, and starts the new plugins beside the old.

        Raises CorefileErrorGroup or StartError; then nothing has changed.
        """
        hosts = _resolved(configuration)
        if errors := [*collisions(configuration.blocks, hosts), *page_errors(configuration.blocks, hosts)]:
            raise CorefileErrorGroup(errors)
        routers = {place: Router(zones) for place, zones in routes(configuration.blocks, hosts).items()}
        targets: dict[Place, Any] = {}
        if part.answers:
            limits, shed = tcp_limits(configuration.blocks, hosts), shedding(configuration.blocks, hosts)
            targets = {
                place: DnsTarget(router, limits.get(place, DEFAULTS), place in shed)
                for place, router in routers.items()
            }
        if part.shows:
            targets |= sites(configuration.blocks)
        new = [place for place in targets if place not in self.bound]
        late = [place for place in new if place.scheme != "http" and part.port(place) in part.beside]
        leaving = [bound.sockets for place, bound in self.bound.items() if place not in targets]
        words = {Place("http", site.host, site.port): site.word for site in reversed(_sites(configuration))}
        fresh = self._bind((place for place in new if place not in late), part, leaving, words)
        before = self.change
        epoch = self.house.changes.epoch
        generation = Generation(configuration, self.house, before.generation if before is not None else None, part.runs)
        change = Change(part, generation, trio.CancelScope(), routers, targets, fresh, late, hosts, epoch)
        try:
            await self._nursery.start(self._run_generation, generation, change.scope)
            await self._listen(fresh, targets)
        except BaseException:
            self.discard(change)
            raise
        return change

    async def join(self, change: Change) -> None:
        """Binds what others listen on already, just before the swap. Raises StartError; then it is to be discarded."""
        fresh = self._bind(change.late, change.part, (), {}, beside=True)
        change.fresh.update(fresh)
        await self._listen(fresh, change.targets)

    async def _listen(self, fresh: Mapping[Place, Bound], targets: Mapping[Place, Any]) -> None:
        for place, bound in fresh.items():
            bound.route(targets[place])
            await self._nursery.start(bound.run)

    def discard(self, change: Change) -> None:
        """It is not taken up: what was new is closed, and the old never noticed."""
        change.scope.cancel()
        for bound in change.fresh.values():
            bound.close()

    def swap(self, change: Change) -> None:
        """All addresses change over in one step, which neither waits nor fails."""
        before, self.change = self.change, change
        old_routers, self.routers = self.routers, tuple(change.routers.values())
        gone = [self.bound.pop(place) for place in list(self.bound) if place not in change.targets]
        for place, bound in self.bound.items():
            bound.route(change.targets[place])
        self.bound |= change.fresh
        if before is not None:
            if self.house.changes.epoch != change.epoch:
                # A new source told of its changes while old ones still answered, and a cache may have kept such an
                # answer.
                self.house.changes.everything()
            self._nursery.start_soon(self._retire, before.scope, old_routers)
        for bound in gone:
            self._nursery.start_soon(self._close, bound)

    async def _close(self, bound: Bound) -> None:
        self._closing += 1
        await bound.drain(GRACE)
        self._closing -= 1

    async def stopping(self) -> None:
        """Returns when no plugin has anything left to do before the process stops."""
        if self.change is not None:
            await self.change.generation.stopping()

    async def drain(self) -> None:
        """Takes nothing new, and returns when what is under way is answered."""
        async with trio.open_nursery() as nursery:
            for bound in self.bound.values():
                nursery.start_soon(bound.drain, GRACE)
            while self._closing:  # noqa: ASYNC110 -- as for queries, below
                await trio.sleep(_LOOK)

    def _bind(
        self,
        places: Iterable[Place],
        part: Part,
        leaving: Sequence[Sockets],
        words: Mapping[Place, Word],
        beside: bool = False,
    ) -> dict[Place, Bound]:
        """`words`: where the Corefile says that there is a page."""
        sharing = Sharing.MORE if beside else part.sharing
        found: dict[Place, Bound] = {}
        try:
            for place in places:
                http = place.scheme == "http"
                port = part.port(place)
                how = Sharing.NONE if http else sharing
                try:
                    sockets = open_sockets(place.host, port, self.inherited, leaving, datagram=not http, sharing=how)
                except StartError as error:
                    if place not in words:
                        raise
                    raise StartError(f"{words[place].position}: {error}") from error
                if http:
                    found[place] = HttpBound(sockets)
                else:
                    found[place] = DnsBound(sockets, Server(str(place), Router({}), self.crew, self.house))
        except BaseException:
            for bound in found.values():
                bound.close()
            raise
        return found

    async def _run_generation(
        self, generation: Generation, scope: trio.CancelScope, *, task_status: trio.TaskStatus[None]
    ) -> None:
        with scope:
            await generation.run(task_status=task_status)

    async def _retire(self, scope: trio.CancelScope, routers: Sequence[Router]) -> None:
        """Stops an old generation's plugins once its queries are answered."""
        with trio.move_on_after(GRACE):
            # An event for each query that ends would cost every query; a look now and then costs none.
            while any(router.under_way for router in routers):  # noqa: ASYNC110
                await trio.sleep(_LOOK)
        scope.cancel()


def _sites(configuration: Configuration) -> list[Site]:
    return [site for block in configuration.blocks for site in block.settings.sites]


def _resolved(configuration: Configuration) -> Callable[[Block], Sequence[str]]:
    """The IP addresses of each block's `bind`, names of interfaces looked up. Raises CorefileErrorGroup."""
    found: dict[int, list[str]] = {}
    errors: list[CorefileError] = []
    for block in configuration.blocks:
        hosts: list[str] = []
        left_out: set[str] = set()
        for words, into in ((block.settings.bind, hosts), (block.settings.bind_except, left_out)):
            for word in words:
                try:
                    (into.extend if isinstance(into, list) else into.update)(addresses(word))
                except ValueError as error:
                    errors.append(CorefileError(word.position, str(error)))
        hosts = [host for host in dict.fromkeys(hosts) if host not in left_out]
        if block.settings.bind and not hosts and not errors:
            errors.append(CorefileError(block.settings.bind[0].position, "bind leaves no address to listen on"))
        found[id(block)] = hosts if hosts and "::" not in hosts else [""]  # `::` is all, IPv4 as well, as in Go
    if errors:
        raise CorefileErrorGroup(errors)
    return lambda block: found[id(block)]
