"""Takes over a run as the published one: its JSON and chart in benchmarks/results, its tables in the READMEs.

`python3 -m benchmarks.publish FILE` takes a file over; without one the published one is drawn and written anew. What
stands between the markers in the READMEs comes from here and is never written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks import chart, facts, record, tables
from benchmarks.errors import BenchmarkError
from benchmarks.python import ROOT
from benchmarks.workloads import WORKLOADS

PUBLISHED: Final = ROOT / "benchmarks" / "results" / "published.json"


def publish(content: Mapping[str, object], root: Path = ROOT) -> None:
    """Writes the JSON, the chart and the READMEs below `root`."""
    results = root / "benchmarks" / "results"
    record.write(results / "published.json", content)
    titles = {name: workload.title for name, workload in WORKLOADS.items()}
    drawn = results / "published.svg"
    drawn.write_text(chart.draw(record.results_in(content), titles))
    for path, told in ((root / "README.md", in_short), (root / "benchmarks" / "README.md", in_full)):
        image = drawn.relative_to(path.parent).as_posix()
        path.write_text(between_markers(path.read_text(), told(content, image)))


def in_short(content: Mapping[str, object], image: str) -> str:
    """What the project's README shows: the chart, and how we stand to the goals."""
    return "\n\n".join((_image(image), tables.goals(record.results_in(content)), _surroundings(content)))


def in_full(content: Mapping[str, object], image: str) -> str:
    """All tables."""
    results = record.results_in(content)
    each = [tables.workload(workload, results) for name, workload in WORKLOADS.items() if _has(name, content)]
    return "\n\n".join((_surroundings(content), _image(image), tables.goals(results), *each))


def between_markers(text: str, content: str) -> str:
    """The text with what stands between its markers replaced. Raises BenchmarkError where it has none."""
    found = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)
    replaced, count = found.subn(lambda match: f"{match[1]}{content}\n{match[2]}", text)
    if count != 1:
        raise BenchmarkError("the markers <!-- figures --> and <!-- /figures --> must stand there once, each in a line")
    return replaced


def _has(workload: str, content: Mapping[str, object]) -> bool:
    return any(result.workload == workload for result in record.results_in(content))


def _image(path: str) -> str:
    return f"![CPU time for a query, ours and others']({path})"


def _surroundings(content: Mapping[str, object]) -> str:
    """Date, settings, machine and versions."""
    settings = content.get("settings")
    told = ", ".join(f"{name} {value}" for name, value in settings.items()) if isinstance(settings, dict) else ""
    head = f"Measured {str(content.get('taken'))[:10]}" + (f" ({told}):" if told else ":")
    return "\n".join((head, *(f"* {line}" for line in facts.told(content))))


def main(words: Sequence[str]) -> int:
    try:
        publish(record.read(Path(words[0]) if words else PUBLISHED))
    except BenchmarkError as error:
        print(f"benchmarks.publish: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
