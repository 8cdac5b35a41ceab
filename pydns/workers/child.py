"""One worker, as its parent sees it: a process, and the link to it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.errors import StartError
from pydns.workers.link import Handler, Link

if TYPE_CHECKING:
    from pydns.workers.merge import Told

log = logging.getLogger("pydns.workers")

_INTERVAL: Final = 5.0  # seconds between two questions whether its loop turns
_PATIENCE: Final = 30.0  # seconds for the answer
_LAST_WORDS: Final = 5.0  # seconds in which a worker that is stuck tells where, and ends


class Child:
    """Runs from `run` until its process has ended. `told` is the last that it told of its metrics."""

    def __init__(self, number: int, handlers: Mapping[str, Handler], hears: Mapping[str, Callable[..., None]]) -> None:
        self.number = number
        self.told: list[Told] = []
        self.link: Link
        self.process: trio.Process
        self.since = trio.current_time()
        self.is_leaving = False  # its end is wanted
        self.ended = trio.Event()
        self._handlers = handlers
        self._hears = hears

    def __str__(self) -> str:
        return f"worker {self.number + 1} (process {self.process.pid})"

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Raises StartError where no process can be had. Cancelled, it kills the process."""
        ours, theirs = socket.socketpair()
        self.link = Link(ours, self._handlers, self._hears)
        try:
            self.process = await _start(theirs.fileno())
        except OSError as error:
            ours.close()
            raise StartError(f"no process can be started: {error.strerror or error}") from error
        finally:
            theirs.close()
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._keep_linked)
                nursery.start_soon(self._keep_asking)
                task_status.started()
                await self.process.wait()
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                if self.process.returncode is None:
                    self.process.kill()
                await self.process.wait()
            self.ended.set()

    async def _keep_linked(self, *, task_status: trio.TaskStatus[None]) -> None:
        """A process that nobody can tell anything any more ends by itself, or is ended."""
        await self.link.run(task_status=task_status)
        await trio.sleep(_LAST_WORDS)
        self.process.kill()

    async def call(self, name: str, *arguments: Any) -> Any:
        """Raises StartError, which says whose it is."""
        try:
            return await self.link.call(name, *arguments)
        except StartError as error:
            raise StartError(f"worker {self.number + 1}: {error}") from error

    @property
    def end(self) -> str:
        """How it ended."""
        status = self.process.returncode
        if status is not None and status < 0:
            return f"by {signal.Signals(-status).name}"
        return f"with status {status}"

    async def _keep_asking(self) -> None:
        """Ends it where its loop does not turn, as systemd's watchdog would."""
        while True:
            await trio.sleep(_INTERVAL)
            try:
                with trio.fail_after(_PATIENCE):
                    await self.link.call("ping")
            except trio.TooSlowError:
                log.error("%s has not answered for %g s and is ended", self, _PATIENCE)
                self.process.send_signal(signal.SIGABRT)  # it writes to standard error where it is
                await trio.sleep(_LAST_WORDS)
                self.process.kill()
            except StartError:
                return


async def _start(descriptor: int) -> trio.Process:
    """In a process group of its own, so that what is typed at a terminal goes to the parent alone."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return await trio.lowlevel.open_process(
        [sys.executable, "-P", "-m", "pydns.workers.worker", str(descriptor)],
        pass_fds=[descriptor],
        env=environment,
        stdin=subprocess.DEVNULL,
        process_group=0,
    )
