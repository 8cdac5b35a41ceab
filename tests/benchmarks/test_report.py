"""The table on the terminal."""

import math

import pytest

from benchmarks.figures import Result
from benchmarks.report import table
from benchmarks.workloads import WORKLOADS

HOSTS = WORKLOADS["hosts"]
FIGURES = {
    "queries_per_second": 100_000.0,
    "cpu_microseconds": 10.0,
    "p99_microseconds": math.nan,
    "memory_mebibytes": 2.0,
    "completed": 100,
    "lost": 0,
    "core_used": 0.99,
    "core_used_by_others": 0.0,
}
OURS = Result("hosts", "pydns", (), FIGURES)
PEER = Result("hosts", "nsd", (), {**FIGURES, "queries_per_second": 200_000.0, "cpu_microseconds": 4.0})


def test_the_table_has_figures_ratios_and_goals() -> None:
    assert table(HOSTS, [OURS, PEER], {}).splitlines() == [
        "hosts: 10,000 names of a hosts file",
        "               queries/s  CPU us/query  p99 us  memory MiB  lost  core",
        "  pydns          100,000          10.0       -         2.0     0   99%",
        "  nsd            200,000           4.0       -         2.0     0   99%",
        "  pydns / nsd      0.50x         2.50x               1.00x",
        "goal 1.2 x nsd: 2.50, missed",
        "goal 0.8 x dnsmasq: not measured",
        "goal 1.8 x floor: not measured",
    ]


def test_without_ours_there_are_no_ratios() -> None:
    assert "/ nsd" not in table(HOSTS, [PEER], {})


def test_without_results_there_is_still_a_table() -> None:
    assert table(HOSTS, [], {}).startswith("hosts: ")


def test_the_table_tells_who_is_left_out() -> None:
    assert table(HOSTS, [], {"coredns": "not here"}).endswith("coredns is left out: not here")


@pytest.mark.parametrize(
    ("core_used", "by_others", "note"),
    [
        (0.5, 0.0, "nsd: dnsperf could not ask for more, so its queries/s are not its most"),
        (0.5, 0.3, "nsd: others took up to 30% of its core"),
    ],
)
def test_a_doubtful_figure_is_marked(core_used: float, by_others: float, note: str) -> None:
    figures = {**FIGURES, "core_used": core_used, "core_used_by_others": by_others}
    assert table(HOSTS, [Result("hosts", "nsd", (), figures)], {}).splitlines()[-1] == note
