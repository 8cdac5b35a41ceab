"""Knot DNS: an authoritative server, here with one zone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.peers.peer import Peer, Task
from benchmarks.probe import LOOPBACK
from benchmarks.workloads import ZONE

_SIGNING: Final = """\
policy:
  - id: one
    algorithm: ecdsap256sha256
    single-type-signing: on
mod-onlinesign:
  - id: each
    policy: one
"""
"""By one key of its own, answers as they go."""


class Knot(Peer):
    name: ClassVar[str] = "knot"
    program: ClassVar[str] = "knotd"
    package: ClassVar[str] = "knot"
    version_arguments: ClassVar[Sequence[str]] = ("-V",)

    def configure(self, task: Task) -> Sequence[str | Path]:
        file = task.folder / "knot.conf"
        signing = _SIGNING if task.workload.signed else ""
        file.write_text(f"""\
server:
    listen: {LOOPBACK}@{task.port}
    rundir: {task.folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {task.folder}
{signing}zone:
  - domain: {ZONE}
    file: {task.data.zone}
    zonefile-sync: -1
    journal-content: none
{"    module: mod-onlinesign/each" if signing else ""}
""")
        return self.path(), "-c", file
