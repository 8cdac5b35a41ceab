"""The Corefile of a workload: for us, and for CoreDNS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks import cluster
from benchmarks.peers.peer import Task
from benchmarks.pour import UNANSWERED
from benchmarks.probe import LOOPBACK, free_port
from benchmarks.workloads import ZONE, Source, Way

PROFILES: Final[dict[str, tuple[str, ...]]] = {
    # Kubernetes' default Corefile, whose kubernetes directive is there where the workload is about services.
    "cluster": ("errors", "health", "ready", "prometheus", "cache 30", "loop", "reload", "loadbalance"),
    "bare": (),
}
"""What stands in the Corefile beside what the workload needs. A cluster logs no queries."""

_REVERSE: Final = "in-addr.arpa ip6.arpa"  # as in Kubernetes' default Corefile
_PAGES: Final = frozenset(("health", "ready", "prometheus"))


def corefile(task: Task, profile: str) -> str:
    """The Corefile for a task. A directive that the workload itself brings stands once."""
    lines = list(_needed(task))
    names = {line.split()[0] for line in lines}
    if task.workload.source is Source.UPSTREAM:
        names.add("cache")  # each answer is to come from the upstream
    lines += [_placed(line, task) for line in PROFILES[profile] if line.split()[0] not in names]
    return f".:{task.port} {{\n    bind {LOOPBACK}\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def _needed(task: Task) -> Iterator[str]:
    workload = task.workload
    yield from workload.beside
    match workload.source:
        case Source.HOSTS:
            goes_on = workload.forwards or task.api
            yield f"hosts {task.data.hosts}" + (" {\n        fallthrough\n    }" if goes_on else "")
        case Source.ZONE:
            yield f"file {task.data.zone} {ZONE}"
            if workload.way is Way.SIGNING:
                key = f"key file {task.data.key}"
                yield f"sign {task.data.zone} {ZONE} {{\n        {key}\n        directory {task.folder}\n    }}"
            if workload.signed:
                capacity = 4 * workload.names  # its default would not hold all answers
                yield f"dnssec {ZONE} {{\n        key file {task.data.key}\n        cache_capacity {capacity}\n    }}"
        case Source.SERVICES:
            lines = f"kubernetes {ZONE} {_REVERSE} {{", f"services {task.data.services}", f"fallthrough {_REVERSE}"
            yield "\n        ".join(lines) + "\n    }"
        case Source.CACHE:
            # Its default of 9984 entries would not hold all names.
            yield f"cache 3600 {{\n        success {2 * workload.names}\n    }}"
    if task.api:
        options = f"endpoint http://{LOOPBACK}:{task.api}", "pods verified", "startup_timeout 1ms"
        yield "\n        ".join((f"kubernetes {cluster.ZONE} {{", *options)) + "\n    }"
    if task.black_hole:
        yield f"forward {UNANSWERED} {LOOPBACK}:{task.black_hole}"
    if workload.upstream:
        yield f"forward . {LOOPBACK}:{task.upstream}"


def _placed(line: str, task: Task) -> str:
    """A directive with a page over HTTP gets a free port for it."""
    if line not in _PAGES:
        return line
    return f"{line} {LOOPBACK}:{task.metrics if line == 'prometheus' and task.metrics else free_port()}"
