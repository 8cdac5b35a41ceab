"""Tells what was measured: a table for people, and JSON for whoever compares two runs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from benchmarks.dnsperf import RATE
from benchmarks.figures import RATIOS, Figures, Result, ratios
from benchmarks.options import Options
from benchmarks.peers import OURS
from benchmarks.workloads import Workload

DISTURBED: Final = 0.05
"""The share of the server's core in the hands of others from which on a figure is marked."""

SATURATED: Final = 0.9
"""The share of its core that a server takes at least where it is what limits the queries a second."""

_HEADS: Final = ("queries/s", "CPU us/query", "p50 us", "p99 us", "memory MiB", "lost", "core")


def table(workload: Workload, results: Sequence[Result], absent: Mapping[str, str]) -> str:
    """One workload: the figures of each server, and ours as multiples of each peer's."""
    rows: list[tuple[str, ...]] = [("", *_HEADS)]
    rows += [(result.server, *_cells(result.figures)) for result in results]
    ours = next((result.figures for result in results if result.server == OURS), None)
    if ours is not None:
        rows += [
            (f"{OURS} / {result.server}", *(_ratio(ratios(ours, result.figures)[name]) for name in RATIOS), "", "")
            for result in results
            if result.server != OURS
        ]
    lines = [f"{workload.name}: {workload.title}", *_aligned(rows)]
    lines += [f"{name} is left out: {reason}" for name, reason in absent.items()]
    lines += [note for result in results for note in _notes(result)]
    return "\n".join(lines)


def method(options: Options, left_out: Sequence[str]) -> str:
    """How it is measured, in a line. `left_out`: what of its profile our server does not have."""
    runs = f"medians of {options.rounds} runs of {options.seconds:g} s, latencies at {RATE:,} queries/s"
    return f"{runs}; our profile: {options.profile}" + (f" without {', '.join(left_out)}" if left_out else "")


def write_json(path: Path, content: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain(content), indent=2, allow_nan=False) + "\n")


def as_json(results: Sequence[Result]) -> list[dict[str, object]]:
    """The results with their single runs, those of peers with the ratios of ours to theirs."""
    ours = {result.workload: result.figures for result in results if result.server == OURS}
    found = []
    for result in results:
        entry = asdict(result)
        if result.server != OURS and result.workload in ours:
            entry["ratios"] = ratios(ours[result.workload], result.figures)
        found.append(entry)
    return found


def plain(value: object) -> object:
    """A value as JSON can hold it: NaN, which JSON does not know (RFC 8259 section 6), becomes null."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
    return value


def _cells(figures: Figures) -> tuple[str, ...]:
    return (
        f"{figures.queries_per_second:,.0f}",
        f"{figures.cpu_microseconds:.1f}",
        _number(figures.p50_microseconds),
        _number(figures.p99_microseconds),
        f"{figures.memory / 2**20:.1f}",
        f"{figures.lost:,}",
        f"{figures.core_used:.0%}",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "-"


def _ratio(value: float) -> str:
    return f"{value:.2f}x" if math.isfinite(value) else "-"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def _notes(result: Result) -> list[str]:
    """What makes a figure doubtful."""
    notes, figures = [], result.figures
    if figures.core_used_by_others > DISTURBED:
        notes.append(f"{result.server}: others took up to {figures.core_used_by_others:.0%} of its core")
    elif figures.core_used < SATURATED:
        notes.append(f"{result.server}: dnsperf could not ask for more, so its queries/s are not its most")
    return notes
