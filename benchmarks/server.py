"""A server while it runs: started on its core, asked until it answers rightly, stopped by its process id."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmarks import usage
from benchmarks.cores import pinned
from benchmarks.errors import ServerError
from benchmarks.probe import answers_rightly
from benchmarks.workloads import ZONE, entries

_START: Final = 20.0
"""Seconds that a server has until it answers."""

_STOP: Final = 10.0
_TAIL: Final = 2000  # characters of its log that an error shows


class Server:
    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.port = port
        self._process = process
        self._log = log

    def cpu_seconds(self) -> float:
        return usage.cpu_seconds(self._process.pid)

    def resident(self) -> int:
        return usage.resident(self._process.pid)

    def check(self) -> None:
        """Raises ServerError where it has ended, or answers otherwise than it should."""
        self._see_to_life()
        name, address = next(entries())
        if not answers_rightly(self.port, f"{name}.{ZONE}", address, patience=2.0):
            raise self._failure("gives no right answer")

    def wait_until_it_answers(self) -> None:
        name, address = next(entries())
        for _ in range(int(_START / 0.1)):
            self._see_to_life()
            if answers_rightly(self.port, f"{name}.{ZONE}", address, patience=0.1):
                return
        raise self._failure(f"gives no right answer within {_START:g} s of its start")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # It leads a process group of its own: what is left of that is its children.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _see_to_life(self) -> None:
        status = self._process.poll()
        if status is not None:
            raise self._failure(f"ended by itself with status {status}")

    def _failure(self, what: str) -> ServerError:
        said = self._log.read_text(errors="replace")[-_TAIL:].strip()
        return ServerError(f"{self.name} {what}. It said: {said or 'nothing'}")


@contextmanager
def running(name: str, command: Sequence[str | Path], folder: Path, port: int, core: int) -> Iterator[Server]:
    """A server that answers. Raises ServerError where it does not come to that."""
    log = folder / "log"
    try:
        with pinned(core), log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    except OSError as error:
        raise ServerError(f"{name} cannot be started: {error}") from error
    server = Server(name, port, process, log)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()
