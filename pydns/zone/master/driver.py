"""Takes the steps of `reader.read_zone`: all at once, or on the loop of a server."""

from __future__ import annotations

import time
from typing import Any

import trio

from pydns.steps import SLICE, give_way
from pydns.zone.master.reader import Steps
from pydns.zone.master.reading import Reading


def read_whole(steps: Steps) -> Reading:
    """Where nobody waits meanwhile."""
    send: Any = None
    error: Exception | None = None
    while True:
        try:
            wanted = steps.send(send) if error is None else steps.throw(error)
        except StopIteration as done:
            reading: Reading = done.value
            return reading
        send = error = None
        if wanted is not None:
            try:
                send = wanted()
            except Exception as raised:  # for the reader to judge
                error = raised


async def read_on_loop(steps: Steps) -> Reading:
    """With turns for others in between; what may block is done in a thread."""
    send: Any = None
    error: Exception | None = None
    end = 0.0
    while True:
        if time.perf_counter() >= end:
            await give_way()
            end = time.perf_counter() + SLICE
        try:
            wanted = steps.send(send) if error is None else steps.throw(error)
        except StopIteration as done:
            reading: Reading = done.value
            return reading
        send = error = None
        if wanted is not None:
            try:
                send = await trio.to_thread.run_sync(wanted, abandon_on_cancel=True)
            except Exception as raised:  # for the reader to judge
                error = raised
