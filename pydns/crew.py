"""Answers queries without a task for each: workers drive one query's coroutine after the other.

A query that never waits costs no more than its own calls. One that waits does so in one of two ways.

**With its task.** What it yields is a trap of trio's. It keeps the worker's task as its own, so that trio's
current_task, cancel scopes and parking stay right, and in that moment two parked workers are woken to go on with the
queue: 1, 2, 4, 8 ..., so 64 queries that wait need six turns of the scheduler.

**Set aside.** What it yields is a `Waiter`: it waits for nothing of trio's, only for somebody to call `wake`. Then it
needs no task meanwhile: the worker goes on with the next query, and when it is woken any worker goes on with it, in
that worker's task. That is right only where nothing that belongs to a task is held across the wait: no cancel scope,
nursery, lock or limiter, for trio ends those in the task that began them. So a waiter asks for it only where its query
says that it may, and that is so only while all plugins above have promised it (`Plugin.frees_task`). Within one run of
`send` the coroutine does have a task, the same from its first step to its last, and trio's promises hold there: a
cancel scope that was opened since the wait and is closed ahead of the next one never sees another task. Nothing is
resumed twice: a waiter that is woken leaves `aside` in that step, and one that is not there is nobody.

The sweep cancels what is overdue. A query with its task is cancelled there. One that was set aside is given to a worker
whose scope is cancelled, and has to wait with that task: so trio itself raises Cancelled in it, as in the others.

**Overload.** Everything has a bound, and who needs to wait for nobody is answered all the same: the queue holds so many
and drops the newest; a query that stood in it for longer than its client waits is dropped; few queries have their turn
between two looks at the sockets; and where most that may be under way are, `crowded` tells plugins to drop a query
rather than have it wait as well, so that there is room for the others.
"""

from __future__ import annotations

import logging
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final, Protocol

import trio
from trio.lowlevel import Abort, current_task, reschedule, wait_task_rescheduled

from pydns.waiter import Waiter

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

STALE: Final = 5.0
"""Seconds in the queue after which a query is dropped: its client asks again by then (resolv.conf's timeout)."""

_CROWD: Final = 0.8  # of those that may be under way, where those who would wait ask `crowded`

_SPARE_WORKERS: Final = 256  # parked for the next queries; more end
_SWEEPS: Final = 20  # in the time of a query's patience
_TURN: Final = 64  # queries that are answered, and workers that are woken, before other tasks have their turn


class Answerer(Protocol):
    """Who answers the queries: see `pydns.server`. None of them raises an Exception."""

    def answer(self, query: Query, key: bytes | None) -> Coroutine[Any, Any, bytes | None]: ...

    def overdue(self, query: Query) -> bytes: ...

    def give_up(self) -> None:
        """A query of its is dropped out of the queue."""


Job = tuple[Answerer, "Query", bytes | None, "Answerable"]
"""Who answers, the query, its key in the packet cache, and where the answer goes."""

Begun = tuple[Coroutine[Any, Any, bytes | None], Job, float, bool]
"""A query that was set aside: what answers it, since when it waits, and whether it is overdue."""


