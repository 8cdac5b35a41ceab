"""The process: start, reload by swap, drain, stop."""

from __future__ import annotations

import logging
import random
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.crew import Crew
from pydns.errors import CorefileError, CorefileErrorGroup, StartError, ungrouped
from pydns.generation import Generation, reason
from pydns.listen.bound import Bound, DnsBound, DnsTarget, HttpBound
from pydns.listen.interfaces import addresses
from pydns.listen.limits import DEFAULTS
from pydns.listen.sockets import Sockets, open_sockets
from pydns.names import to_text
from pydns.notify import Notifier
from pydns.overlap import page_errors
from pydns.plugin import House
from pydns.router import Router
from pydns.server import Server
from pydns.setup import Block, Configuration, Place, collisions, routes, sites, tcp_limits
from pydns.watch import Watcher

if TYPE_CHECKING:
    from pydns.corefile.tree import Word
    from pydns.http import Site
    from pydns.listen.activation import Inherited

log = logging.getLogger("pydns.run")

GRACE: Final = 5.0
"""Seconds in which queries under way are answered when their blocks, or the whole server, go."""

_FIRST_RETRY: Final = 1.0  # seconds after a failed reload; doubled each time
_LONGEST_RETRY: Final = 8.0
_LOOK: Final = 0.05  # seconds between two looks whether the last query has been answered


