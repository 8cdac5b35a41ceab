"""A set of upstreams that may change while it is in use, with the tasks that read, sweep and check."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

import trio

from pydns.upstream.endpoint import Endpoint
from pydns.upstream.health import CHECK_TIMEOUT, Checks
from pydns.upstream.limits import Limits
from pydns.upstream.sockets import Sockets
from pydns.upstream.upstream import Upstream
from pydns.waiter import Waiter

log = logging.getLogger("pydns.upstream")


@runtime_checkable
class AsksUpstreams(Protocol):
    """A plugin that asks the upstreams of a pool for names in `zones`."""

    pool: Pool

    @property
    def zones(self) -> Sequence[bytes]: ...


class Pool:
    """`upstreams`, in their order. They may be asked while `run` runs.

    Where `run` is called a second time, that one takes over when the first is cancelled, with all sockets open: so a
    reload can hand a pool on.
    """

    def __init__(self, limits: Limits, checks: Checks, endpoints: Iterable[Endpoint] = ()) -> None:
        self.limits = limits
        self.checks = checks
        self.upstreams: tuple[Upstream, ...] = ()
        self._sockets = Sockets()
        self._request = checks.request
        self._checked: set[Upstream] = set()
        self._nursery: trio.Nursery | None = None
        self._turn = trio.Lock()
        self.replace(endpoints)

    @property
    def is_open(self) -> bool:
        """False before `run` has begun: then nothing can be asked."""
        return self._sockets.ready

    @property
    def under_way(self) -> int:
        """Exchanges that have not ended yet."""
        return len(self._sockets.waiting)

    def replace(self, endpoints: Iterable[Endpoint]) -> None:
        """The upstreams are these now. One that stays keeps its sockets, its health and its measurements."""
        old = {upstream.endpoint: upstream for upstream in self.upstreams}
        self.upstreams = tuple(
            old.pop(endpoint) if endpoint in old else self._new(endpoint) for endpoint in dict.fromkeys(endpoints)
        )
        self._sockets.tidies = [upstream.tidy for upstream in self.upstreams]
        for upstream in old.values():
            upstream.close()

    def _new(self, endpoint: Endpoint) -> Upstream:
        return Upstream(endpoint, self._sockets, self.limits, self.checks.max_fails, self._suspect)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Reads answers, ends what is overdue and checks who failed, until it is cancelled."""
        if self._turn.locked():
            task_status.started()  # it may be asked: the first is running still
            task_status = trio.TASK_STATUS_IGNORED
        async with self._turn:
            if not self._sockets.ready:
                self._sockets.open()
            try:
                async with trio.open_nursery() as nursery:
                    self._nursery = nursery
                    nursery.start_soon(self._sockets.run)
                    for upstream in self.upstreams:
                        if upstream.health.fails:
                            self._suspect(upstream)
                    task_status.started()
            finally:
                self._nursery = None
                if not self._turn.statistics().tasks_waiting:
                    self._shut()

    def _shut(self) -> None:
        self._sockets.shut()
        for upstream in self.upstreams:
            upstream.close()

    def _suspect(self, upstream: Upstream) -> None:
        """A query to it failed: check it until a check is answered."""
        if self.checks.max_fails and self._nursery is not None and upstream not in self._checked:
            self._checked.add(upstream)
            self._nursery.start_soon(self._check, upstream)

    async def _check(self, upstream: Upstream) -> None:
        try:
            while upstream in self.upstreams:
                waiter = Waiter()
                now = trio.current_time()
                latest = now + CHECK_TIMEOUT
                exchange = upstream.begin(
                    self._request, waiter.wake, now, stream=self.checks.stream, timeout=CHECK_TIMEOUT, latest=latest
                )
                while not exchange.done:
                    await waiter
                was_down = upstream.health.down
                if exchange.wire:
                    upstream.health.passed()
                    if was_down:
                        log.info("upstream %s answers again", upstream.name)
                    return
                upstream.counts.failed_checks += 1
                upstream.health.failed()
                if upstream.health.down and not was_down:
                    log.warning("upstream %s is down: %s", upstream.name, exchange.failure)
                await trio.sleep(self.checks.interval)
        finally:
            self._checked.discard(upstream)
