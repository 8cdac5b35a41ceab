"""One run of one server: dnsperf at full speed, then at a fixed rate."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Final

from benchmarks import cores, dnsperf
from benchmarks.errors import ServerError
from benchmarks.figures import Run, percentile
from benchmarks.server import Server
from benchmarks.workloads import Workload

LATENCY_SECONDS: Final = 1.0

UPSTREAM_WORKS: Final = 0.5
"""Microseconds of the upstream's CPU time a query from which on it was asked. NSD takes several for an answer."""


def make_run(
    server: Server, upstream: Server | None, workload: Workload, queries: Path, seconds: float, core: int
) -> Run:
    """`core` is the server's. Raises ServerError where the server failed, or did other work than was wanted."""
    begin = monotonic()
    busy, cpu, upstream_cpu = cores.busy_seconds(core), server.cpu_seconds(), _cpu_seconds(upstream)
    load = dnsperf.flood(server.port, queries, seconds)
    passed = monotonic() - begin
    busy, cpu = cores.busy_seconds(core) - busy, server.cpu_seconds() - cpu
    upstream_cpu = _cpu_seconds(upstream) - upstream_cpu
    server.check()
    if not load.completed:
        raise ServerError(f"{server.name} answered none of dnsperf's queries")
    latencies = dnsperf.latencies(server.port, queries, LATENCY_SECONDS)
    run = Run(
        queries_per_second=load.completed / load.seconds,
        completed=load.completed,
        lost=load.lost,
        wrong=load.wrong,
        cpu_microseconds=cpu / load.completed * 1e6,
        upstream_cpu_microseconds=upstream_cpu / load.completed * 1e6,
        core_used=cpu / load.seconds,
        core_used_by_others=max(0.0, busy - cpu) / passed,
        p50_microseconds=percentile(latencies, 50) * 1e6,
        p99_microseconds=percentile(latencies, 99) * 1e6,
    )
    if workload.upstream and (run.upstream_cpu_microseconds < UPSTREAM_WORKS) != workload.cache:
        wanted = "come from its cache" if workload.cache else "come from the upstream, each one"
        took = f"{run.upstream_cpu_microseconds:.2f} us of the upstream's CPU time a query"
        raise ServerError(f"{server.name} took {took}, so its answers did not {wanted}")
    return run


def _cpu_seconds(upstream: Server | None) -> float:
    return upstream.cpu_seconds() if upstream is not None else 0.0
