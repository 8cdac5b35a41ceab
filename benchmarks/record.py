"""The JSON file: all figures of a run, and what they depend on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.figures import Result, ratios
from benchmarks.goals import judge
from benchmarks.peers import OURS
from benchmarks.workloads import WORKLOADS


def write(path: Path, content: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain(content), indent=1, allow_nan=False) + "\n")


def read(path: Path) -> dict[str, object]:
    """What was written. Raises BenchmarkError where the file is missing, or is none of ours."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("results"), list):
        raise BenchmarkError(f"{path} holds no results of a benchmark")
    return found


def results_in(content: Mapping[str, object]) -> list[Result]:
    """The results of a file that was read. A workload that is no more is left out, and what was null is NaN again."""
    found = []
    entries = content["results"]
    for entry in entries if isinstance(entries, list) else ():
        if entry["workload"] in WORKLOADS:
            runs = tuple(_numbers(run) for run in entry["runs"])
            found.append(Result(entry["workload"], entry["server"], runs, _numbers(entry["figures"])))
    return found


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


def goals_as_json(results: Sequence[Result]) -> list[dict[str, object]]:
    return [{**verdict.goal._asdict(), "value": verdict.value, "met": verdict.met} for verdict in judge(results)]


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


def _numbers(figures: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in figures.items()}
