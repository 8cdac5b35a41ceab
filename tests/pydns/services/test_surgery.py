from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pydns.services import surgery

toml = st.text(alphabet="[]{}ab.='\"\n #,\\1", max_size=60)
paths = st.lists(st.sampled_from(["a", "b", 0, 1]), min_size=1, max_size=3).map(tuple)


@given(toml, paths)
def test_no_text_breaks_a_cut(text: str, path: tuple[str | int, ...]) -> None:
    assert all(isinstance(new, str) for new in surgery.without(text, path))


@given(toml, paths)
def test_no_text_breaks_an_addition(text: str, path: tuple[str | int, ...]) -> None:
    assert all(isinstance(new, str) for new in surgery.into_list(text, path, "x"))
    assert all(isinstance(new, str) for new in surgery.below(text, path, "[x]"))


def test_a_table_is_short() -> None:
    table = {"a": "x", "b": [1, {"c": True}], "d": False}
    assert surgery.table_text("[t]", table) == '[t]\na = "x"\nb = [1, { c = true }]\nd = false'


def test_a_long_list_has_a_line_for_each_item() -> None:
    assert surgery.table_text("[t]", {"a": ["x" * 60, "y" * 60]}).count("\n") == 4
