"""Whether somebody is about to write a file: what it holds at this moment may be half of it, and look whole."""

from __future__ import annotations

import fcntl
import signal
import time
from typing import Final

PATIENCE: Final = 10.0
"""Seconds that a file is waited for; who holds it open for longer may never close it."""

_PAUSE: Final = 0.1  # seconds between two looks


def closed_by_writers(descriptor: int) -> bool:
    """Waits until nobody has the file open for writing; False where somebody still has after `PATIENCE`. Blocks.

    `descriptor` is open for reading alone.
    """
    deadline = time.monotonic() + PATIENCE
    while is_written(descriptor):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True


def is_written(descriptor: int) -> bool:
    """True where somebody has the file open for writing; False where that cannot be told, too.

    The kernel gives a read lease on a file only while nobody has (fcntl(2)), to its owner and to root, and on network
    file systems to nobody.
    """
    try:
        # Who opens it just now has a signal sent to us: SIGIO, which would end the process, unless we say another.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
