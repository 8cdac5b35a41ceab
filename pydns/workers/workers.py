"""The workers of a parent: started, changed over all at once or not at all, replaced when they die, stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import trio

from pydns.errors import StartError, ungrouped
from pydns.listen.activation import Inherited
from pydns.serving import GRACE, Part, Serving
from pydns.setup import Configuration, Place
from pydns.workers.channel import Descriptor
from pydns.workers.child import Child
from pydns.workers.given import Given
from pydns.workers.group import Group
from pydns.workers.parts import Order, ParentPart
from pydns.workers.pauses import Pauses
from pydns.workers.relatives import ParentFamily
from pydns.workers.tables import Tables

log = logging.getLogger("pydns.workers")


class Workers:
    """Those of one parent; none, for a while, where a configuration wants none. `ports`: where they listen."""

    def __init__(self, serving: Serving, quiet: bool) -> None:
        self.ports: dict[Place, int] = {}
        self._serving = serving
        self._quiet = quiet
        self._house = house = serving.house
        self._group = Group()
        house.family = ParentFamily(self._group, house.family.secret)
        self._given = Given()
        self._tables = Tables()
        self._order: Order | None = None  # what they serve
        self._pauses = Pauses()
        self._lock = trio.Lock()  # held while some change over
        self._stopping = False
        self._nursery: trio.Nursery
        help_ = "Workers that ended unasked and were replaced."
        self._restarts = house.metrics.counter("pydns_worker_restarts_total", help_)
        self._restarts.add(amount=0)
        self._count = house.metrics.gauge("pydns_workers", "Workers that answer queries.")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until it is cancelled, which kills those that are left."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._given.close()

    async def change_to(self, configuration: Configuration) -> None:
        """Puts it in place of the one that runs, in this process and in all workers; where one fails, in none.

        Raises CorefileErrorGroup or StartError.
        """
        serving, count = self._serving, configuration.workers
        order = Order.of(configuration)
        async with self._lock:
            part = ParentPart() if count else Part(self._busy(self.ports), self.ports)
            with self._inheriting(count):
                change = await serving.prepare(configuration, part)
                fresh: list[Child] = []
                try:
                    if count:
                        self._given.claim(change, serving)
                        self._share(True)
                        ports = await self._prepare(order, fresh)
                    else:
                        await serving.join(change)
                        ports = {}
                except BaseException:
                    serving.discard(change)
                    with trio.CancelScope(shield=True):
                        await self._discard(fresh)
                    self._share(False)
                    raise
            # From here on nothing fails. The workers first: then they listen already where this process leaves.
            group, alone = self._group, self._order is None
            self._order, self.ports = (order if count else None), ports
            group.wanted = count
            gone = [group.serving.pop(number) for number in list(group.serving) if number >= count]
            for child in fresh:
                group.serving[child.number] = child
                self._look_after(child)
            with trio.CancelScope(shield=True):
                await self._swap(group.serving.values())
            serving.swap(change)
            if alone:
                self._house.metrics.forget_states()  # workers tell them
            self._count.set(to=len(group.serving))
            self._given.keep(change.routers if count else ())
        if gone:
            self._nursery.start_soon(self._retire, gone)

    @contextmanager
    def _inheriting(self, count: int) -> Iterator[None]:
        """Where this process is to answer itself again, it gets back what it was started with."""
        if count:
            yield
            return
        self._serving.inherited = Inherited(self._given.copies())
        try:
            yield
        finally:
            self._serving.inherited = None

    def _share(self, shared: bool) -> None:
        """Whether workers may listen beside this process."""
        for place, bound in self._serving.bound.items():
            if place.scheme != "http" and not bound.sockets.given:
                bound.sockets.share(shared)

    async def _prepare(self, order: Order, fresh: list[Child]) -> dict[Place, int]:
        """Has all get ready, those that are missing started. The first one finds what others would find as well."""
        own = {bound.port for place, bound in self._serving.bound.items() if place.scheme != "http"}
        children: dict[int, Child] = {}

        async def have(number: int) -> None:
            children[number] = await self._have(number, fresh)

        with ungrouped(StartError):
            async with trio.open_nursery() as nursery:
                for number in range(order.workers):
                    nursery.start_soon(have, number)
            ports: dict[Place, int] = await children[0].call("prepare", order, self.ports, own | self._busy(self.ports))
            async with trio.open_nursery() as nursery:
                for number in range(1, order.workers):
                    nursery.start_soon(children[number].call, "prepare", order, ports, self._busy(ports))
        return ports

    @staticmethod
    def _busy(ports: Mapping[Place, int]) -> set[int]:
        """Where others of ours listen already."""
        return set(ports.values())

    async def _have(self, number: int, fresh: list[Child]) -> Child:
        """The worker of that number, a new one where there is none."""
        child = self._group.serving.get(number)
        return await self._start(number, fresh) if child is None or child.ended.is_set() else child

    async def _start(self, number: int, fresh: list[Child]) -> Child:
        """A new worker, which serves nothing yet."""
        holder: list[Child] = []

        def bound(act: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *arguments: act(holder[0], *arguments)

        tables = self._tables
        told = {
            "say": bound(self._pass_on),
            "offer": bound(tables.offer),
            "give_up": bound(tables.give_up),
            "release": bound(tables.release),
        }
        child = Child(number, {"claim": bound(tables.claim)}, told)
        holder.append(child)
        await self._nursery.start(self._run_child, child)
        fresh.append(child)
        sockets = [Descriptor(sock.fileno()) for sock in self._given.sockets()]
        await child.call("begin", number, self._quiet, self._house.family.secret, sockets)
        return child

    async def _run_child(self, child: Child, *, task_status: trio.TaskStatus[None]) -> None:
        self._group.everyone.add(child)
        try:
            await child.run(task_status=task_status)
        finally:
            self._group.depart(child)
            self._tables.forget(child)
        if not (child.is_leaving or self._stopping):
            log.error("%s ended %s", child, child.end)
        self._look_after(child)

    def _look_after(self, child: Child) -> None:
        """Where it served and has ended unasked, another one takes its place."""
        serving = self._group.serving
        wanted = serving.get(child.number) is child and not (child.is_leaving or self._stopping)
        if wanted and child.ended.is_set():
            self._restarts.add()
            del serving[child.number]
            self._count.set(to=len(serving))
            self._nursery.start_soon(self._replace, child.number, trio.current_time() - child.since)

    async def _replace(self, number: int, lived: float) -> None:
        """Starts another one in its place, again and again until that works."""
        serving = self._group.serving
        pause = self._pauses.next(number, lived)
        while True:
            await trio.sleep(pause)
            async with self._lock:
                order = self._order
                if order is None or number >= order.workers or number in serving or self._stopping:
                    return  # a reload was quicker, or wants fewer
                fresh: list[Child] = []
                try:
                    child = await self._start(number, fresh)
                    await child.call("prepare", order, self.ports, self._busy(self.ports))
                    serving[number] = child
                    self._count.set(to=len(serving))
                    await self._swap(fresh)
                    return
                except StartError as error:
                    log.error("no worker in place of that one yet: %s", error)
                    await self._discard(fresh)
            pause = self._pauses.next(number, 0.0)

    async def _discard(self, fresh: Iterable[Child]) -> None:
        """What was prepared is not taken up; new workers end."""
        self._group.tell("discard")
        for child in fresh:
            child.is_leaving = True
            child.process.kill()
            await child.ended.wait()

    async def _swap(self, children: Iterable[Child]) -> None:
        """Returns when all have changed over. Who cannot, or not in time, ends and is replaced."""
        async with trio.open_nursery() as nursery:
            for child in tuple(children):
                nursery.start_soon(self._swap_one, child)

    async def _swap_one(self, child: Child) -> None:
        try:
            with trio.fail_after(GRACE):
                await child.call("swap")
        except (StartError, trio.TooSlowError) as error:
            log.error("%s cannot take up the new configuration: %s", child, error)
            child.process.kill()

    async def _retire(self, children: Iterable[Child]) -> None:
        await self._end(children)
        async with self._lock:
            if self._order is None:
                self._share(False)

    async def stopping(self) -> None:
        """Returns when no plugin of a worker has anything left to do."""
        self._stopping = True
        await self._group.ask("stopping", patience=float("inf"))

    async def stop(self) -> None:
        """Has all answer what is under way, and end. Those that have not served yet end when `run` does."""
        self._stopping = True
        serving = self._group.serving
        await self._end([each for each in self._group.everyone if each.is_leaving or serving.get(each.number) is each])

    async def _end(self, children: Iterable[Child]) -> None:
        async with trio.open_nursery() as nursery:
            for child in children:
                child.is_leaving = True
                nursery.start_soon(self._end_one, child)

    async def _end_one(self, child: Child) -> None:
        with trio.move_on_after(2 * GRACE):
            with suppress(StartError):  # it has ended already, or has not begun
                child.told = await child.call("stop")
                child.link.end()
                await child.ended.wait()
        child.process.kill()
        await child.ended.wait()

    def _pass_on(self, child: Child, topic: str, data: Any) -> None:
        self._house.family.heard(topic, data)
        self._group.tell("heard", topic, data, but=child)
