"""Our own server, of this checkout."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.peers.peer import Peer, Task
from benchmarks.probe import LOOPBACK, free_port
from benchmarks.workloads import NAMES

PROFILES: Final[dict[str, tuple[str, ...]]] = {
    "bare": (),
    # Kubernetes' default Corefile without its kubernetes directive, which needs a cluster.
    "cluster": ("errors", "health", "ready", "prometheus", "loop", "reload", "loadbalance"),
}
"""What stands in the Corefile beside the workload."""

_WITH_ADDRESS: Final = frozenset(("health", "ready", "prometheus"))


class Pydns(Peer):
    """`left_out`: what of its profile this checkout does not have yet."""

    name: ClassVar[str] = "pydns"
    program: ClassVar[str] = "python3"
    package: ClassVar[str] = "python3"
    version_arguments: ClassVar[Sequence[str]] = ("-m", "pydns", "-version")

    def __init__(self, python: Path, profile: str) -> None:
        self._python = python
        wanted = PROFILES[profile]
        known = self._known() if wanted else frozenset()
        self._beside = tuple(directive for directive in wanted if directive in known)
        self.left_out = tuple(directive for directive in wanted if directive not in known)

    def path(self) -> str:
        return str(self._python)

    def configure(self, task: Task) -> Sequence[str | Path]:
        file = task.folder / "Corefile"
        file.write_text(corefile(task, self._beside))
        return self.path(), "-m", "pydns", "-conf", file, "-p", str(task.port), "-quiet"

    def _known(self) -> Collection[str]:
        """The directives that the server has; none where it does not even run, which its start then tells."""
        command = [self.path(), "-m", "pydns", "-plugins"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return frozenset(line.strip().removeprefix("dns.") for line in done.stdout.splitlines())


def corefile(task: Task, beside: Sequence[str]) -> str:
    """The Corefile for a task, with further directives beside what it needs."""
    lines = [f"bind {LOOPBACK}"]
    lines += [f"{name} {LOOPBACK}:{free_port()}" if name in _WITH_ADDRESS else name for name in beside]
    if task.workload.cache:
        # Its default of 9984 entries would not hold all names.
        lines.append(f"cache 3600 {{\n        success {2 * NAMES}\n    }}")
    lines.append(f"forward . {LOOPBACK}:{task.upstream}" if task.workload.upstream else f"hosts {task.data.hosts}")
    return f".:{task.port} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"
