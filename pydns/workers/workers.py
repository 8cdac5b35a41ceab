"""The workers of a parent: started, changed over all at once or not at all, replaced when they die, stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import trio

from pydns.errors import StartError, ungrouped
from pydns.listen.activation import Inherited
from pydns.metrics import Metrics
from pydns.serving import GRACE, Part, Serving
from pydns.setup import Configuration, Place
from pydns.workers.channel import Descriptor
from pydns.workers.child import Child
from pydns.workers.given import Given
from pydns.workers.merge import add, outlives, tell
from pydns.workers.relatives import ParentFamily
from pydns.workers.tables import Tables

if TYPE_CHECKING:
    from pydns.corefile.tree import Corefile
    from pydns.plugin import Plugin

log = logging.getLogger("pydns.workers")

_PATIENCE: Final = 2.0  # seconds for an answer that a page waits for
_FIRST_PAUSE: Final = 1.0  # seconds before a worker is replaced whose forerunner died soon; doubled each time
_LONGEST_PAUSE: Final = 60.0
_SOON: Final = 60.0  # seconds: who lived longer is replaced at once


class ParentPart(Part):
    """The parent's: the pages, and the plugins that must be there once."""

    answers = False

    def runs(self, plugin: Plugin) -> bool:
        return plugin.single


class Order(NamedTuple):
    """What workers are told to serve. `port` is for keys that name none; `digest` is what the parent made of it."""

    corefile: Corefile
    port: int
    digest: str
    workers: int


