"""Long work in steps of a few milliseconds, so that no query waits for all of it."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Final, TypeVar

import trio

T = TypeVar("T")

SLICE: Final = 0.002  # seconds of work on the loop before others have their turn


async def in_slices(steps: Generator[None, None, T]) -> T:
    """Does the steps on the loop, with turns for others in between."""
    while True:
        await trio.lowlevel.checkpoint()
        end = time.perf_counter() + SLICE
        while time.perf_counter() < end:
            try:
                next(steps)
            except StopIteration as done:
                result: T = done.value
                return result


def whole(steps: Generator[None, None, T]) -> T:
    """All steps at once: where little is to be done, or nobody waits meanwhile."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
