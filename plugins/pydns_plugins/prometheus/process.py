"""What Prometheus's client libraries tell of every process: processor time, memory, open files, start."""

from __future__ import annotations

import gc
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydns.metrics import Merge, Metrics

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_STARTED: Final = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)  # when the machine did

# Of several processes: that which has used most of its descriptors, and that which was there first.
_MERGE: Final[dict[str, Merge]] = {
    "process_start_time_seconds": "min",
    "process_open_fds": "max",
    "process_max_fds": "max",
}


def count_process(metrics: Metrics, *, whole: bool) -> None:
    """Sets the gauges as they are now. `whole`: with the collector's numbers and more that take time to read."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    user, system, started, virtual, resident = (int(fields[i]) for i in (11, 12, 19, 20, 21))
    values = {
        "process_cpu_seconds_total": ("Total user and system CPU time spent in seconds.", (user + system) / _TICKS),
        "process_resident_memory_bytes": ("Resident memory size in bytes.", resident * _PAGE),
        "process_virtual_memory_bytes": ("Virtual memory size in bytes.", virtual),
        "process_start_time_seconds": (
            "Start time of the process since unix epoch in seconds.",
            round(_STARTED + started / _TICKS, 2),
        ),
        "process_open_fds": ("Number of open file descriptors.", len(os.listdir("/proc/self/fd"))),
        "process_max_fds": ("Maximum number of open file descriptors.", resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
    }
    for name, (help_, value) in values.items():
        kind = metrics.counter if name.endswith("_total") else metrics.gauge
        kind(name, help_, merge=_MERGE.get(name, "sum")).set(to=value)
    if whole:
        _count_runtime(metrics)


def _count_runtime(metrics: Metrics) -> None:
    """What `runtime_metrics` adds: in CoreDNS numbers of the Go runtime, here Python's."""
    collections = metrics.counter("python_gc_collections_total", "Collections of cyclic garbage.", "generation")
    collected = metrics.counter("python_gc_objects_collected_total", "Objects collected.", "generation")
    for generation, found in enumerate(gc.get_stats()):
        collections.set(str(generation), to=found["collections"])
        collected.set(str(generation), to=found["collected"])
    tracked = metrics.gauge(
        "python_gc_objects", "Objects that the collector has yet to look at.", "generation", merge="sum"
    )
    for generation, count in enumerate(gc.get_count()):
        tracked.set(str(generation), to=count)
    metrics.gauge("python_gc_frozen_objects", "Objects that the collector never looks at.", merge="sum").set(
        to=gc.get_freeze_count()
    )
    metrics.gauge("python_threads", "Threads of the process.", merge="sum").set(to=threading.active_count())
    metrics.gauge("python_allocated_blocks", "Blocks of memory in use.", merge="sum").set(to=sys.getallocatedblocks())
