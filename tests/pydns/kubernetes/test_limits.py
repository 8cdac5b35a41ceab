from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from pydns.kubernetes.limits import Limits


async def times(limits: Limits, number: int) -> list[float]:
    found = []
    for _ in range(number):
        await limits.turn()
        found.append(round(trio.current_time(), 3))
    return found


@pytest.mark.parametrize(("limits", "expected"), [
    ((), [0, 0, 0, 0]),
    ((2, 1), [0, 0.5, 1, 1.5]),
    ((2, 3), [0, 0, 0, 0.5]),
    ((0, 1), [0, 0.2, 0.4, 0.6]),
])  # fmt: skip
async def test_turns(limits: tuple[int, ...], expected: list[float], clock: MockClock) -> None:
    assert await times(Limits(*limits), 4) == expected


async def test_a_rate_alone_has_a_burst(clock: MockClock) -> None:
    assert (await times(Limits(rate=1), 12))[9:] == [0, 1, 2]


async def test_rest_gives_the_burst_back(clock: MockClock) -> None:
    limits = Limits(rate=1, burst=2)
    await times(limits, 3)
    await trio.sleep(100)
    assert await times(limits, 3) == [101, 101, 102]
