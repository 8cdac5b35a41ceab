"""Long work in steps of a few milliseconds, so that no query waits for all of it."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final, TypeVar

import trio

T = TypeVar("T")

SLICE: Final = 0.002
"""Seconds of work on the loop before others have their turns."""

_LONGEST: Final = 0.006  # seconds that these may take together, so that the work goes on where much is asked

_IDLE: Final = 3  # turns of the loop in which nobody is seen to have anything to do


async def in_slices(steps: Generator[None, None, T]) -> T:
    """Does the steps on the loop, with turns for others in between."""
    while True:
        await give_way()
        end = time.perf_counter() + SLICE
        while time.perf_counter() < end:
            try:
                next(steps)
            except StopIteration as done:
                result: T = done.value
                return result


async def give_way() -> None:
    """Others do what they have to do now. A query may take ten turns of the loop, and shall not wait in each."""
    end = time.perf_counter() + _LONGEST
    idle = 0
    # Who has his turn behind us in the same turn of the loop is not seen here, and may wake others.
    while idle < _IDLE and time.perf_counter() < end:
        await trio.lowlevel.checkpoint()
        idle = 0 if trio.lowlevel.current_statistics().tasks_runnable else idle + 1


def whole(steps: Generator[None, None, T]) -> T:
    """All steps at once: where little is to be done, or nobody waits meanwhile."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result


def letting_go(parts: list[Any]) -> Generator[None, None, None]:
    """Takes all out of a list, one a step: what nobody else holds is freed then, and not at once."""
    while parts:
        parts.pop()
        yield
