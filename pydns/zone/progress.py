"""A line on the terminal that tells how far a large zone is read."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from pydns.names import to_text

if TYPE_CHECKING:
    from pydns.zone.builder import Builder

_PATIENCE: Final = 1.0  # seconds after which somebody may wonder
_EVERY: Final = 0.2
_CLEAR: Final = "\x1b[K\r"  # the rest of the line, so that what is written next stands alone


async def show_progress(origin: bytes, builder: Builder, descriptor: int | None = None) -> None:
    """Until it is cancelled. Nothing where `descriptor`, standard error's, is no terminal."""
    try:
        terminal = sys.stderr.fileno() if descriptor is None else descriptor
    except (AttributeError, OSError, ValueError):  # there is none
        return
    if not os.isatty(terminal):
        return
    await trio.sleep(_PATIENCE)
    name = to_text(origin)
    try:
        while True:
            await _write(terminal, f"{name}: {builder.records:,} records read{_CLEAR}")
            await trio.sleep(_EVERY)
    finally:
        with trio.move_on_after(_EVERY, shield=True):
            await _write(terminal, _CLEAR)


async def _write(terminal: int, text: str) -> None:
    # A terminal that somebody has stopped takes nothing, for as long as he likes.
    await trio.to_thread.run_sync(partial(_write_now, terminal, text.encode()), abandon_on_cancel=True)


def _write_now(terminal: int, text: bytes) -> None:
    with suppress(OSError):
        os.write(terminal, text)
