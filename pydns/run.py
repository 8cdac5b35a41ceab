"""The process: start, reload by swap, drain, stop."""

from __future__ import annotations

import logging
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import trio

from pydns.errors import CorefileErrorGroup, StartError, ungrouped
from pydns.generation import reason
from pydns.names import to_text
from pydns.notify import Notifier
from pydns.plugin import House
from pydns.serving import Part, Serving
from pydns.setup import Configuration, Place

if TYPE_CHECKING:
    from pydns.listen.activation import Inherited
    from pydns.listen.bound import Bound
    from pydns.workers.workers import Workers

log = logging.getLogger("pydns.run")

_FIRST_RETRY: Final = 1.0  # seconds after a failed reload; doubled each time
_LONGEST_RETRY: Final = 8.0


class Process:
    """A running server. `load` reads the Corefile anew each time; it may block, and raises CorefileErrorGroup.

    Where the Corefile asks for several processes, this one is their parent (`pydns.workers`).
    """

    def __init__(
        self,
        load: Callable[[], Configuration],
        house: House | None = None,
        inherited: Inherited | None = None,
        notifier: Notifier | None = None,
        quiet: bool = False,
    ) -> None:
        self.house = house or House()
        self.house.port_of = self._http_port
        self._load = load
        self._quiet = quiet
        self.serving = Serving(self.house, inherited)
        self._workers: Workers | None = None
        self._notifier = notifier or Notifier()
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
        assert self.serving.change is not None
        return self.serving.change.configuration

    @property
    def bound(self) -> Mapping[Place, Bound]:
        """What this process listens on, by place."""
        return self.serving.bound

    @property
    def ports(self) -> Mapping[Place, int]:
        """Where DNS is answered, by this process or its workers: the port that a place of the Corefile really has."""
        own = {place: bound.port for place, bound in self.bound.items() if place.scheme != "http"}
        return own if self._workers is None else {**self._workers.ports, **own}

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serves until `stop` is called, then drains and returns; `started` when queries are answered.

        Raises CorefileErrorGroup or StartError where it cannot start. Stopped before it has, it returns all the same.
        """
        _allow_many_files()
        with ungrouped(CorefileErrorGroup, StartError):
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                await nursery.start(self.serving.run)
                nursery.start_soon(self._start, task_status)
                await self._stop_wanted.wait()
                self._notifier.stopping()
                await self._drain()
                self.stopped.set()
                if self.serving.change is None:
                    task_status.started()  # it never will; who waits for it sees `stopped`
                nursery.cancel_scope.cancel()

    async def _start(self, task_status: trio.TaskStatus[None]) -> None:
        await self._change_to(await self._read())
        if self.serving.inherited is not None:
            for name in self.serving.inherited.unclaimed():
                log.warning("nothing in the Corefile listens on the inherited socket %s", name)
            self.serving.inherited = None
        self._nursery.start_soon(self._keep_reloading)
        self._nursery.start_soon(self._follow_corefile)
        self._notifier.ready(self._answers())
        task_status.started()

    async def _read(self) -> Configuration:
        """What the Corefile says now. A file system that hangs holds up neither queries nor the end."""
        return await trio.to_thread.run_sync(self._load, abandon_on_cancel=True)

    def _answers(self) -> str:
        workers = f", with {self.configuration.workers} workers" if self.configuration.workers else ""
        return f"answering at {' '.join(map(str, self.ports))}{workers}"

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
        if configuration.workers and self._workers is None:
            from pydns.workers.workers import Workers  # most have none

            self._workers = Workers(self.serving, self._quiet)
            await self._nursery.start(self._workers.run)
        if self._workers is not None:
            await self._workers.change_to(configuration)
        else:
            self.serving.swap(await self.serving.prepare(configuration, Part()))
        self._swapped.set()
        self._swapped = trio.Event()
        self._tell_plugins()

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

    def _tell_plugins(self) -> None:
        enabled = self.house.metrics.gauge(
            "coredns_plugin_enabled",
            "A metric that indicates whether a plugin is enabled on per server and zone basis.",
            *("server", "zone", "view", "name"),
        )
        enabled.values.clear()
        change = self.serving.change
        assert change is not None
        for block in change.configuration.blocks:
            handlers = [plugin.name for plugin in block.plugins if plugin.opcodes]  # as in CoreDNS: not bind, say
            for scheme, port, zone, _ in block.ports():
                for host in change.hosts(block):
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
        with self._until_hurried("plugins that want more time"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.serving.stopping)
                if self._workers is not None:
                    nursery.start_soon(self._workers.stopping)
        began = time.monotonic()
        with self._until_hurried("the last answers"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.serving.drain)
                if self._workers is not None:
                    nursery.start_soon(self._workers.stop)
            log.info("Drained in %.1f s", time.monotonic() - began)

    @contextmanager
    def _until_hurried(self, what: str) -> Iterator[None]:
        """What stands in it ends when `stop` is called again."""
        with trio.CancelScope() as self._waiting:
            yield
        if self._waiting.cancelled_caught:
            log.warning("Told to stop once more: not waiting for %s", what)


def _allow_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
