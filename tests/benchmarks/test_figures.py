"""Medians, ratios and percentiles."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import FIGURES, percentile, ratios, summarize, written

RUN = {"queries_per_second": 1000.0, "lost": 1.0, "cpu_microseconds": 10.0, "core_used_by_others": 0.01}


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("cpu_microseconds", (9.0, 30.0, 10.0), 10.0),
        ("lost", (1.0, 2.0, 3.0), 6.0),
        ("core_used_by_others", (0.0, 0.5, 0.1), 0.5),
    ],
    ids=["median", "sum", "most"],
)
def test_runs_come_to_one_figure(name: str, values: tuple[float, ...], expected: float) -> None:
    assert summarize([{**RUN, name: value} for value in values])[name] == expected


def test_a_figure_of_the_end_stands_beside_those_of_the_runs() -> None:
    assert summarize([RUN], memory_mebibytes=3.0) == {**RUN, "memory_mebibytes": 3.0}


def test_a_ratio_is_ours_divided_by_the_peers() -> None:
    ours, peer = {**RUN, "queries_per_second": 500.0}, RUN
    assert ratios(ours, peer) == {"queries_per_second": 0.5, "cpu_microseconds": 1.0}


def test_a_ratio_to_nothing_is_none() -> None:
    assert math.isnan(ratios(RUN, {**RUN, "cpu_microseconds": 0.0})["cpu_microseconds"])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("queries_per_second", 123456.7, "123,457"),
        ("cpu_microseconds", 3.14, "3.1"),
        ("core_used", 0.987, "99%"),
        ("p99_microseconds", math.nan, "-"),
        ("p99_microseconds", None, "-"),
    ],
)
def test_a_value_is_written_as_its_figure_is(name: str, value: float | None, text: str) -> None:
    assert written(name, value) == text


@given(st.sampled_from(sorted(FIGURES)), st.none() | st.floats())
def test_any_value_can_be_written(name: str, value: float | None) -> None:
    assert written(name, value)


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
