"""Where who asked waits until something has come: with its task, or set aside without one."""

from __future__ import annotations

import types
from collections.abc import Callable, Generator
from typing import Any

from trio.lowlevel import Abort, Task, current_task, reschedule, wait_task_rescheduled


class Waiter:
    """One place to wait, for one who waits at a time.

    Where it `may_be_set_aside`, `wait` yields the waiter itself to whoever drives the coroutine: only the crew knows
    that trap (see `pydns.crew`), so nobody else may ask for it. It sets `resume`, which `wake` calls once. What it then
    sends into the coroutine says how to go on: nothing where it was woken, True where it must wait with its task after
    all.
    """

    __slots__ = ("_task", "may_be_set_aside", "resume")

    def __init__(self, *, may_be_set_aside: bool = False) -> None:
        self.may_be_set_aside = may_be_set_aside
        self.resume: Callable[[Waiter], None] | None = None
        self._task: Task | None = None

    async def wait(self) -> None:
        """Returns when it is woken next. Look whether there is still something to wait for first."""
        if self.may_be_set_aside and not await _yielded(self):
            return
        self.resume = None
        self._task = current_task()
        await wait_task_rescheduled(self._abort)

    def wake(self) -> None:
        """Has who waits here go on; nothing where nobody does, or where it was woken already."""
        resume, self.resume = self.resume, None
        task, self._task = self._task, None
        if resume is not None:
            resume(self)
        elif task is not None:
            reschedule(task)

    def _abort(self, _: Any) -> Abort:
        self._task = None
        return Abort.SUCCEEDED


@types.coroutine
def _yielded(waiter: Waiter) -> Generator[Waiter, bool | None, bool | None]:
    return (yield waiter)
