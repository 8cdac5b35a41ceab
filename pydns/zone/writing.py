"""Whether somebody is about to write a file: what it holds at this moment may be half of it, and look whole."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Sequence
from typing import Final

import trio

PATIENCE: Final = 10.0
"""Seconds that a file is waited for; who holds it open for longer may never close it."""

_PAUSE: Final = 0.1  # seconds between two looks


async def closed_by_writers(paths: Sequence[str]) -> bool:
    """Waits until nobody has any of the files open for writing; False where one still has after `PATIENCE`."""
    with trio.move_on_after(PATIENCE):
        while await trio.to_thread.run_sync(_any_is_written, paths, abandon_on_cancel=True):  # noqa: ASYNC110 -- no event tells of it
            await trio.sleep(_PAUSE)
        return True
    return False


def is_written(path: str) -> bool:
    """True where somebody has the file open for writing; False where that cannot be told, too. Blocks.

    The kernel gives a read lease on a file only while nobody has (fcntl(2)), to its owner and to root, and on network
    file systems to nobody.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        # Who opens it just now has a signal sent to us: SIGIO, which would end the process, unless we say another.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _any_is_written(paths: Sequence[str]) -> bool:
    return any(map(is_written, paths))
