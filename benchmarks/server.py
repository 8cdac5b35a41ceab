"""A server while it runs: started on its core, asked until it answers rightly, stopped by its process id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from benchmarks import usage
from benchmarks.cores import pinned
from benchmarks.errors import ServerError
from benchmarks.probe import answers_rightly
from benchmarks.workloads import FIRST_ADDRESS

_START: Final = 60.0
"""Seconds that a server has until it answers: a million names take some of them many."""

_LOOK: Final = 0.01  # seconds between two looks whether it answers
_STOP: Final = 10.0
_TAIL: Final = 2000  # octets of its log that an error shows


class Server:
    """`witness`: the name whose address tells that it is there, and has its names. `start_seconds`: from the start of
    its process to the first right answer."""

    start_seconds: float

    def __init__(self, name: str, port: int, witness: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.port = port
        self.log = log
        self._witness = witness
        self._process = process

    def cpu_seconds(self) -> float:
        return usage.cpu_seconds(self._process.pid)

    def resident(self) -> int:
        return usage.resident(self._process.pid)

    def settled(self, patience: float = 15.0) -> int:
        """Octets in RAM once it has come to rest: it does next to nothing, and takes no more or less than before."""
        end, before, cpu = time.monotonic() + patience, self.resident(), self.cpu_seconds()
        while time.monotonic() < end:
            time.sleep(0.5)
            memory, cpu_now = self.resident(), self.cpu_seconds()
            if cpu_now - cpu < 0.05 and abs(memory - before) <= before / 100:
                return memory
            before, cpu = memory, cpu_now
        return before

    def says(self, address: IPv4Address = FIRST_ADDRESS, patience: float = 2.0) -> bool:
        """Whether it gives the witness this address; waits for `patience` seconds where it does not."""
        return answers_rightly(self.port, self._witness, address, patience)

    def check(self) -> None:
        """Raises ServerError where it has ended, or answers otherwise than it should."""
        self._see_to_life()
        if not self.says():
            raise self.failure("gives no right answer")

    def wait_until_it_answers(self, address: IPv4Address = FIRST_ADDRESS, most: float = _START) -> None:
        """Raises ServerError where it does not come to that within `most` seconds."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            self._see_to_life()
            if self.says(address, _LOOK):
                return
        raise self.failure(f"gives no right answer within {most:g} s")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

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

    def failure(self, what: str) -> ServerError:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - _TAIL))
            said = file.read().decode(errors="replace").strip()
        return ServerError(f"{self.name} {what}. It said: {said or 'nothing'}")

    def _see_to_life(self) -> None:
        status = self._process.poll()
        if status is not None:
            raise self.failure(f"ended by itself with status {status}")


@contextmanager
def running(
    name: str, command: Sequence[str | Path], folder: Path, port: int, witness: str, core: int
) -> Iterator[Server]:
    """A server that answers. Raises ServerError where it does not come to that."""
    log = folder / "log"
    begin = time.monotonic()
    try:
        with pinned(core), log.open("ab") as output:  # appended to, so that whoever empties it frees its room
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
    server = Server(name, port, witness, process, log)
    try:
        server.wait_until_it_answers()
        server.start_seconds = time.monotonic() - begin
        yield server
    finally:
        server.stop()
