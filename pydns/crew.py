"""Answers queries without a task for each: workers await one query after the other.

A query that never waits costs one `await`. One that waits keeps the worker's task as its own, so that trio's
current_task, cancel scopes and parking stay right, and in that moment two parked workers are woken to go on with the
queue: 1, 2, 4, 8 ..., so 64 queries that wait need six turns of the scheduler.

What notices the waiting is `_noticing_waits`: it hands every trap of the worker's coroutine on to trio untouched, as
`yield from` would, and calls back first. For a query that does not wait it costs nothing.
"""

from __future__ import annotations

import logging
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final, Protocol

import trio
from trio.lowlevel import Abort, current_task, reschedule, wait_task_rescheduled

if TYPE_CHECKING:
    from pydns.listen.taker import Answerable
    from pydns.query import Query

log = logging.getLogger("pydns.server")

PATIENCE: Final = 10.0
"""Seconds that a query may wait before it is cancelled. Plugins that ask others have shorter deadlines of their own."""

UNDER_WAY: Final = 5000
"""Queries that are answered at once; more wait in the queue."""

QUEUED: Final = 20_000
"""Queries in the queue; the newest are dropped where it is full."""

_SPARE_WORKERS: Final = 256  # parked for the next queries; more end
_SWEEPS: Final = 20  # in the time of a query's patience
_TURN: Final = 64  # queries that one worker answers before other tasks have their turn


class Answerer(Protocol):
    """Who answers the queries: see `pydns.server`. Neither raises an Exception."""

    async def answer(self, query: Query, key: bytes | None) -> bytes | None: ...

    def overdue(self, query: Query) -> bytes: ...


Job = tuple[Answerer, "Query", bytes | None, "Answerable"]
"""Who answers, the query, its key in the packet cache, and where the answer goes."""


class Crew:
    """Workers over one queue; `client.send` of each query is called once, with what came of it.

    `dropped` counts the queries that found the queue full.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        *,
        patience: float = PATIENCE,
        under_way: int = UNDER_WAY,
        queued: int = QUEUED,
    ) -> None:
        self.dropped = 0
        self.patience = patience
        self.queue: deque[Job] = deque()
        self.parked: list[trio.lowlevel.Task] = []
        self.workers = 0
        self.most_workers = under_way
        self.due = 0  # woken, and not running yet
        self.now = trio.current_time()  # of the last batch
        self.waiting: dict[_Worker, float] = {}  # worker: since when; the oldest first
        self.waits = 0  # queries since the last batch that waited
        self._nursery = nursery
        self._queued = queued
        self._wakes = 0  # so many are woken for the next batch at once, since so many waited lately
        self._first_wait = trio.Event()

    def add(self, job: Job) -> bool:
        """Queues a query; False where it was dropped. Call `go` after a batch of these."""
        if len(self.queue) >= self._queued:
            self.dropped += 1
            return False
        self.queue.append(job)
        return True

    def go(self) -> None:
        """Has what was queued worked on."""
        if self.queue:
            self.now = trio.current_time()
            self._wakes = max(self.waits, self._wakes // 2)
            self.waits = 0
            self.wake(self._wakes or 1)

    def wake(self, count: int) -> None:
        for _ in range(min(count, len(self.queue) - self.due)):
            if self.parked:
                reschedule(self.parked.pop())
            elif self.workers < self.most_workers:
                self.workers += 1
                self._nursery.start_soon(_Worker(self).run)
            else:
                return
            self.due += 1

    def waits_for(self, worker: _Worker) -> None:
        """A worker's query waits for the first time."""
        if not self.waiting:
            self._first_wait.set()
            self.now = trio.current_time()  # while nobody waited, the sweep has not kept it up
        self.waiting[worker] = self.now
        self.waits += 1
        if self.queue:
            self.wake(2)

    async def sweep(self) -> None:
        """Cancels what is overdue, until it is cancelled itself: one timer for all queries."""
        while True:
            if not self.waiting:
                self._first_wait = trio.Event()
                await self._first_wait.wait()
            await trio.sleep(self.patience / _SWEEPS)
            self.now = trio.current_time()
            for worker in self._overdue():
                del self.waiting[worker]
                worker.scope.cancel()

    def _overdue(self) -> list[_Worker]:
        found = []
        for worker, since in self.waiting.items():
            if since + self.patience > self.now:
                break
            found.append(worker)
        return found


class _Worker:
    __slots__ = ("crew", "job", "scope", "waited")

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.job: Job | None = None
        self.waited = False
        self.scope = trio.CancelScope()

    async def run(self) -> None:
        try:
            await _noticing_waits(self._work(), self._about_to_wait)
        finally:
            self.crew.workers -= 1

    def _about_to_wait(self) -> None:
        if self.job is not None and not self.waited:
            self.waited = True
            self.crew.waits_for(self)

    async def _work(self) -> None:
        crew, task = self.crew, current_task()
        parked = crew.parked

        def abort(_: Any) -> Abort:
            parked.remove(task)
            return Abort.SUCCEEDED

        while True:
            try:
                with trio.CancelScope() as self.scope:
                    while True:
                        crew.due -= 1
                        await self._work_off()
                        if len(parked) >= _SPARE_WORKERS:
                            return
                        parked.append(task)
                        await wait_task_rescheduled(abort)
            except* Exception as errors:
                # A nursery in a query that is cancelled raises other errors in one group with what cancelled it, which
                # no `except Exception` catches.
                if self.job is None:
                    raise  # that is no query's fault
                log.error("a query failed when it was cancelled: %r", errors.exceptions)
            # It comes here only when the sweep has cancelled it, in a query that is overdue.
            job, self.job, self.waited = self.job, None, False
            crew.due += 1
            if job is not None:
                answerer, query, _, client = job
                client.send(answerer.overdue(query))

    async def _work_off(self) -> None:
        """Answers what is queued, until the queue is empty or others have taken it over."""
        crew = self.crew
        queue = crew.queue
        taken = 0
        while queue:
            taken += 1
            if taken % _TURN == 0:
                await trio.lowlevel.checkpoint()
                if not queue:  # others took what was left
                    return
            self.job = answerer, query, key, client = queue.popleft()
            answer = await answerer.answer(query, key)
            self.job = None
            if not self.waited:
                client.send(answer)
                continue
            self.waited = False
            crew.waiting.pop(self, None)
            client.send(answer)
            # Others were woken for the queue, save at the limit. And the sweep may have come when the answer was there
            # already: the next query must not stand in a scope that is cancelled.
            if crew.workers < crew.most_workers or self.scope.cancel_called:
                return


@types.coroutine
def _noticing_waits(work: Coroutine[Any, Any, None], about_to_wait: Callable[[], None]) -> Generator[Any, Any, None]:
    step: Callable[[Any], Any] = work.send
    value: Any = None
    while True:
        try:
            trap = step(value)
        except StopIteration:
            return
        about_to_wait()
        try:
            value = yield trap
            step = work.send
        except BaseException as error:
            value, step = error, work.throw
