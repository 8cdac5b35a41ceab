"""Tells what was measured, workload by workload, on the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.dnsperf import RATE
from benchmarks.figures import FIGURES, Figures, Result, ratios, written
from benchmarks.goals import Verdict, judge
from benchmarks.options import Options
from benchmarks.peers import OURS
from benchmarks.workloads import Way, Workload

DISTURBED: Final = 0.05
"""The share of the server's core in the hands of others from which on a figure is marked."""

SATURATED: Final = 0.9
"""The share of its core that a server takes at least where it is what limits the queries a second."""

_NOT_SHOWN: Final = frozenset(("completed", "wrong", "upstream_cpu_microseconds", "core_used_by_others"))


def table(workload: Workload, results: Sequence[Result], absent: Mapping[str, str]) -> str:
    """One workload: the figures of each server, ours as multiples of each peer's, and how they stand to the goals."""
    names = columns([result.figures for result in results])
    rows: list[Sequence[str]] = [("", *(FIGURES[name].head for name in names))]
    rows += [(result.server, *(written(name, result.figures.get(name)) for name in names)) for result in results]
    ours = next((result.figures for result in results if result.server == OURS), None)
    if ours is not None:
        rows += [
            (f"{OURS} / {result.server}", *(_times(ratios(ours, result.figures).get(name)) for name in names))
            for result in results
            if result.server != OURS
        ]
    lines = [f"{workload.name}: {workload.title}", *_aligned(rows)]
    lines += [sentence(verdict) for verdict in judge(results)]
    lines += [f"{name} is left out: {reason}" for name, reason in absent.items()]
    lines += [note for result in results for note in _notes(workload, result)]
    return "\n".join(lines)


def columns(figures: Sequence[Figures]) -> list[str]:
    """The names of the figures that a table shows, in their order."""
    return [name for name in FIGURES if name not in _NOT_SHOWN and any(name in found for found in figures)]


def sentence(verdict: Verdict) -> str:
    goal, met = verdict.goal, verdict.met
    value = f"{verdict.value:.2f}" if goal.peer else written(goal.figure, verdict.value)
    return f"goal {goal}: " + ("not measured" if met is None else f"{value}, {'met' if met else 'missed'}")


def method(options: Options) -> str:
    """How it is measured, in a line."""
    runs = f"medians of {options.rounds} runs of {options.seconds:g} s, latencies at {RATE:,} queries/s"
    return f"{runs}; our profile: {options.profile}"


def _times(value: float | None) -> str:
    return f"{value:.2f}x" if value is not None and math.isfinite(value) else ""


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def _notes(workload: Workload, result: Result) -> list[str]:
    """What makes a figure doubtful."""
    notes, figures = [], result.figures
    if figures.get("core_used_by_others", 0.0) > DISTURBED:
        notes.append(f"{result.server}: others took up to {figures['core_used_by_others']:.0%} of its core")
    elif workload.way is Way.STEADY and figures.get("core_used", 1.0) < SATURATED:
        notes.append(f"{result.server}: dnsperf could not ask for more, so its queries/s are not its most")
    return notes