class Workers:
    """Those of one parent; none, for a while, where a configuration wants none. `ports`: where they listen."""

    def __init__(self, serving: Serving, quiet: bool) -> None:
        self.ports: dict[Place, int] = {}
        self._serving = serving
        self._quiet = quiet
        self._house = house = serving.house
        house.family = ParentFamily(self, house.family.secret)
        self._given = Given()
        self._tables = Tables()
        self._order: Order | None = None  # what they serve
        self._children: dict[int, Child] = {}  # those that serve, by number
        self._everyone: set[Child] = set()  # those that are starting or leaving as well
        self._departed = Metrics()  # what those counted that have ended
        self._pauses: dict[int, float] = {}  # before the last replacement, by number
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
        order = Order(configuration.corefile, configuration.blocks[0].port, configuration.digest, count)
        async with self._lock:
            part = ParentPart() if count else Part(beside=set(self.ports.values()), ports=self.ports)
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
            # From here on nothing fails.
            joined = trio.Event()
            serving.swap(change, joined)
            if self._order is None:
                self._house.metrics.forget_states()  # workers tell them
            self._children |= {child.number: child for child in fresh}
            for child in fresh:
                self._look_after(child)
            gone = [self._children.pop(number) for number in list(self._children) if number >= count]
            self._order, self.ports = (order if count else None), ports
            self._count.set(to=count)
            self._given.keep(change.routers if count else ())
            with trio.CancelScope(shield=True):
                await self._swap(self._children.values())
            joined.set()
        if gone:
            self._nursery.start_soon(self._retire, gone)

    @contextmanager
    def _inheriting(self, count: int) -> Iterator[None]:
        """Where this process is to answer itself again, it gets back what it was started with."""
        if count or not self._given:
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
        first, *others = range(order.workers)
        ports = await self._prepare_one(first, order, fresh, self.ports, own | set(self.ports.values()))
        with ungrouped(StartError):
            async with trio.open_nursery() as nursery:
                for number in others:
                    nursery.start_soon(self._prepare_one, number, order, fresh, ports, set(ports.values()))
        return ports

    async def _prepare_one(
        self, number: int, order: Order, fresh: list[Child], ports: dict[Place, int], beside: set[int]
    ) -> dict[Place, int]:
        child = self._children.get(number)
        if child is None or child.ended.is_set():
            child = await self._start(number)
            fresh.append(child)
        found: dict[Place, int] = await child.call("prepare", order, ports, beside)
        return found

    async def _start(self, number: int) -> Child:
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
        sockets = [Descriptor(sock.fileno()) for sock in self._given.sockets()]
        await child.call("begin", number, self._quiet, self._house.family.secret, sockets)
        return child

    async def _run_child(self, child: Child, *, task_status: trio.TaskStatus[None]) -> None:
        self._everyone.add(child)
        try:
            await child.run(task_status=task_status)
        finally:
            self._everyone.discard(child)
            self._tables.forget(child)
            for told in filter(outlives, child.told):
                add(told, self._departed)
        if not (child.is_leaving or self._stopping):
            log.error("%s ended %s", child, child.end)
        self._look_after(child)

    def _look_after(self, child: Child) -> None:
        """Where it served and has ended unasked, another one takes its place."""
        wanted = self._children.get(child.number) is child and not (child.is_leaving or self._stopping)
        if wanted and child.ended.is_set():
            self._restarts.add()
            del self._children[child.number]
            self._count.set(to=len(self._children))
            self._nursery.start_soon(self._replace, child.number, trio.current_time() - child.since)

    def _pause(self, number: int, lived: float) -> float:
        """None for the first one of its number; then a growing one, while they do not live long."""
        before = self._pauses.get(number)
        pause = 0.0 if before is None or lived > _SOON else min(max(_FIRST_PAUSE, 2 * before), _LONGEST_PAUSE)
        self._pauses[number] = pause
        return pause

    async def _replace(self, number: int, lived: float) -> None:
        """Starts another one in its place, again and again until that works."""
        pause = self._pause(number, lived)
        while True:
            await trio.sleep(pause)
            async with self._lock:
                order = self._order
                if order is None or number >= order.workers or number in self._children or self._stopping:
                    return  # a reload was quicker, or wants fewer
                fresh: list[Child] = []
                try:
                    await self._prepare_one(number, order, fresh, self.ports, set(self.ports.values()))
                    self._children[number] = fresh[0]
                    self._count.set(to=len(self._children))
                    await self._swap(fresh)
                    return
                except StartError as error:
                    log.error("no worker in place of that one yet: %s", error)
                    await self._discard(fresh)
            pause = self._pause(number, 0.0)

    async def _discard(self, fresh: Iterable[Child]) -> None:
        """What was prepared is not taken up; new workers end."""
        self.tell("discard")
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
        if self._order is None:
            self._share(False)

    async def stopping(self) -> None:
        """Returns when no plugin of a worker has anything left to do."""
        self._stopping = True
        await self._gather(self._children.values(), "stopping", patience=float("inf"))

    async def stop(self) -> None:
        """Has all answer what is under way, and end. Those that have not served yet end when `run` does."""
        self._stopping = True
        await self._end([each for each in self._everyone if each.is_leaving or self._children.get(each.number) is each])

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

    # What the parent's plugins ask and tell.

    async def reports(self, plugin: Plugin) -> list[Any] | None:
        """None where there are no workers."""
        for at, block in enumerate(self._house.generation(plugin)):
            if plugin in block and self._order is not None:
                found = await self._gather(self._children.values(), "report", at, block.index(plugin), plugin.name)
                return [report for _, report in found]
        return None

    async def metrics(self, own: Metrics) -> Metrics:
        for child, told in await self._gather(self._children.values(), "metrics"):
            child.told = told
        total = Metrics()
        for each in (own, self._departed):
            for metric in each.read():
                add(tell(metric), total)
        for child in self._everyone:
            for told in child.told:
                await trio.lowlevel.checkpoint()
                add(told, total)
        return total

    def tell(self, name: str, *arguments: Any, but: Child | None = None) -> None:
        for child in self._everyone:
            if child is not but:
                child.link.tell(name, *arguments)

    def _pass_on(self, child: Child, topic: str, data: Any) -> None:
        self._house.family.heard(topic, data)
        self.tell("heard", topic, data, but=child)

    async def _gather(
        self, children: Iterable[Child], name: str, *arguments: Any, patience: float = _PATIENCE
    ) -> list[tuple[Child, Any]]:
        """What they answer; who does not in time is left out."""
        found: dict[int, tuple[Child, Any]] = {}

        async def ask(child: Child) -> None:
            with trio.move_on_after(patience):
                try:
                    found[child.number] = child, await child.call(name, *arguments)
                except StartError as error:
                    log.debug("%s: %s", name, error)

        async with trio.open_nursery() as nursery:
            for child in tuple(children):
                nursery.start_soon(ask, child)
        return [found[number] for number in sorted(found)]
