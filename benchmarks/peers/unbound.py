"""Unbound: a resolver, here in front of one upstream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.peer import Peer, Task
from benchmarks.probe import LOOPBACK
from benchmarks.workloads import ZONE, entries


class Unbound(Peer):
    name: ClassVar[str] = "unbound"
    program: ClassVar[str] = "unbound"
    package: ClassVar[str] = "unbound"
    version_arguments: ClassVar[Sequence[str]] = ("-V",)

    def configure(self, task: Task) -> Sequence[str | Path]:
        file = task.folder / "unbound.conf"
        file.write_text(f"""\
server:
    interface: {LOOPBACK}
    port: {task.port}
    num-threads: 1
    module-config: "iterator"
    directory: "{task.folder}"
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    do-not-query-localhost: no
    outgoing-range: 4096
    num-queries-per-thread: 2048
    msg-cache-size: 64m
    rrset-cache-size: 128m
{_names(task)}""")
        return self.path(), "-d", "-c", file


def _names(task: Task) -> str:
    if task.workload.upstream:
        # Its cache cannot be switched off; what must not be cached comes with TTL 0.
        forwarding = f'forward-zone:\n    name: "{ZONE}"\n    forward-addr: {LOOPBACK}@{task.upstream}\n'
        return f"remote-control:\n    control-enable: no\n{forwarding}"
    records = "".join(
        f'    local-data: "{name}.{ZONE}. {task.workload.ttl} A {address}"\n' for name, address in entries()
    )
    return f'    local-zone: "{ZONE}." static\n{records}remote-control:\n    control-enable: no\n'
