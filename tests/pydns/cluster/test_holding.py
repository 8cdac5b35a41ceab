"""Zones that can be transferred are made after changes, not more often than is good, and told where they differ."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import trio
from trio.testing import MockClock

from pydns.cluster.holding import PAUSE, Holding
from pydns.names import from_text
from pydns.records import Type
from pydns.zone.builder import Builder
from pydns.zone.zone import Zone

ORIGIN = from_text("cluster.local")


class Source:
    def __init__(self) -> None:
        self.serial = 1
        self.addresses = [b"\x0a\0\0\1"]
        self.known = True
        self.made = 0

    def make(self) -> Generator[None, None, Zone] | None:
        return self._steps() if self.known else None

    def _steps(self) -> Generator[None, None, Zone]:
        self.made += 1
        builder = Builder(ORIGIN)
        if self.serial:
            builder.add(ORIGIN, Type.SOA, 5, b"\0\0" + self.serial.to_bytes(4) + bytes(16))
        for i in range(10):  # a journal tells no more than the zone has
            builder.add(b"\x01%d" % i + ORIGIN, Type.A, 5, bytes(4))
        for address in self.addresses:
            builder.add(b"\x01a" + ORIGIN, Type.A, 5, address)
        yield
        return (yield from builder.finish())


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def holding(source: Source, nursery: trio.Nursery, autojump_clock: MockClock) -> Holding:
    found = Holding({ORIGIN: source.make})
    nursery.start_soon(found.run)
    found.change()
    await trio.sleep(0.1)
    return found


async def test_it_is_made_after_a_change(source: Source, holding: Holding) -> None:
    (held,) = holding.held
    assert held.zone is not None
    assert held.zone.serial == 1
    told: list[int] = []
    held.listeners.append(lambda: told.append(held.zone.serial if held.zone else 0))
    source.serial, source.addresses = 2, [b"\x0a\0\0\2"]
    for _ in range(50):
        holding.change()
        await trio.sleep(PAUSE / 100)
    await trio.sleep(2 * PAUSE)
    assert source.made == 2
    assert told == [2]
    deltas = held.since(1)
    assert deltas is not None
    assert [(len(delta.removed), len(delta.added)) for delta in deltas] == [(1, 1)]


async def test_what_is_new_elsewhere_is_no_version_of_its_own(source: Source, holding: Holding) -> None:
    (held,) = holding.held
    source.serial = 9
    holding.change()
    await trio.sleep(2 * PAUSE)
    assert source.made == 2
    assert held.zone is not None
    assert held.zone.serial == 1


async def test_what_cannot_be_made_is_not_there(
    source: Source, holding: Holding, caplog: pytest.LogCaptureFixture
) -> None:
    source.serial = 0
    holding.change()
    await trio.sleep(2 * PAUSE)
    assert holding.held[0].zone is None
    assert "cluster.local. cannot be transferred: " in caplog.text


async def test_while_nothing_is_known_nothing_changes(source: Source, holding: Holding) -> None:
    before = holding.held[0].zone
    source.known = False
    holding.change()
    await trio.sleep(2 * PAUSE)
    assert holding.held[0].zone is before


async def test_an_heir_tells_what_changed_since(source: Source, holding: Holding, nursery: trio.Nursery) -> None:
    heir = Holding({ORIGIN: source.make})
    heir.inherit(holding)
    source.serial, source.addresses = 3, []
    nursery.start_soon(heir.run)
    heir.change()
    await trio.sleep(0.1)
    deltas = heir.held[0].since(1)
    assert deltas is not None
    assert [delta.new_serial for delta in deltas] == [3]
