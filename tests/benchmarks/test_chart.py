"""The chart."""

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chart import draw
from benchmarks.figures import Result

SVG = "{http://www.w3.org/2000/svg}"
CPU = "cpu_microseconds"


def bars(results: list[Result], titles: dict[str, str]) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(draw(results, titles)).iter(f"{SVG}rect"))


def texts(results: list[Result], titles: dict[str, str]) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(draw(results, titles)).iter(f"{SVG}text")]


@given(st.lists(st.builds(Result, st.just("w"), st.text(st.characters(exclude_categories=["C"])), st.just(()),
    st.fixed_dictionaries({CPU: st.floats(0)}))), st.text(st.characters(exclude_categories=["C"])))  # fmt: skip
def test_any_names_and_values_make_well_formed_xml(results: list[Result], title: str) -> None:
    assert ElementTree.fromstring(draw(results, {"w": title})).tag == f"{SVG}svg"


def test_bars_have_one_scale() -> None:
    results = [Result("a", "nsd", (), {CPU: 4.0}), Result("b", "pydns", (), {CPU: 8.0})]
    short, long = bars(results, {"a": "", "b": ""})
    assert float(long.attrib["width"]) == pytest.approx(2 * float(short.attrib["width"]), abs=0.1)


def test_no_bar_leaves_the_picture() -> None:
    picture = ElementTree.fromstring(draw([Result("a", "nsd", (), {CPU: 1e9})], {"a": ""}))
    (bar,) = picture.iter(f"{SVG}rect")
    assert float(bar.attrib["x"]) + float(bar.attrib["width"]) < float(picture.attrib["viewBox"].split()[2])


@pytest.mark.parametrize(("server", "kind"), [("pydns", "ours"), ("floor", "floor"), ("nsd", "peer")])
def test_ours_looks_other_than_the_peers(server: str, kind: str) -> None:
    (bar,) = bars([Result("a", server, (), {CPU: 4.0})], {"a": ""})
    assert bar.attrib["class"] == kind


def test_workloads_stand_in_their_order_with_names_and_values() -> None:
    results = [Result("b", "nsd", (), {CPU: 4.0}), Result("a", "pydns", (), {CPU: 8.0})]
    told = ["CPU us/query, less is better", "a: one", "pydns", "8.0", "b: two", "nsd", "4.0"]
    assert texts(results, {"a": "one", "b": "two"}) == told


@pytest.mark.parametrize("figures", [{}, {CPU: math.nan}, {CPU: math.inf}])
def test_what_has_no_value_is_left_out(figures: dict[str, float]) -> None:
    assert texts([Result("a", "nsd", (), figures)], {"a": "one"}) == ["CPU us/query, less is better"]


def test_dark_pages_have_colors_of_their_own() -> None:
    assert "@media (prefers-color-scheme: dark)" in draw([], {})
