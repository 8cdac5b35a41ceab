"""What blocks, in a thread: a disk may hang."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import trio

T = TypeVar("T")


async def aside(act: Callable[[], T]) -> T:
    return await trio.to_thread.run_sync(act)
