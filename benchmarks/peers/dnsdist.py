"""Dnsdist: forwards, and keeps whole answers as our packet cache does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.peer import Peer, Task
from benchmarks.probe import LOOPBACK
from benchmarks.workloads import NAMES, Source


class Dnsdist(Peer):
    name: ClassVar[str] = "dnsdist"
    program: ClassVar[str] = "dnsdist"
    package: ClassVar[str] = "dnsdist"
    version_arguments: ClassVar[Sequence[str]] = ("--version",)

    def configure(self, task: Task) -> Sequence[str | Path]:
        cache = f"getPool(''):setCache(newPacketCache({2 * NAMES}))\n" if task.workload.source is Source.CACHE else ""
        file = task.folder / "dnsdist.conf"
        # `setUp`: no health check, whose question a name server of one zone would refuse.
        file.write_text(f"""\
setLocal('{LOOPBACK}:{task.port}')
setSecurityPollSuffix('')
newServer({{address='{LOOPBACK}:{task.upstream}'}}):setUp()
{cache}""")
        return self.path(), "--supervised", "--disable-syslog", "-C", file
