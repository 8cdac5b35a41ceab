"""The floor: a C program that gives one fixed answer. No name server on this machine can take less."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.errors import ServerError
from benchmarks.peers.peer import Peer, Task

SOURCE: Final = Path(__file__).with_suffix(".c")
BUILT: Final = Path(__file__).parent.parent / ".build" / "floor"


class Floor(Peer):
    name: ClassVar[str] = "floor"
    program: ClassVar[str] = "cc"
    package: ClassVar[str] = "gcc libc6-dev"
    version_arguments: ClassVar[Sequence[str]] = ("-v",)

    def path(self) -> str:
        """Of the program, which is built where it was not yet. Raises ServerError where it cannot be."""
        return str(build(self.program, self.package))

    def configure(self, task: Task) -> Sequence[str | Path]:
        return self.path(), str(task.port), str(task.workload.ttl)


@cache
def build(compiler: str, package: str) -> Path:
    """Once in a process: it takes a moment only, and is never older than its source."""
    found = shutil.which(compiler)
    if found is None:
        raise ServerError(f"there is no C compiler to build the floor with: apt install {package}")
    BUILT.parent.mkdir(exist_ok=True)
    beside = BUILT.with_suffix(f".{os.getpid()}")  # another process may run, or build, the one that is there
    command = [found, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", str(beside), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerError(f"the floor cannot be built ({' '.join(command)}): {done.stderr[-1000:].strip()}")
    os.replace(beside, BUILT)
    return BUILT
