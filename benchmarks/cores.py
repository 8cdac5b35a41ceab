"""Which CPU core works for whom: the server under test has one to itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.errors import BenchmarkError


class Cores(NamedTuple):
    """`upstream` is `load` where there is no third: what it takes is taken from dnsperf, never from the server."""

    server: int
    load: int
    upstream: int


def choose() -> Cores:
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise BenchmarkError("two CPU cores are needed: one for the server, one for dnsperf")
    return Cores(allowed[0], allowed[1], allowed[min(2, len(allowed) - 1)])


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Whatever is started within runs on this core, with all its threads and children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def busy_seconds(core: int) -> float:
    """How long the core has worked since the machine started, for whomever."""
    return parse_busy_ticks(Path("/proc/stat").read_text(), core) / os.sysconf("SC_CLK_TCK")


def parse_busy_ticks(text: str, core: int) -> int:
    """All that proc(5) counts for a core in /proc/stat but idle and iowait; guests' time is in user's already."""
    for line in text.splitlines():
        name, *counts = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, counts[:8])
            return user + nice + system + irq + softirq + steal
    raise BenchmarkError(f"/proc/stat does not tell of core {core}")
