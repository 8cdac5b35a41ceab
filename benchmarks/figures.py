"""What was measured: single runs, and what they come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

RATIOS: Final = ("queries_per_second", "cpu_microseconds", "p50_microseconds", "p99_microseconds", "memory")


@dataclass(frozen=True)
class Run:
    """One round of one server: dnsperf at full speed, then at a fixed rate for the latencies.

    * `cpu_microseconds`: user and system time of the server's processes for a completed query
    * `upstream_cpu_microseconds`: the same of the upstream's, 0 where there is none
    * `core_used`: the server's share of its core
    * `core_used_by_others`: what took that core beside the server
    * `p50_microseconds`, `p99_microseconds`: of latencies at the fixed rate; NaN where nothing was answered
    """

    queries_per_second: float
    completed: int
    lost: int
    wrong: int
    cpu_microseconds: float
    upstream_cpu_microseconds: float
    core_used: float
    core_used_by_others: float
    p50_microseconds: float
    p99_microseconds: float


@dataclass(frozen=True)
class Figures:
    """Medians of the runs; `lost` and `wrong` are their sums, `memory` octets at the end."""

    queries_per_second: float
    lost: int
    wrong: int
    cpu_microseconds: float
    core_used: float
    core_used_by_others: float
    p50_microseconds: float
    p99_microseconds: float
    memory: int


@dataclass(frozen=True)
class Result:
    """One server at one workload."""

    workload: str
    server: str
    runs: tuple[Run, ...]
    figures: Figures


def summarize(runs: Sequence[Run], memory: int) -> Figures:
    return Figures(
        queries_per_second=median(run.queries_per_second for run in runs),
        lost=sum(run.lost for run in runs),
        wrong=sum(run.wrong for run in runs),
        cpu_microseconds=median(run.cpu_microseconds for run in runs),
        core_used=median(run.core_used for run in runs),
        core_used_by_others=max(run.core_used_by_others for run in runs),
        p50_microseconds=median(run.p50_microseconds for run in runs),
        p99_microseconds=median(run.p99_microseconds for run in runs),
        memory=memory,
    )


def ratios(ours: Figures, peer: Figures) -> dict[str, float]:
    """Ours divided by the peer's; NaN where that has no meaning."""
    found = {}
    for name in RATIOS:
        divisor = getattr(peer, name)
        found[name] = getattr(ours, name) / divisor if divisor else math.nan
    return found


def percentile(values: Sequence[float], percent: float) -> float:
    """By nearest rank, of sorted values; NaN where there are none."""
    if not values:
        return math.nan
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]
