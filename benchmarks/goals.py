"""What we want to reach, a line each, and whether we do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from benchmarks.figures import FIGURES, Result, written
from benchmarks.peers import OURS


class Goal(NamedTuple):
    """Our figure is at most `most`: of a peer's figure where one is named, else as it stands."""

    workload: str
    figure: str
    most: float
    peer: str | None = None

    def __str__(self) -> str:
        if self.peer is not None:
            return f"{self.most:g} x {self.peer}"
        return f"{FIGURES[self.figure].head} {written(self.figure, self.most)}"


class Verdict(NamedTuple):
    """`value` is ours, or its ratio to the peer's. NaN where one of them was not measured."""

    goal: Goal
    value: float

    @property
    def met(self) -> bool | None:
        return self.value <= self.goal.most if math.isfinite(self.value) else None


_CPU: Final = "cpu_microseconds"

GOALS: Final = (
    Goal("hosts", _CPU, 1.2, "nsd"),
    Goal("hosts", _CPU, 0.8, "dnsmasq"),
    Goal("hosts", _CPU, 1.8, "floor"),
    Goal("cached", _CPU, 1.2, "nsd"),
    Goal("cached", _CPU, 0.8, "dnsmasq"),
    Goal("cached", _CPU, 1.8, "floor"),
    Goal("mixed-case", _CPU, 2.0, "nsd"),
    Goal("logged", _CPU, 2.0, "nsd"),
    Goal("dual", _CPU, 2.0, "nsd"),
    Goal("once", _CPU, 3.0, "nsd"),
    Goal("denied-once", _CPU, 3.0, "nsd"),
    Goal("services-once", _CPU, 3.0, "nsd"),
    Goal("zone", _CPU, 1.1, "nsd"),
    Goal("zone-once", _CPU, 5.0, "nsd"),
    Goal("zone-denied-once", _CPU, 5.0, "nsd"),
    Goal("signed", _CPU, 1.2, "single"),
    Goal("signed-once", _CPU, 2.5, "knot"),
    Goal("signed-once", "longest_wait_milliseconds", 20),
    Goal("signing", "signing_seconds", 2, "bind"),
    Goal("signing", "longest_wait_milliseconds", 20),
    Goal("forwarded", _CPU, 1.3, "dnsmasq"),
    Goal("tcp-200", _CPU, 1.2, "nsd"),
    Goal("tcp-2000", _CPU, 1.2, "nsd"),
    Goal("multisocket", _CPU, 1.15, "single"),
    Goal("start", "start_seconds", 0.3),
    Goal("start", "memory_mebibytes", 50),
    Goal("start-cluster", "start_seconds", 0.3),
    Goal("start-cluster", "memory_mebibytes", 50),
    Goal("million", "start_seconds", 2),
    Goal("million", "memory_mebibytes", 150),
    Goal("million", "peak_mebibytes", 220),
    Goal("million", "longest_wait_milliseconds", 20),
    Goal("million-zone", "start_seconds", 8),
    Goal("million-zone", "memory_mebibytes", 450),
    Goal("large-cluster", "memory_mebibytes", 400),
    Goal("large-cluster", "longest_wait_milliseconds", 20),
    Goal("overload", "kept_p99_milliseconds", 50),
    Goal("overload", "seconds_until_normal", 5),
)


def judge(results: Sequence[Result], goals: Sequence[Goal] = GOALS) -> list[Verdict]:
    """The goals of the workloads that were measured."""
    figures = {(result.workload, result.server): result.figures for result in results}
    verdicts = []
    for goal in goals:
        if any(goal.workload == result.workload for result in results):
            ours = figures.get((goal.workload, OURS), {}).get(goal.figure, math.nan)
            theirs = figures.get((goal.workload, goal.peer), {}).get(goal.figure, math.nan) if goal.peer else 1.0
            verdicts.append(Verdict(goal, ours / theirs if theirs else math.nan))
    return verdicts
