"""The figures of a run as tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.figures import FIGURES, Result, ratios, written
from benchmarks.goals import Verdict, judge
from benchmarks.peers import OURS
from benchmarks.report import columns
from benchmarks.workloads import Workload


def workload(wanted: Workload, results: Sequence[Result]) -> str:
    """Each server's figures, what disturbed them, and how many times a peer's CPU time ours is."""
    own = [result for result in results if result.workload == wanted.name]
    names = columns([result.figures for result in own])
    names += [name for name in ("core_used_by_others",) if any(name in result.figures for result in own)]
    ours = next((result.figures for result in own if result.server == OURS), {})
    rows = []
    for result in own:
        times = ratios(ours, result.figures).get("cpu_microseconds")
        shown = f"{times:.2f}" if times is not None and result.server != OURS else ""
        rows.append((result.server, *(written(name, result.figures.get(name)) for name in names), shown))
    if not any(row[-1] for row in rows):
        rows = [row[:-1] for row in rows]
    heads = ["", *(FIGURES[name].head for name in names), f"CPU, {OURS} / it"][: len(rows[0]) if rows else None]
    return f"**{wanted.name}**: {wanted.title}\n\n{_table(heads, rows)}"


def goals(results: Sequence[Result]) -> str:
    """A row for each goal that there are figures for."""
    rows = [(verdict.goal.workload, str(verdict.goal), _value(verdict), _word(verdict)) for verdict in judge(results)]
    return _table(("workload", "goal, at most", "ours", ""), rows)


def _value(verdict: Verdict) -> str:
    if verdict.met is None:
        return "-"
    return f"{verdict.value:.2f}" if verdict.goal.peer else written(verdict.goal.figure, verdict.value)


def _word(verdict: Verdict) -> str:
    return {None: "not measured", True: "met", False: "**missed**"}[verdict.met]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    rule = ["---", *("---:" for _ in heads[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))
