"""Something that is done once when the tasks that are ready now have run, however often it was asked for.

Replies that many tasks give in one turn of trio's scheduler so leave together, in one system call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio
from trio.lowlevel import Abort, cancel_shielded_checkpoint, current_task, reschedule, wait_task_rescheduled


class TickEnd:
    """Calls `act` at the end of each tick in which `arm` was called, while `run` runs."""

    __slots__ = ("_act", "_armed", "_task")

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._armed = False
        self._task: trio.lowlevel.Task | None = None

    def arm(self) -> None:
        """Has `act` called soon. Costs next to nothing where it was asked for already."""
        if not self._armed and self._task is not None:
            self._armed = True
            reschedule(self._task)

    @property
    def runs(self) -> bool:
        """Whether `arm` leads to anything."""
        return self._task is not None or self._armed

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        def abort(_: Any) -> Abort:
            self._task = None  # from now on nobody may reschedule it
            return Abort.SUCCEEDED

        try:
            self._task = task = current_task()
            self._armed = False  # where an earlier run was cancelled
            task_status.started()
            while True:
                await wait_task_rescheduled(abort)
                # Woken in this tick, it would run among the others of the next: once more round, and it is behind them.
                await cancel_shielded_checkpoint()
                self._act()  # while `_armed` is set still: what it asks for itself is done by it
                self._armed = False
                self._task = task
        finally:
            self._task = None
