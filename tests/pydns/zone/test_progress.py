"""What a terminal shows while a large zone is read."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.zone.builder import Builder
from pydns.zone.progress import show_progress
from tests.pydns.zone.zones import ORIGIN


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Its end and the program's."""
    own, programs = pty.openpty()
    yield own, programs
    os.close(own)
    os.close(programs)


async def test_it_counts_records_and_leaves_an_empty_line(
    terminal: tuple[int, int], mock_clock: MockClock, nursery: trio.Nursery
) -> None:
    own, programs = terminal
    builder = Builder(ORIGIN)
    builder.records = 350_000
    nursery.start_soon(show_progress, ORIGIN, builder, programs)
    await wait_all_tasks_blocked()
    mock_clock.jump(1.0)
    assert await _next(own) == b"example.org.: 350,000 records read\x1b[K\r"
    nursery.cancel_scope.cancel()
    with trio.CancelScope(shield=True):
        assert await _next(own) == b"\x1b[K\r"


async def _next(own: int) -> bytes:
    """What is written next, by a thread."""
    await trio.lowlevel.wait_readable(own)
    return os.read(own, 1000)


async def test_a_small_zone_shows_nothing(terminal: tuple[int, int], autojump_clock: trio.abc.Clock) -> None:
    own, programs = terminal
    with trio.move_on_after(0.5):
        await show_progress(ORIGIN, Builder(ORIGIN), programs)
    os.set_blocking(own, False)
    with pytest.raises(BlockingIOError):
        os.read(own, 1000)


async def test_only_a_terminal_shows_it() -> None:
    reading, writing = os.pipe()
    await show_progress(ORIGIN, Builder(ORIGIN), writing)
    os.close(writing)
    assert os.read(reading, 100) == b""
    os.close(reading)
