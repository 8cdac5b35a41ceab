"""Our own server, of this checkout."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from benchmarks.errors import ServerError
from benchmarks.peers.corefile import corefile
from benchmarks.peers.peer import Peer, Task
from benchmarks.workloads import Workload


class Pydns(Peer):
    name: ClassVar[str] = "pydns"
    program: ClassVar[str] = "python3"
    package: ClassVar[str] = "python3"
    version_arguments: ClassVar[Sequence[str]] = ("-m", "pydns", "-version")
    rereads_at = None

    def __init__(self, python: Path, profile: str) -> None:
        self._python = python
        self._profile = profile

    def path(self) -> str:
        return str(self._python)

    def configure(self, task: Task) -> Sequence[str | Path]:
        file = task.folder / "Corefile"
        file.write_text(self.corefile(task))
        return self.path(), "-m", "pydns", "-conf", file, "-p", str(task.port), "-quiet"

    def corefile(self, task: Task) -> str:
        return corefile(task, task.workload.profile or self._profile)

    def lacks(self, workload: Workload) -> str:
        """What `pydns check` says of the directives that belong to the workload, where this checkout lacks one.

        Raises ServerError where it does not even come to say so.
        """
        if not workload.beside:
            return ""
        text = ". {\n" + "".join(f"    {line}\n" for line in workload.beside) + "    whoami\n}\n"
        command = [self.path(), "-m", "pydns", "check", "--json", "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False)
        try:
            errors = json.loads(done.stdout)["errors"]
        except (ValueError, KeyError, TypeError) as error:
            raise ServerError(f"pydns check failed: {done.stderr[-500:].strip()}") from error
        return str(errors[0]["message"]) if errors else ""


class Single(Pydns):
    """The same without the directives that belong to the workload: one process, where those make several."""

    name: ClassVar[str] = "single"

    def corefile(self, task: Task) -> str:
        return super().corefile(replace(task, workload=replace(task.workload, beside=(), signed=False)))

    def lacks(self, workload: Workload) -> str:
        return ""
