"""Texts in errors: short, and harmless to a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.corefile.shown import readable, shorten


@pytest.mark.parametrize(
    ("text", "expected"), [("a/b c", "a/b c"), ("größe", "größe"), ("a\x1b[1m", r"a\x1b[1m"), ("\udce9", r"\udce9")]
)
def test_what_cannot_be_printed_is_escaped(text: str, expected: str) -> None:
    assert readable(text) == expected


@given(st.text())
def test_any_text_can_be_printed(text: str) -> None:
    assert readable(text).isprintable()


@given(st.text(max_size=200))
def test_any_text_becomes_short(text: str) -> None:
    assert len(shorten(text)) <= 60