class Process:
    """A running server. `load` reads the Corefile anew each time; it may block, and raises CorefileErrorGroup.

    `bound`: what is listened on, by place; a place's port is the Corefile's, `Bound.port` the socket's.
    """

    def __init__(
        self,
        load: Callable[[], Configuration],
        house: House | None = None,
        inherited: Inherited | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        self.house = house or House()
        self.house.port_of = self._http_port
        self.bound: dict[Place, Bound] = {}
        self.crew: Crew
        self._load = load
        self._inherited = inherited
        self._notifier = notifier or Notifier()
        self._generation: tuple[Generation, trio.CancelScope] | None = None
        self._routers: list[Router] = []
        self._closing = 0  # addresses that were left, and are still answering
        self._nursery: trio.Nursery
        self._reload_wanted = trio.Event()
        self._forced = False  # by a signal: also where the Corefile is the same
        self._stop_wanted = trio.Event()
        self._waiting: trio.CancelScope | None = None  # on the way to the end, for what may be cut short
        self.stopped = trio.Event()
        """Set when it has drained."""
        self._swapped = trio.Event()  # another configuration runs now

    @property
    def configuration(self) -> Configuration:
        """The one that is running."""
        assert self._generation is not None
        return self._generation[0].configuration

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serves until `stop` is called, then drains and returns; `started` when queries are answered.

        Raises CorefileErrorGroup or StartError where it cannot start. Stopped before it has, it returns all the same.
        """
        _allow_many_files()
        with ungrouped(CorefileErrorGroup, StartError):
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                self.crew = Crew(nursery)
                nursery.start_soon(self.crew.sweep)
                if self.house.watcher is None:
                    self.house.watcher = Watcher()
                await nursery.start(self.house.watcher.run)
                nursery.start_soon(self._start, task_status)
                await self._stop_wanted.wait()
                self._notifier.stopping()
                await self._drain()
                self.stopped.set()
                if self._generation is None:
                    task_status.started()  # it never will; who waits for it sees `stopped`
                nursery.cancel_scope.cancel()

    async def _start(self, task_status: trio.TaskStatus[None]) -> None:
        await self._change_to(await self._read())
        if self._inherited is not None:
            for name in self._inherited.unclaimed():
                log.warning("nothing in the Corefile listens on the inherited socket %s", name)
            self._inherited = None
        self._nursery.start_soon(self._keep_reloading)
        self._nursery.start_soon(self._follow_corefile)
        self._notifier.ready(self._answers())
        task_status.started()

    async def _read(self) -> Configuration:
        """What the Corefile says now. A file system that hangs holds up neither queries nor the end."""
        return await trio.to_thread.run_sync(self._load, abandon_on_cancel=True)

    def _answers(self) -> str:
        return f"answering at {' '.join(str(place) for place in self.bound if place.scheme != 'http')}"

    def _http_port(self, host: str, port: int) -> int:
        bound = self.bound.get(Place("http", host, port))
        return 0 if bound is None else bound.port

    def stop(self) -> None:
        """Has `run` answer what is under way, and return.

        Called again it cuts short what is waited for then: first plugins (a lame duck), after that the last answers.
        """
        if self._stop_wanted.is_set() and self._waiting is not None:
            self._waiting.cancel()
        self._stop_wanted.set()

    def reload(self) -> None:
        """Has the Corefile read and taken up, also where it is the same as before."""
        self._forced = True
        self._reload_wanted.set()

    async def handle_signals(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """SIGHUP and SIGUSR1 reload; SIGTERM, SIGINT and SIGQUIT stop, and each further one hurries."""
        reloading = (signal.SIGHUP, signal.SIGUSR1)
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, *reloading) as signals:
            task_status.started()
            async for number in signals:
                if number in reloading:
                    log.info("%s: Reloading", signal.Signals(number).name)
                    self.reload()
                else:
                    log.info("%s: Shutting down", signal.Signals(number).name)
                    self.stop()

    async def _change_to(self, configuration: Configuration) -> None:
        """Puts a configuration in place of the one that runs. Where that fails the old one is untouched.

        Raises CorefileErrorGroup or StartError.
        """
        hosts = _resolved(configuration)
        if errors := [*collisions(configuration.blocks, hosts), *page_errors(configuration.blocks, hosts)]:
            raise CorefileErrorGroup(errors)
        routers = {place: Router(zones) for place, zones in routes(configuration.blocks, hosts).items()}
        limits = tcp_limits(configuration.blocks, hosts)
        targets: dict[Place, Any] = {
            place: DnsTarget(router, limits.get(place, DEFAULTS)) for place, router in routers.items()
        }
        targets |= sites(configuration.blocks)
        leaving = [bound.sockets for place, bound in self.bound.items() if place not in targets]
        words = {Place("http", site.host, site.port): site.word for site in reversed(_sites(configuration))}
        fresh = self._bind((place for place in targets if place not in self.bound), leaving, words)
        before = self._generation
        epoch = self.house.changes.epoch
        generation = Generation(configuration, self.house, before[0] if before is not None else None)
        scope = trio.CancelScope()
        try:
            await self._nursery.start(self._run_generation, generation, scope)
            for place, bound in fresh.items():
                bound.route(targets[place])
                await self._nursery.start(bound.run)
        except BaseException:
            scope.cancel()
            for bound in fresh.values():
                bound.close()
            raise
        # From here on nothing waits and nothing fails: all addresses change over in one step.
        self._generation = generation, scope
        self._swapped.set()
        self._swapped = trio.Event()
        self._tell_plugins(configuration.blocks, hosts)
        old_routers, self._routers = self._routers, list(routers.values())
        gone = [self.bound.pop(place) for place in list(self.bound) if place not in targets]
        for place, bound in self.bound.items():
            bound.route(targets[place])
        self.bound |= fresh
        if before is not None and self.house.changes.epoch != epoch:
            # A new source told of its changes while old ones still answered, and a cache may have kept such an answer.
            self.house.changes.everything()
        for bound in gone:
            self._nursery.start_soon(self._close, bound)
        if before is not None:
            self._nursery.start_soon(self._retire, before[1], old_routers)

    async def _close(self, bound: Bound) -> None:
        self._closing += 1
        await bound.drain(GRACE)
        self._closing -= 1

    def _bind(
        self, places: Iterable[Place], leaving: Sequence[Sockets], words: Mapping[Place, Word]
    ) -> dict[Place, Bound]:
        """`words`: where the Corefile says that there is a page."""
        found: dict[Place, Bound] = {}
        try:
            for place in places:
                http = place.scheme == "http"
                try:
                    sockets = open_sockets(place.host, place.port, self._inherited, leaving, datagram=not http)
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

    async def _follow_corefile(self) -> None:
        while True:
            swapped = self._swapped
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._follow, self.configuration)
                await swapped.wait()
                nursery.cancel_scope.cancel()

    async def _follow(self, configuration: Configuration) -> None:
        """Asks for a reload when a file of the Corefile changed, where the Corefile says `reload`."""
        settings = configuration.reload
        if settings is None or not settings.interval:
            return
        every = settings.interval + random.uniform(0, settings.jitter)
        with self.house.files.follow(configuration.patterns, every=every) as files:
            while True:
                self._reload_wanted.set()  # at once, too: it may have changed after it was read
                await files.changed()

    async def _keep_reloading(self) -> None:
        """Reloads when it is wanted; after a failure again and again, since its cause may pass without a sign."""
        metrics = self.house.metrics
        failures = metrics.counter("coredns_reload_failed_total", "Counter of the number of failed reload attempts.")
        good = metrics.gauge(
            "pydns_reload_last_successful", "1 where the last reload worked, 0 where the old one runs on."
        )
        good.set(to=1)
        self._tell_version()
        failure, pause = "", _FIRST_RETRY
        while True:
            with trio.move_on_after(pause if failure else float("inf")):
                await self._reload_wanted.wait()
            self._reload_wanted = trio.Event()
            forced, self._forced = self._forced, False
            if forced:
                self._notifier.reloading()  # who sent the signal waits for this, and for the end
            try:
                configuration = await self._read()
                if failure or forced or configuration.digest != self.configuration.digest:
                    self._notifier.reloading()
                    with ungrouped(CorefileErrorGroup, StartError):
                        await self._change_to(configuration)
                    self._tell_version()
                    log.info("Reloading complete")
            except Exception as error:  # whatever it is, it must not end a server that runs
                known = isinstance(error, (CorefileErrorGroup, StartError))
                text = str(error) if known else reason(error)
                failures.add()
                good.set(to=0)
                if forced or text != failure:  # who sent a signal looks into the log for what came of it
                    trace = None if known else error
                    told = text.replace("\n", "; ")
                    log.error("Reload failed, the old configuration runs on: %s", told, exc_info=trace)
                    pause = _FIRST_RETRY
                else:
                    pause = min(2 * pause, _LONGEST_RETRY)
                failure = text
                self._notifier.ready(f"{self._answers()}; reload failed: {text}")
            else:
                good.set(to=1)
                failure, pause = "", _FIRST_RETRY
                self._notifier.ready(self._answers())

    def _tell_plugins(self, blocks: Sequence[Block], hosts: Callable[[Block], Sequence[str]]) -> None:
        enabled = self.house.metrics.gauge(
            "coredns_plugin_enabled",
            "A metric that indicates whether a plugin is enabled on per server and zone basis.",
            *("server", "zone", "view", "name"),
        )
        enabled.values.clear()
        for block in blocks:
            handlers = [plugin.name for plugin in block.plugins if plugin.opcodes]  # as in CoreDNS: not bind, say
            for scheme, port, zone, _ in block.ports():
                for host in hosts(block):
                    for name in handlers:
                        enabled.set(str(Place(scheme, host, port)), to_text(zone), "", name, to=1)

    def _tell_version(self) -> None:
        digest = self.configuration.digest
        info = self.house.metrics.gauge(
            "coredns_reload_version_info", "A metric with a constant '1' value labeled by hash.", "hash", "value"
        )
        info.values.clear()
        info.set("sha512", digest, to=1)
        log.info("Running configuration SHA512 = %s", digest)

    async def _drain(self) -> None:
        if self._generation is not None:
            with self._until_hurried("plugins that want more time"):
                await self._generation[0].stopping()
        began = time.monotonic()
        with self._until_hurried("the last answers"):
            async with trio.open_nursery() as nursery:
                for bound in self.bound.values():
                    nursery.start_soon(bound.drain, GRACE)
                while self._closing:  # noqa: ASYNC110 -- as for queries, below
                    await trio.sleep(_LOOK)
            log.info("Drained in %.1f s", time.monotonic() - began)

    @contextmanager
    def _until_hurried(self, what: str) -> Iterator[None]:
        """What stands in it ends when `stop` is called again."""
        with trio.CancelScope() as self._waiting:
            yield
        if self._waiting.cancelled_caught:
            log.warning("Told to stop once more: not waiting for %s", what)


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


def _allow_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