class Crew:
    """Workers over one queue; `client.send` of each query is called once, with what came of it.

    `dropped` counts the queries that found the queue full, or stood in it for too long; `under_way` are those that were
    begun and not answered yet.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        *,
        patience: float = PATIENCE,
        under_way: int = UNDER_WAY,
        queued: int = QUEUED,
        stale: float = STALE,
    ) -> None:
        self.dropped = 0
        self.patience = patience
        self.stale = stale
        self.queue: deque[tuple[Job, float]] = deque()  # with the time that it came, on trio's clock
        self.aside: dict[Waiter, Begun] = {}
        self.woken: deque[Begun] = deque()  # they were set aside, and go on now
        self.parked: list[trio.lowlevel.Task] = []
        self.workers = 0
        self.under_way = 0
        self.most = under_way
        self.due = 0  # woken, and not running yet
        self.now = trio.current_time()  # of the last batch
        self.waiting: dict[_Worker, float] = {}  # workers whose query waits with their task: since when
        self.waits = 0  # queries since the last batch that waited with their task
        self._nursery = nursery
        self._queued = queued
        self._crowd = max(1, int(under_way * _CROWD))
        self._wakes = 0  # so many are woken for the next batch at once, since so many waited lately
        self._first_wait = trio.Event()
        self._ended = False
        self._resume = self.resume  # bound once

    def add(self, job: Job) -> bool:
        """Queues a query; False where it was dropped. Call `go` after a batch of these."""
        queue = self.queue
        if len(queue) >= self._queued:
            self.dropped += 1
            return False
        if not queue:
            self.now = trio.current_time()  # else the batch before it, which is worked on still, has kept it up
        queue.append((job, self.now))
        return True

    def crowded(self) -> bool:
        """True where so many are under way that none more should wait for others: the one that asks is one of them."""
        return self.under_way > self._crowd

    def go(self) -> None:
        """Has what was queued worked on."""
        if self.queue and not self._ended:
            self.now = trio.current_time()
            self._wakes = max(self.waits, self._wakes // 2)
            self.waits = 0
            self.wake(self._wakes or 1)

    def wake(self, count: int) -> None:
        """Wakes so many workers for the queue, where there is so much to do."""
        for _ in range(min(count, len(self.queue) - self.due, self.most - self.under_way, _TURN - self.due)):
            if not self._wake_one():
                return

    def _wake_one(self) -> bool:
        if self.parked:
            reschedule(self.parked.pop())
        elif self.workers < self.most:
            self.workers += 1
            self._nursery.start_soon(_Worker(self).run)
        else:
            return False
        self.due += 1
        return True

    def has_one_due(self) -> bool:
        """Sees to it that a worker will have its turn, where there is one to wake."""
        return self.due > 0 or self._wake_one()

    def set_aside(self, waiter: Waiter, begun: Begun) -> None:
        """The query waits there, without a task."""
        if self._ended:
            self._close(begun)
            return
        if not self.aside:
            self._begin_to_sweep()
        self.aside[waiter] = begun
        waiter.resume = self._resume

    def resume(self, waiter: Waiter) -> None:
        """The query that was set aside there goes on soon; one worker takes all that come in a moment."""
        begun = self.aside.pop(waiter, None)
        if begun is not None:
            self.woken.append(begun)
            # There is one to wake: of `most` workers not all can be busy, with this query in the hands of none.
            if not self.due:
                self._wake_one()

    def waits_for(self, worker: _Worker, since: float) -> float:
        """A worker's query waits with its task: others go on with the rest. Gives back since when it waits."""
        if not self.waiting:
            self._begin_to_sweep()
        self.waiting[worker] = since = since or self.now
        self.waits += 1
        if self.queue:
            self.wake(2)
        if self.woken and not self.due:
            self._wake_one()
        return since

    def _begin_to_sweep(self) -> None:
        if not self.waiting and not self.aside:
            self._first_wait.set()
            self.now = trio.current_time()  # while nobody waited, the sweep has not kept it up

    async def sweep(self) -> None:
        """Cancels what is overdue, until it is cancelled itself, and the crew with it: one timer for all queries."""
        try:
            while True:
                if not self.waiting and not self.aside:
                    self._first_wait = trio.Event()
                    await self._first_wait.wait()
                await trio.sleep(self.patience / _SWEEPS)
                self.now = trio.current_time()
                while self._cancel_overdue(self.now - self.patience):
                    await trio.lowlevel.checkpoint()
        finally:
            self._end()

    def _cancel_overdue(self, latest: float) -> bool:
        """True where there are more, since each that has a task runs now."""
        overdue = [worker for worker, since in self.waiting.items() if since <= latest]
        for worker in overdue[:_TURN]:
            del self.waiting[worker]
            worker.cancel()
        for waiter in [waiter for waiter, begun in self.aside.items() if begun[2] <= latest]:
            waiter.may_be_set_aside = False
            coroutine, job, since, _ = self.aside.pop(waiter)
            self.woken.append((coroutine, job, since, True))
        if self.woken and not self.due:
            self._wake_one()
        return len(overdue) > _TURN

    def _end(self) -> None:
        """What was set aside ends with the crew: nobody would go on with it."""
        self._ended = True
        begun = [*self.aside.values(), *self.woken]
        self.aside.clear()
        self.woken.clear()
        for each in begun:
            self._close(each)

    def _close(self, begun: Begun) -> None:
        self.under_way -= 1
        try:
            begun[0].close()
        except Exception as error:
            log.error("a query failed when it was closed: %r", error)


