"""What was measured: single runs, and what they come to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple

Figures = Mapping[str, float]
"""By the names in `FIGURES`. What has no value is NaN."""


class Figure(NamedTuple):
    """`head` is the column's, `form` how a value is written. `over` tells how several runs become one figure."""

    head: str
    form: str = ",.0f"
    ratio: bool = False  # ours divided by a peer's says something
    over: str = "median"


FIGURES: Final[Mapping[str, Figure]] = {
    "queries_per_second": Figure("queries/s", ratio=True),
    # User and system time of the server's processes for a completed query.
    "cpu_microseconds": Figure("CPU us/query", ".1f", ratio=True),
    "p50_microseconds": Figure("p50 us", ratio=True),
    "p99_microseconds": Figure("p99 us", ratio=True),
    "signing_seconds": Figure("signing s", ".1f", ratio=True),
    "start_seconds": Figure("start s", ".3f", ratio=True),
    # From the start of the process until it knows all of a cluster.
    "sync_seconds": Figure("sync s", ".1f", ratio=True),
    "memory_mebibytes": Figure("memory MiB", ".1f", ratio=True),
    "peak_mebibytes": Figure("peak MiB", ".1f", ratio=True),
    "longest_wait_milliseconds": Figure("longest wait ms", ",.1f", ratio=True, over="most"),
    "kept_p50_milliseconds": Figure("kept p50 ms", ",.1f"),
    "kept_p99_milliseconds": Figure("kept p99 ms", ",.1f"),
    "kept_lost": Figure("kept lost", over="sum"),
    "fresh_lost": Figure("fresh lost", over="sum"),
    "flood_sent": Figure("flood sent"),
    "flood_answered": Figure("flood answered"),
    "dropped": Figure("dropped"),
    "shed": Figure("shed"),
    "memory_after_mebibytes": Figure("after MiB", ".1f"),
    "seconds_until_normal": Figure("normal after s", ".1f"),
    "completed": Figure("completed", over="sum"),
    "lost": Figure("lost", over="sum"),
    "wrong": Figure("wrong", over="sum"),
    "lines_per_query": Figure("log lines/query", ".2f"),
    "upstream_cpu_microseconds": Figure("upstream us/query", ".1f"),
    # The server's share of its core, and what took that core beside the server.
    "core_used": Figure("core", ".0%"),
    "core_used_by_others": Figure("others", ".0%", over="most"),
}


@dataclass(frozen=True)
class Result:
    """One server at one workload: its runs, and what they come to."""

    workload: str
    server: str
    runs: tuple[Figures, ...]
    figures: Figures


def summarize(runs: Sequence[Figures], **last: float) -> Figures:
    """The medians of the runs, their sums, or the most of them. `last`: figures that were taken once, at the end."""
    found = {name: _over(FIGURES[name].over, [run[name] for run in runs]) for name in FIGURES if name in runs[0]}
    return {**found, **last}


def ratios(ours: Figures, peer: Figures) -> dict[str, float]:
    """Ours divided by the peer's; NaN where that has no meaning."""
    names = [name for name in ours if name in peer and FIGURES[name].ratio]
    return {name: ours[name] / peer[name] if peer[name] else math.nan for name in names}


def written(name: str, value: float | None) -> str:
    """A value as tables show it; JSON has None for one that is not there."""
    return format(value, FIGURES[name].form) if value is not None and math.isfinite(value) else "-"


def percentile(values: Sequence[float], percent: float) -> float:
    """By nearest rank, of sorted values; NaN where there are none."""
    if not values:
        return math.nan
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _over(how: str, values: Sequence[float]) -> float:
    match how:
        case "sum":
            return sum(values)
        case "most":
            return max(values)
    return median(values)
