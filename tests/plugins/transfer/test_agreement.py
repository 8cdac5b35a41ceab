from __future__ import annotations

from typing import Any

import trio
import trio.testing

from pydns.family import Family
from pydns.zone.holder import Held
from pydns_plugins.transfer.agreement import PATIENCE, Agreement
from tests.plugins.transfer.asking import held, zone


class Process(Family):
    """One of three. What it says is heard by the others at once."""

    def __init__(self, number: int, all_: list[Process]) -> None:
        super().__init__()
        self.number = number
        self.count = 3
        self._all = all_
        self.told: list[int] = []
        self.held = held(zone(1))
        self.agreement = Agreement(self, self.tell)
        self._hears = self.agreement.hearing()
        self._hears.__enter__()

    def tell(self, held: Held) -> None:
        assert held.zone is not None
        self.told.append(held.zone.serial)

    def publish(self, serial: int) -> None:
        self.held.publish(zone(serial))
        self.agreement.published(self.held)

    def say(self, topic: str, data: Any) -> None:
        for each in self._all:
            if each is not self:
                each.heard(topic, data)


def family() -> list[Process]:
    found: list[Process] = []
    for number in range(3):
        found.append(Process(number, found))
    return found


async def test_the_first_tells_when_the_last_has_it() -> None:
    first, second, third = family()
    first.publish(2)
    second.publish(2)
    assert not first.told
    third.publish(2)
    assert (first.told, second.told, third.told) == ([2], [], [])


async def test_where_the_first_is_the_last_it_tells_at_once() -> None:
    first, second, third = family()
    second.publish(2)
    third.publish(2)
    first.publish(2)
    assert first.told == [2]


async def test_another_version_does_not_count() -> None:
    first, second, third = family()
    for process, serial in ((first, 3), (second, 2), (third, 3)):
        process.publish(serial)
    assert not first.told
    second.publish(3)
    assert first.told == [3]


async def test_it_waits_no_longer_than_it_has_patience(autojump_clock: trio.testing.MockClock) -> None:
    first, second, _ = family()
    first.publish(2)
    second.publish(2)
    await trio.sleep(PATIENCE - 0.1)
    first.agreement.look()
    assert not first.told
    await trio.sleep(0.2)
    first.agreement.look()
    first.agreement.look()
    assert first.told == [2]


async def test_a_zone_that_never_rests_is_told_of_as_well(autojump_clock: trio.testing.MockClock) -> None:
    """By updates it may have a version each second, or a hundred, and the others are one behind."""
    first, second, third = family()
    for serial in range(2, 10):
        first.publish(serial)
        for other in (second, third):
            other.publish(serial - 1)
        await trio.sleep(1)
        first.agreement.look()
    assert first.told == [6]


async def test_a_process_that_is_alone_tells_at_once() -> None:
    told: list[Held] = []
    zones = held(zone(1))
    Agreement(Family(), told.append).published(zones)
    assert told == [zones]


async def test_a_zone_that_is_not_there_is_told_of_by_nobody() -> None:
    told: list[Held] = []
    Agreement(Family(), told.append).published(held())
    assert not told
