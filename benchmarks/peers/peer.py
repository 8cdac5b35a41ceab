"""What is the same for each server that is measured."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.data import Data
from benchmarks.errors import ServerError
from benchmarks.workloads import Workload

_SYSTEM_FOLDERS: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where servers are, whatever a user's PATH says."""


@dataclass(frozen=True)
class Task:
    """What a server is to do, and where.

    * `folder`: its own, for its configuration and its state
    * `upstream`: the port of the name server on loopback that it forwards to, where the workload has one
    * `api`: the port of the Kubernetes API on loopback, where the workload has one
    * `black_hole`: the port of one that never answers, and `metrics` the port of our own page over HTTP, likewise
    """

    workload: Workload
    data: Data
    folder: Path
    port: int
    upstream: int = 0
    black_hole: int = 0
    metrics: int = 0
    api: int = 0


class Peer(ABC):
    """A server, and how it is set up for a workload."""

    name: ClassVar[str]
    program: ClassVar[str]
    package: ClassVar[str]
    """Debian's, that holds the program."""

    version_arguments: ClassVar[Sequence[str]]
    """What the program is called with to tell its version."""

    rereads_at: ClassVar[signal.Signals | None] = signal.SIGHUP
    """The signal at which it reads its files again; None where it sees by itself that they changed."""

    @property
    def remedy(self) -> str:
        return f"apt install {self.package}"

    def lacks(self, workload: Workload) -> str:
        """Why it cannot do this workload, though it is meant to; empty where it can."""
        return ""

    @abstractmethod
    def configure(self, task: Task) -> Sequence[str | Path]:
        """Writes its configuration into the task's folder; the command that starts it in the foreground."""

    def path(self) -> str:
        """The program's path. Raises ServerError where it is not installed."""
        folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS))
        found = shutil.which(self.program, path=folders)
        if found is None:
            raise ServerError(f"{self.name} is not installed: {self.remedy}")
        return found


def user() -> str:
    """Who runs this: servers that would change to a user of their own could not read their temporary folder."""
    return getpass.getuser()
