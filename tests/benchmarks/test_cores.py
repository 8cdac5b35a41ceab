"""Cores, and how long they worked."""

import os

import pytest

from benchmarks.cores import parse_busy_ticks, pinned
from benchmarks.errors import BenchmarkError

STAT = """\
cpu  300 30 60 900 90 6 9 12 0 0
cpu0 100 10 20 300 30 2 3 4 0 0
cpu10 1 1 1 1 1 1 1 1 1 1
intr 1 2 3
"""


@pytest.mark.parametrize(("core", "ticks"), [(0, 139), (10, 6)])
def test_all_is_work_but_idle_and_waiting(core: int, ticks: int) -> None:
    assert parse_busy_ticks(STAT, core) == ticks


def test_an_unknown_core_is_an_error() -> None:
    with pytest.raises(BenchmarkError, match="core 1"):
        parse_busy_ticks(STAT, 1)


def test_who_is_pinned_is_set_free_again() -> None:
    before = os.sched_getaffinity(0)
    core = min(before)
    with pinned(core):
        assert os.sched_getaffinity(0) == {core}
    assert os.sched_getaffinity(0) == before
