"""Signals that come before the server is there to receive them: as it starts it takes some 0.3 s to import and read.

Their default is to end the process, a wish for a reload as well; and what is process 1, as in a container, gets none of
them, and would run on until it is killed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STOPPING: Final = frozenset((signal.SIGTERM, signal.SIGQUIT))
RELOADING: Final = frozenset((signal.SIGHUP, signal.SIGUSR1))


def hear_early() -> None:
    """Nothing runs yet: to stop is to leave, and what would be read anew was not read yet."""
    for number in STOPPING:
        # At once: an exception that is raised within an import may be swallowed there.
        signal.signal(number, lambda number, frame: os._exit(0))
    for number in RELOADING:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """While it is open signals wait; `let_through` ends that before. Threads that are started meanwhile get none."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING | RELOADING)
    try:
        yield
    finally:
        let_through()


def let_through() -> None:
    """What waits comes now, to whoever receives it by now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING | RELOADING)
