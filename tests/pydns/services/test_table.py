from __future__ import annotations

from pydns.services.faults import Fault
from pydns.services.table import Table


def table(value: object) -> tuple[Table, list[Fault]]:
    faults: list[Fault] = []
    return Table(value, ("t",), faults), faults


def test_what_is_missing_is_the_default() -> None:
    found, faults = table({})
    assert found.text("a", str, "x") == "x"
    assert found.flag("a", True)
    assert found.number("a", 1, 2, 7) == 7
    assert found.texts("a", str) == ()
    assert faults == []


def test_one_text_needs_no_list() -> None:
    found, _ = table({"a": "x", "b": ["x", "y"]})
    assert (found.texts("a", str), found.texts("b", str)) == (("x",), ("x", "y"))


def test_a_truth_is_no_number() -> None:
    found, faults = table({"a": True})
    assert found.number("a", 0, 9) == 0
    assert faults == [Fault(("t", "a"), "this must be a whole number")]


def test_a_long_number_is_not_told_in_full() -> None:
    found, faults = table({"a": 10**4000})
    found.number("a", 0, 9)
    assert faults == [Fault(("t", "a"), "this number is out of range: 0 to 9")]


def test_keys_that_nobody_took_are_blamed() -> None:
    found, faults = table({"a": 1, "bcd": 2})
    found.number("a", 0, 9)
    found.close(("a", "bce"))
    assert faults == [Fault(("t", "bcd"), "unknown key (did you mean 'bce'?)")]


def test_the_place_of_an_item_is_told() -> None:
    found, faults = table({"a": ["x", 1]})
    assert found.texts("a", str) == ("x",)
    assert faults == [Fault(("t", "a", 1), "this must be text in quotes")]
