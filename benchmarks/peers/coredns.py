"""CoreDNS, whose Corefile we take: measured where there is one on PATH, for Debian has none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.corefile import corefile
from benchmarks.peers.peer import Peer, Task


class Coredns(Peer):
    name: ClassVar[str] = "coredns"
    program: ClassVar[str] = "coredns"
    package: ClassVar[str] = ""
    version_arguments: ClassVar[Sequence[str]] = ("-version",)
    rereads_at = None

    def __init__(self, profile: str) -> None:
        self._profile = profile

    @property
    def remedy(self) -> str:
        return "put its program on PATH"

    def configure(self, task: Task) -> Sequence[str | Path]:
        file = task.folder / "Corefile"
        file.write_text(corefile(task, task.workload.profile or self._profile))
        return self.path(), "-conf", file, "-dns.port", str(task.port), "-quiet"
