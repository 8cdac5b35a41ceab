"""BIND's dnssec-signzone: no server, but what signs a zone file as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.peer import Peer, Task
from benchmarks.workloads import ZONE


class Bind(Peer):
    name: ClassVar[str] = "bind"
    program: ClassVar[str] = "dnssec-signzone"
    package: ClassVar[str] = "bind9-utils"
    version_arguments: ClassVar[Sequence[str]] = ("-V",)

    def configure(self, task: Task) -> Sequence[str | Path]:
        """The command that signs the task's zone with its key, on one core."""
        whole = task.folder / "zone"
        whole.write_text(task.data.zone.read_text() + Path(f"{task.data.key}.key").read_text())
        # -d: the file of DS records would stand in whatever folder the run began in
        flags = ("-q", "-z", "-P", "-n", "1", "-o", ZONE, "-d", task.folder)
        return self.path(), *flags, "-f", task.folder / "signed", whole, task.data.key
