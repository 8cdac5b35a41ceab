"""What /proc tells of a process."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.usage import Memory, Stat, cpu_seconds, parse_memory, parse_stat, resident, tree

MEMORY = """\
55f0-7ffd ---p 00000000 00:00 0                          [rollup]
Rss:                9000 kB
Pss:                5000 kB
Shared_Clean:       1000 kB
Shared_Dirty:         24 kB
Private_Clean:      2000 kB
Private_Dirty:        48 kB
"""


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=15))
def test_a_stat_line_is_read_whatever_the_program_is_called(name: str) -> None:
    line = f"42 ({name}) S 7 42 42 0 -1 4194560 100 0 0 0 11 22 3 4 20 0 1 0 100 1000 200"
    assert parse_stat(line) == Stat(parent=7, own=33, ended=7)


def test_memory_is_private_or_shared() -> None:
    assert parse_memory(MEMORY) == Memory(private=2048 * 1024, shared=1024 * 1024)


@given(st.text(max_size=100))
def test_any_text_has_some_memory_or_none(text: str) -> None:
    assert parse_memory(text).private >= 0


@pytest.mark.parametrize(
    ("root", "expected"),
    [(1, {1, 2, 3, 4}), (2, {2, 4}), (4, {4}), (9, set())],
)
def test_a_tree_is_a_process_and_all_below_it(root: int, expected: set[int]) -> None:
    stats = {1: Stat(0, 0, 0), 2: Stat(1, 0, 0), 3: Stat(1, 0, 0), 4: Stat(2, 0, 0)}
    assert set(tree(root, stats)) == expected


def test_this_process_takes_memory() -> None:
    assert resident(os.getpid()) > 0


def test_this_process_takes_time() -> None:
    assert 0 < time.process_time() <= cpu_seconds(os.getpid())


def test_a_process_that_is_no_more_takes_nothing() -> None:
    assert resident(2**30) == 0
