"""The table and the JSON file."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.figures import Figures, Result
from benchmarks.report import as_json, plain, table, write_json
from benchmarks.workloads import HOSTS

FIGURES = Figures(
    queries_per_second=100_000.0,
    lost=0,
    wrong=0,
    cpu_microseconds=10.0,
    core_used=0.99,
    core_used_by_others=0.0,
    p50_microseconds=50.0,
    p99_microseconds=math.nan,
    memory=2 * 2**20,
)
OURS = Result("hosts", "pydns", (), FIGURES)
PEER = Result("hosts", "nsd", (), replace(FIGURES, queries_per_second=200_000.0, cpu_microseconds=4.0))


def test_the_table_has_figures_and_ratios() -> None:
    assert table(HOSTS, [OURS, PEER], {}).splitlines() == [
        "hosts: 10,000 names of a hosts file",
        "               queries/s  CPU us/query  p50 us  p99 us  memory MiB  lost  core",
        "  pydns          100,000          10.0      50       -         2.0     0   99%",
        "  nsd            200,000           4.0      50       -         2.0     0   99%",
        "  pydns / nsd      0.50x         2.50x   1.00x       -       1.00x",
    ]


def test_without_ours_there_are_no_ratios() -> None:
    assert "/ nsd" not in table(HOSTS, [PEER], {})


def test_without_results_there_is_still_a_table() -> None:
    assert table(HOSTS, [], {}).startswith("hosts: ")


def test_the_table_tells_who_is_left_out() -> None:
    assert table(HOSTS, [], {"dnsdist": "no names"}).endswith("dnsdist is left out: no names")


@pytest.mark.parametrize(
    ("core_used", "by_others", "note"),
    [
        (0.5, 0.0, "nsd: dnsperf could not ask for more, so its queries/s are not its most"),
        (0.5, 0.3, "nsd: others took up to 30% of its core"),
    ],
)
def test_a_doubtful_figure_is_marked(core_used: float, by_others: float, note: str) -> None:
    figures = replace(FIGURES, core_used=core_used, core_used_by_others=by_others)
    assert table(HOSTS, [replace(PEER, figures=figures)], {}).splitlines()[-1] == note


def test_json_has_the_ratios_beside_the_peer() -> None:
    ours, peer = as_json([OURS, PEER])
    assert "ratios" not in ours
    assert peer["ratios"] == pytest.approx(
        {
            "queries_per_second": 0.5,
            "cpu_microseconds": 2.5,
            "p50_microseconds": 1.0,
            "p99_microseconds": math.nan,
            "memory": 1.0,
        },
        nan_ok=True,
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [(math.nan, None), ({"a": (1, math.inf)}, {"a": [1, None]}), ("x", "x"), (1.5, 1.5)],
)
def test_json_knows_no_nan(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_a_file_is_written_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "results" / "now.json"
    write_json(path, {"results": as_json([OURS])})
    assert json.loads(path.read_text())["results"][0]["server"] == "pydns"
