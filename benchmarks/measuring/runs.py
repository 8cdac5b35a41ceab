"""What a server takes for what dnsperf asks of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from time import monotonic
from typing import Final

from benchmarks import cores
from benchmarks.dnsperf import Load
from benchmarks.errors import ServerError
from benchmarks.figures import Figures
from benchmarks.measuring.site import Site
from benchmarks.server import Server
from benchmarks.workloads import Source

UPSTREAM_WORKS: Final = 0.5
"""Microseconds of the upstream's CPU time a query from which on it was asked. The floor takes several for an answer."""

_LOGGED: Final = 0.5
"""Lines of the log for a query below which it does not log queries at all."""


def take(site: Site, server: Server, load: Callable[[], Load]) -> dict[str, float]:
    """The figures of one load. Raises ServerError where the server failed, or did other work than was wanted."""
    core, upstream = site.plan.cores.server, site.upstream
    begin, busy, cpu = monotonic(), cores.busy_seconds(core), server.cpu_seconds()
    upstream_cpu = upstream.cpu_seconds() if upstream is not None else 0.0
    done = load()
    passed, busy, cpu = monotonic() - begin, cores.busy_seconds(core) - busy, server.cpu_seconds() - cpu
    upstream_cpu = upstream.cpu_seconds() - upstream_cpu if upstream is not None else 0.0
    server.check()
    if not done.completed:
        raise ServerError(f"{server.name} answered none of dnsperf's queries")
    figures = {
        "queries_per_second": done.completed / done.seconds,
        "cpu_microseconds": cpu / done.completed * 1e6,
        "completed": done.completed,
        "lost": done.lost,
        "wrong": done.others_than(site.workload.rcode),
        "core_used": cpu / done.seconds,
        "core_used_by_others": max(0.0, busy - cpu) / passed,
    }
    if upstream is not None:
        figures["upstream_cpu_microseconds"] = upstream_cpu / done.completed * 1e6
        _see_who_answered(site, server, figures)
    return figures


def take_logged(site: Site, server: Server, load: Callable[[], Load]) -> dict[str, float]:
    """The same of a server that is to log each query: its log is emptied before, and its lines counted after."""
    os.truncate(server.log, 0)
    figures = take(site, server, load)
    figures["lines_per_query"] = _lines(server) / figures["completed"]
    if figures["lines_per_query"] < _LOGGED:
        raise server.failure("does not log what it is asked")
    return figures


def _see_who_answered(site: Site, server: Server, figures: Figures) -> None:
    source, took = site.workload.source, figures["upstream_cpu_microseconds"]
    asked = took >= UPSTREAM_WORKS
    told = f"{server.name} took {took:.2f} us of the upstream's CPU time a query, so its answers did not come from"
    if source is Source.CACHE and asked:
        raise ServerError(f"{told} its cache")
    if source is Source.UPSTREAM and not asked:
        raise ServerError(f"{told} the upstream, each one")


def _lines(server: Server) -> int:
    """Of its log, once it grows no more: a log may be written a moment after the answer."""
    size = -1
    while size != (size := server.log.stat().st_size):
        time.sleep(0.2)
    with server.log.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))
