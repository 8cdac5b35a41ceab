"""NSD: the fastest plain zone. Where others keep what an upstream said, it has the zone itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.peer import Peer, Task
from benchmarks.probe import LOOPBACK
from benchmarks.workloads import ZONE


class Nsd(Peer):
    name: ClassVar[str] = "nsd"
    program: ClassVar[str] = "nsd"
    package: ClassVar[str] = "nsd"
    version_arguments: ClassVar[Sequence[str]] = ("-v",)

    def configure(self, task: Task) -> Sequence[str | Path]:
        file = task.folder / "nsd.conf"
        # Without rate limits of 0 it drops what comes from one address at more than 200 queries a second.
        file.write_text(f"""\
server:
    ip-address: {LOOPBACK}@{task.port}
    server-count: 1
    username: ""
    chroot: ""
    pidfile: ""
    database: ""
    xfrdfile: "{task.folder}/xfrd.state"
    zonelistfile: "{task.folder}/zone.list"
    xfrdir: "{task.folder}"
    minimal-responses: yes
    round-robin: {"yes" if task.workload.addresses > 1 else "no"}
    tcp-count: 1000
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "{ZONE}"
    zonefile: "{task.data.zone}"
""")
        return self.path(), "-d", "-c", file
