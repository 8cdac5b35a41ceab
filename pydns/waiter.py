"""Where who asked waits until something has come: with its task, or set aside without one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from trio.lowlevel import Abort, Task, current_task, reschedule, wait_task_rescheduled


class Waiter:
    """One place to wait, for one who waits at a time: `await` it.

    That returns when it is woken next, or for no reason. Look whether there is still something to wait for first, and
    each time again.

    Where it `may_be_set_aside` it yields itself to whoever drives the coroutine. Only the crew knows that trap (see
    `pydns.crew`), so nobody else may ask for it: it sets `resume`, which `wake` calls once.
    """

    __slots__ = ("_task", "may_be_set_aside", "resume")

    def __init__(self, may_be_set_aside: bool = False) -> None:
        self.may_be_set_aside = may_be_set_aside
        self.resume: Callable[[Waiter], None] | None = None
        self._task: Task | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        if self.may_be_set_aside:
            return iter((self,))  # type: ignore[return-value]  # any iterator will do, and this one is no Python code
        return self.wait().__await__()

    async def wait(self) -> None:
        """Waits with the task."""
        self.resume = None
        self._task = current_task()
        await wait_task_rescheduled(self._abort)

    def wake(self, _: object = None) -> None:
        """Has who waits here go on; nothing where nobody does, or where it was woken already."""
        resume, task = self.resume, self._task
        if resume is not None:
            self.resume = None
            resume(self)
        elif task is not None:
            self._task = None
            reschedule(task)

    def _abort(self, _: Any) -> Abort:
        self._task = None
        return Abort.SUCCEEDED
