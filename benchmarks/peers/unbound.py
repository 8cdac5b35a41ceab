"""Unbound: a resolver, here in front of one upstream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.data import records
from benchmarks.peers.peer import Peer, Task
from benchmarks.probe import LOOPBACK
from benchmarks.workloads import ZONE, Source


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
{_names(task)}
""")
        return self.path(), "-d", "-c", file


def _names(task: Task) -> str:
    workload, lines = task.workload, ["remote-control:", "    control-enable: no"]
    if workload.source in (Source.HOSTS, Source.SERVICES, Source.ZONE):
        owners = ((f"{first}.{workload.domain}.", address) for first, address in records(workload))
        data = "".join(f'    local-data: "{owner} {workload.ttl} A {address}"\n' for owner, address in owners)
        return f'    local-zone: "{ZONE}." static\n{data}' + "\n".join(lines)
    # Its cache cannot be switched off; what must not be kept comes with TTL 0.
    lines += ["forward-zone:", f'    name: "{ZONE}"', f"    forward-addr: {LOOPBACK}@{task.upstream}"]
    return "\n".join(lines)
