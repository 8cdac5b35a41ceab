"""Dnsmasq: hosts files and a small cache, the server of homes and of many clusters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.peer import Peer, Task, user
from benchmarks.probe import LOOPBACK
from benchmarks.workloads import NAMES, ZONE, Source


class Dnsmasq(Peer):
    name: ClassVar[str] = "dnsmasq"
    program: ClassVar[str] = "dnsmasq"
    package: ClassVar[str] = "dnsmasq-base"
    version_arguments: ClassVar[Sequence[str]] = ("-v",)

    def configure(self, task: Task) -> Sequence[str | Path]:
        workload = task.workload
        lines = [f"server={LOOPBACK}#{task.upstream}"] if workload.upstream else [f"local=/{ZONE}/"]
        if workload.source in (Source.HOSTS, Source.SERVICES):
            lines.append(f"addn-hosts={task.data.hosts}")
        names = "\n".join(lines)
        file = task.folder / "dnsmasq.conf"
        file.write_text(f"""\
listen-address={LOOPBACK}
bind-interfaces
port={task.port}
user={user()}
pid-file=
log-facility=-
no-resolv
no-hosts
cache-size={2 * NAMES if workload.source is Source.CACHE else 0}
dns-forward-max=2000
{names}
""")
        return self.path(), "--keep-in-foreground", f"--conf-file={file}"
