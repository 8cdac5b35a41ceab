"""Braces: what belongs to what, and what is said where they do not match."""

import pytest

from pydns.corefile import statements
from pydns.corefile.limits import Faults, LimitError
from pydns.corefile.statements import Statement

Shape = list["str | tuple[str, Shape]"]


def shape(found: list[Statement]) -> Shape:
    return [" ".join(each.words) if each.block is None else (" ".join(each.words), shape(each.block)) for each in found]


def read(text: str) -> tuple[Shape, list[str]]:
    faults = Faults()
    found = shape(statements.read(text, "Corefile", faults))
    return found, [f"{fault.position.line}:{fault.position.column} {fault.message}" for fault in faults.found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b\nc", ["a b", "c"]),
        ("a {\n b c\n}\nd", [("a", ["b c"]), "d"]),
        ("a\n\n# comment\n{\n b\n}", [("a", ["b"])]),
        ("a { b }", [("a", ["b"])]),
        ("a { b { c } }", [("a", [("b", ["c"])])]),
        ("a { } b { c }", [("a", []), ("b", ["c"])]),
        ("a {\n b }\nc", [("a", ["b"]), "c"]),
        ("a { b\n c\n}", [("a", ["b", "c"])]),
        ("a {\n b {\n }\n}", [("a", [("b", [])])]),
        ('a "{" "}" {x} {{ }}', ["a { } {x} {{ }}"]),
        ('a "b" {\n}', [("a b", [])]),
    ],
)
def test_braces_nest(text: str, expected: Shape) -> None:
    assert read(text) == (expected, [])


@pytest.mark.parametrize(
    ("text", "expected", "fault"),
    [
        ("a:1{\n b\n}", [("a:1", ["b"])], "1:1 a blank is missing before the { of 'a:1{'"),
        ("{$A}{\n b\n}", [("{$A}", ["b"])], "1:1 a blank is missing before the { of '{$A}{'"),
        ("a b{ c }", [("a b", ["c"])], "1:3 a blank is missing before the { of 'b{'"),
        ("a {\n b{\n  c\n }\n}", [("a", [("b", ["c"])])], "2:2 a blank is missing before the { of 'b{'"),
        ("a { b}", [("a", ["b"])], "1:5 a blank is missing before the } of 'b}'"),
        ("a {\n", [("a", [])], "1:3 the brace behind 'a' is never closed"),
        ("a {\n b {\n c {\n", [("a", [("b", [("c", [])])])], "1:3 the brace behind 'a' is never closed"),
        ("}\na", ["a"], "1:1 the brace closes nothing"),
        ("a { b } }", [("a", ["b"])], "1:9 the brace closes nothing"),
        ("{\n a\n}\nb", [("", ["a"]), "b"], "1:1 a server block has no key before its brace"),
        ("a {\n {\n b\n }\n c\n}", [("a", [("", ["b"]), "c"])], "2:2 a block has no name before its brace"),
        ("a {\n}\n{\n}", [("a", []), ("", [])], "3:1 a server block has no key before its brace"),
        ("a {\n b { } c\n}", [("a", [("b", []), "c"])], "2:8 'c' stands behind a closing brace"),
    ],
)
def test_a_fault_is_told_once_and_the_rest_is_read(text: str, expected: Shape, fault: str) -> None:
    assert read(text) == (expected, [fault])


@pytest.mark.parametrize("text", ["a {\n b x{\n}", 'a {\n "b{"\n}', "a {\n {1}.x y\n}", "a {\n b {$X}\n}"])
def test_braces_within_words_are_text(text: str) -> None:
    assert read(text)[1] == []


def test_an_unclosed_brace_is_looked_for_where_the_indentation_breaks() -> None:
    faults = Faults()
    statements.read("a {\n  b {\n    c\n\n  d {\n  }\n}\n", "Corefile", faults)
    (fault,) = faults.found
    assert fault.remedy == "perhaps before Corefile:7:1, which now closes 'b' of line 2"


def test_deep_nesting_ends_the_reading() -> None:
    with pytest.raises(LimitError):
        read("a {\n" * 51)