class _Worker:
    __slots__ = ("crew", "is_cancelled", "job", "scope", "since")

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.job: Job | None = None
        self.since = 0.0  # when its query began to wait, 0 where it has not
        self.scope = trio.CancelScope()
        self.is_cancelled = False  # its scope is; to ask that itself takes longer

    def cancel(self) -> None:
        """Its query is overdue."""
        self.is_cancelled = True
        self.scope.cancel()

    async def run(self) -> None:
        try:
            await self._work()
        finally:
            self.crew.workers -= 1

    async def _work(self) -> None:
        crew, task = self.crew, current_task()
        parked = crew.parked

        def abort(_: Any) -> Abort:
            parked.remove(task)
            return Abort.SUCCEEDED

        while True:
            try:
                with trio.CancelScope() as self.scope:
                    self.is_cancelled = False
                    while True:
                        crew.due -= 1
                        await self._work_off()
                        if len(parked) >= _SPARE_WORKERS and not self.is_cancelled:
                            return
                        parked.append(task)
                        await wait_task_rescheduled(abort)  # raises at once where the scope is cancelled
            except* Exception as errors:
                # A nursery in a query that is cancelled raises other errors in one group with what cancelled it, which
                # no `except Exception` catches.
                if self.job is None:
                    raise  # that is no query's fault
                log.error("a query failed when it was cancelled: %r", errors.exceptions)
            # It comes here only when its scope was cancelled, since a query was overdue.
            job, self.job = self.job, None
            crew.due += 1
            if job is not None:
                answerer, query, _, client = job
                crew.under_way -= 1
                client.send(answerer.overdue(query))

    async def _work_off(self) -> None:
        """Goes on with what was woken and begins what is queued, until there is nothing left that it may take."""
        crew = self.crew
        queue, woken, most = crew.queue, crew.woken, crew.most
        while True:
            for taken in range(_TURN):
                if taken and crew.due:  # each of them has its turn, and the last goes on alone
                    return
                if woken:
                    coroutine, job, self.since, overdue = woken.popleft()
                    if overdue:
                        self.cancel()
                elif queue and crew.under_way < most:
                    job, came = queue.popleft()
                    answerer, query, key, client = job
                    if crew.now - came > crew.stale:
                        crew.dropped += 1
                        answerer.give_up()
                        client.send(None)
                        continue
                    crew.under_way += 1
                    query.may_be_set_aside = True
                    coroutine = answerer.answer(query, key)
                    self.since = 0.0
                else:
                    return
                self.job = job
                trap: Any = None
                try:
                    trap = coroutine.send(None)
                except StopIteration as stop:
                    answer = stop.value
                waited = trap is not None and type(trap) is not Waiter
                if waited:
                    trap, answer = await self._with_task(coroutine, trap)
                self.job = None
                if trap is not None:
                    crew.set_aside(trap, (coroutine, job, self.since or crew.now, False))
                else:
                    crew.under_way -= 1
                    job[3].send(answer)
                # The sweep may have come when the answer was there already: the next query must not stand in a scope
                # that is cancelled. And hundreds may come back from a wait in one turn: another one goes on then.
                if self.is_cancelled or (waited and (not (queue or woken) or crew.has_one_due())):
                    return
            await trio.lowlevel.checkpoint()
            crew.now = trio.current_time()

    @types.coroutine
    def _with_task(
        self, coroutine: Coroutine[Any, Any, bytes | None], trap: Any
    ) -> Generator[Any, Any, tuple[Waiter | None, bytes | None]]:
        """Hands each trap on to trio untouched, as `yield from` would.

        Gives the answer, or the waiter where the query is to be set aside now.
        """
        crew = self.crew
        self.since = crew.waits_for(self, self.since)
        step: Callable[[Any], Any]
        value: Any
        try:
            while type(trap) is not Waiter:
                try:
                    value = yield trap
                    step = coroutine.send
                except BaseException as error:
                    value, step = error, coroutine.throw
                trap = step(value)
        except StopIteration as stop:
            return None, stop.value
        finally:
            crew.waiting.pop(self, None)
        return trap, None
