"""A page of metrics, read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measuring.metrics import total

PAGE = """\
# HELP dropped_total Messages that got no answer.
# TYPE dropped_total counter
dropped_total{server="dns://:53",reason="overload"} 7
dropped_total{server="dns://:53",reason="rate {limit}"} 3.5
dropped_total_more 100
up 1
broken{a="b"} many
"""


@pytest.mark.parametrize(("name", "value"), [("dropped_total", 10.5), ("up", 1.0), ("missing", 0.0), ("broken", 0.0)])
def test_all_labels_count(name: str, value: float) -> None:
    assert total(PAGE, name) == value


@given(st.text(), st.text(min_size=1))
def test_any_page_has_some_total(page: str, name: str) -> None:
    assert isinstance(total(page, name), float | int)
