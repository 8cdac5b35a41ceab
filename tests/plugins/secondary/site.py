"""Two primaries, and a keeper that asks them and has published these zones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from pydns.metrics import Metrics
from pydns.transfer.client import Primary
from pydns.transfer.directory import Directory
from pydns.transfer.errors import KeyMissingError
from pydns.zone.difference import Delta
from pydns.zone.zone import Zone
from pydns_plugins.secondary.counts import Counts
from pydns_plugins.secondary.keeper import Keeper
from pydns_plugins.secondary.silence import Silence
from tests.pydns.transfer.messages import ORIGIN
from tests.pydns.transfer.primary import FakePrimary


class Site:
    def __init__(self) -> None:
        self.peers = FakePrimary(), FakePrimary()
        self.published: list[Zone] = []
        self.metrics = Metrics()
        self.expires = 0.0
        self.fault: Exception | None = None
        """Raised by the next `publish`."""
        self.keyless = 0
        """How often the key is missing yet."""
        self.silence = Silence()
        self._asked: Sequence[FakePrimary] = ()
        self._limiter = trio.CapacityLimiter(2)
        self._happened = trio.Event()

    def keeper(self, directory: Path | None = None, peers: int = 1) -> Keeper:
        self._asked = self.peers[:peers]
        return Keeper(ORIGIN, self, Counts(self.metrics), Directory(directory) if directory is not None else None)

    def primaries(self, _: bytes) -> Sequence[Primary]:
        if self.keyless:
            self.keyless -= 1
            raise KeyMissingError("no key")
        return [peer.primary() for peer in self._asked]

    def limiter(self, _: Primary) -> trio.CapacityLimiter:
        return self._limiter

    def confirmed(self, _: bytes, expires: float) -> None:
        self.expires = expires

    async def publish(self, zone: Zone, _: Delta | None) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.published.append(zone)
        self._happened.set()
        self._happened = trio.Event()

    async def until_published(self, serial: int) -> None:
        while not self.published or self.published[-1].serial != serial:
            await self._happened.wait()

    def checks(self) -> dict[str, float]:
        """How often a primary was asked, by what came of it."""
        found = self.metrics.counter("pydns_secondary_checks_total", "", "zone", "primary", "result").values
        sums: dict[str, float] = {}
        for (_, _, result), count in found.items():
            sums[result] = sums.get(result, 0) + count
        return sums


@asynccontextmanager
async def running(keeper: Keeper) -> AsyncIterator[Keeper]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keeper.run)
        yield keeper
        nursery.cancel_scope.cancel()


async def until_asked(peer: FakePrimary, count: int) -> None:
    while len(peer.asked) < count:
        await peer.asked_now.wait()
