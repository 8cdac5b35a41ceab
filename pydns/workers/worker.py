"""The worker process: it serves what its parent tells it to, and ends with it.

`python -m pydns.workers.worker DESCRIPTOR`, the descriptor being one end of a pair of Unix sockets.
"""

from __future__ import annotations

import faulthandler
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.collector import spare
from pydns.errors import CorefileErrorGroup, StartError, ungrouped
from pydns.listen.activation import Inherited
from pydns.listen.sockets import Sharing
from pydns.logs import LineWriter, configure
from pydns.plugin import House
from pydns.serving import Change, Serving
from pydns.setup import configure as made_of
from pydns.workers.link import Link
from pydns.workers.merge import Told, tell
from pydns.workers.parts import WorkerPart
from pydns.workers.relatives import WorkerFamily

if TYPE_CHECKING:
    from pydns.setup import Place
    from pydns.workers.channel import Descriptor
    from pydns.workers.parts import Order

_LAST_WORDS: Final = 1.0  # seconds in which the rest of the log is written at the end

# The parent decides about all of these; systemd sends them to all processes of a unit. The last one comes to who writes
# to a terminal without being in the foreground.
_IGNORED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGTTOU)


class Worker:
    """What the parent calls. `run` ends when the parent says so, or is gone."""

    def __init__(self, sock: socket.socket, writer: LineWriter) -> None:
        self._writer = writer
        calls = (self.begin, self.prepare, self.swap, self.stopping, self.stop, self.report, self.metrics, self.ping)
        self._link = Link(sock, {call.__name__: call for call in calls}, {"discard": self.discard, "heard": self.heard})
        self._family: WorkerFamily
        self._house: House
        self._serving: Serving
        self._count = 1  # workers, before the change that is being prepared
        self._change: Change | None = None
        self._preparing: trio.CancelScope | None = None
        self._nursery: trio.Nursery
        self._begun = False
        self._stopped = False

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await self._link.run()
            nursery.cancel_scope.cancel()

    async def begin(self, number: int, quiet: bool, secret: bytes, sockets: Sequence[Descriptor]) -> None:
        # What all workers would tell alike, one tells.
        configure(self._writer, logging.WARNING if number else logging.INFO, quiet=quiet)
        self._family = WorkerFamily(number, secret, self._link)
        self._begun = True
        self._house = House(lines=self._writer, family=self._family)
        self._writer.count_in(self._house.metrics)
        given = Inherited(socket.socket(fileno=descriptor.number) for descriptor in sockets)
        self._serving = Serving(self._house, given)
        await self._nursery.start(self._serving.run)

    async def prepare(self, order: Order, ports: dict[Place, int], beside: set[int]) -> dict[Place, int]:
        """Gets ready to change over, and says where it listens."""
        self._family.count, self._count = order.workers, self._family.count
        with trio.CancelScope() as self._preparing:
            configuration = await trio.to_thread.run_sync(made_of, order.corefile, order.port)
            if configuration.digest != order.digest:
                raise StartError("a file changed while it was read")  # the parent tries again
            part = WorkerPart(beside, ports, Sharing.FIRST)
            with ungrouped(CorefileErrorGroup, StartError):
                self._change = await self._serving.prepare(configuration, part)
        if self._change is None:
            raise StartError("given up")
        bound = {place: each.port for place, each in (self._serving.bound | self._change.fresh).items()}
        return {place: bound.get(place, part.port(place)) for place in self._change.targets}

    def discard(self) -> None:
        """What was prepared, or is being prepared, is not taken up."""
        if self._preparing is not None:
            self._family.count = self._count
            self._preparing.cancel()
        if self._change is not None:
            self._serving.discard(self._change)
        self._preparing = self._change = None

    async def swap(self) -> None:
        change, self._change, self._preparing = self._change, None, None
        if change is None:
            raise StartError("nothing is prepared")
        first = self._serving.change is None
        try:
            await self._serving.join(change)
        except BaseException:
            self._serving.discard(change)
            raise
        self._serving.swap(change)
        if first:
            self._serving.inherited = None
            spare()

    async def stopping(self) -> None:
        await self._serving.stopping()

    async def stop(self) -> list[Told]:
        """Drains, and gives what was counted to the last."""
        await self._serving.drain()
        self._nursery.start_soon(self._end)
        return await self.metrics()

    async def _end(self) -> None:
        await trio.sleep(_LAST_WORDS)  # the parent closes its end when it has the answer
        self._nursery.cancel_scope.cancel()

    async def report(self, block: int, place: int, name: str) -> Any:
        """Of the plugin at that place."""
        change = self._serving.change
        blocks = () if change is None else change.configuration.blocks
        plugins = blocks[block].plugins if block < len(blocks) else ()
        if place >= len(plugins) or plugins[place].name != name:
            raise StartError(f"no plugin {name} there now")
        return plugins[place].report()

    async def metrics(self) -> list[Told]:
        found = []
        for metric in self._house.metrics.read():
            found.append(tell(metric))
            await trio.lowlevel.checkpoint()
        return found

    async def ping(self) -> None:
        pass

    def heard(self, topic: str, data: Any) -> None:
        if self._begun:  # who has no plugins yet asks for what was said before
            self._family.heard(topic, data)


def main() -> None:
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    faulthandler.enable(2)
    writer = LineWriter()
    configure(writer)
    writer.start()
    try:
        trio.run(_run, socket.socket(fileno=int(sys.argv[1])), writer)
    finally:
        logging.getLogger().handlers.clear()
        writer.close(_LAST_WORDS)


async def _run(sock: socket.socket, writer: LineWriter) -> None:
    await Worker(sock, writer).run()


if __name__ == "__main__":
    main()
