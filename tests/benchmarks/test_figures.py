"""Medians, ratios and percentiles."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Run, percentile, ratios, summarize

RUN = Run(
    queries_per_second=1000.0,
    completed=4000,
    lost=1,
    wrong=2,
    cpu_microseconds=10.0,
    upstream_cpu_microseconds=0.0,
    core_used=0.9,
    core_used_by_others=0.01,
    p50_microseconds=50.0,
    p99_microseconds=90.0,
)


def test_a_figure_is_the_median_of_its_runs() -> None:
    runs = [replace(RUN, cpu_microseconds=cpu) for cpu in (9.0, 30.0, 10.0)]
    assert summarize(runs, 0).cpu_microseconds == 10.0


def test_what_was_lost_and_wrong_is_added_up() -> None:
    figures = summarize([RUN, RUN, RUN], 0)
    assert (figures.lost, figures.wrong) == (3, 6)


def test_the_worst_disturbance_is_told() -> None:
    runs = [replace(RUN, core_used_by_others=share) for share in (0.0, 0.5, 0.1)]
    assert summarize(runs, 0).core_used_by_others == 0.5


def test_a_ratio_is_ours_divided_by_the_peers() -> None:
    ours = summarize([replace(RUN, queries_per_second=500.0)], 100)
    peer = summarize([RUN], 400)
    assert ratios(ours, peer) == {
        "queries_per_second": 0.5,
        "cpu_microseconds": 1.0,
        "p50_microseconds": 1.0,
        "p99_microseconds": 1.0,
        "memory": 0.25,
    }


def test_a_ratio_to_nothing_is_none() -> None:
    assert math.isnan(ratios(summarize([RUN], 1), summarize([RUN], 0))["memory"])


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([1.0], 50, 1.0),
        ([1.0], 99, 1.0),
        ([1.0, 2.0], 50, 1.0),
        ([1.0, 2.0, 3.0], 50, 2.0),
        ([float(i) for i in range(1, 101)], 99, 99.0),
        ([float(i) for i in range(1, 101)], 100, 100.0),
        ([1.0, 2.0], 0, 1.0),
    ],
)
def test_a_percentile_is_by_nearest_rank(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    assert math.isnan(percentile([], 50))


@given(st.lists(st.floats(0, 10), min_size=1).map(sorted), st.floats(0, 100))
def test_a_percentile_is_one_of_the_values(values: list[float], percent: float) -> None:
    assert percentile(values, percent) in values
