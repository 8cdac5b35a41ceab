from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.steps import whole
from pydns.zone.master.lines import Lines
from pydns.zone.master.words import MAX_WORDS, EntryError, Word, divided, entry, joined


def words(text: bytes) -> list[Word]:
    return whole(entry(Lines(text, lambda number: None)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"a b\tc", [b"a", b"b", b"c"]),
        (b"a ; b", [b"a"]),
        (b"a;b", [b"a"]),
        (b'"a b" c', [b'"a b"', b"c"]),
        (b'"a;b" "c\\"d"', [b'"a;b"', b'"c\\"d"']),
        (b"a\\ b\\;c", [b"a\\ b\\;c"]),
        (b'a"b"c', [b"a", b'"b"', b"c"]),
        (b"a(b)c", [b"a", b"b", b"c"]),
        (b"", []),
        (b"  ", []),
        (b"; a", []),
        (b"a \x01\xff\x00", [b"a", b"\x01\xff\x00"]),
    ],
)
def test_a_line_is_divided_into_words(text: bytes, found: list[bytes]) -> None:
    assert [word.text for word in words(text)] == found


def test_words_know_their_places() -> None:
    assert words(b"a (b ; c\n\n  d)\n e")[:3] == [Word(b"a", 1, 1), Word(b"b", 1, 4), Word(b"d", 3, 3)]


def test_an_entry_ends_with_its_line_or_its_parenthesis() -> None:
    lines = Lines(b"a (\nb\n) c\nd\n", lambda number: None)
    assert [word.text for word in whole(entry(lines))] == [b"a", b"b", b"c"]
    assert [word.text for word in whole(entry(lines))] == [b"d"]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (b'a "b', 1, 3, "the quote is not closed in its line"),
        (b'a "b\nc"', 1, 3, "the quote is not closed in its line"),
        (b"a (\nb ( c", 2, 3, "a parenthesis within parentheses"),
        (b"a ) b", 1, 3, "a closing parenthesis without an opening one"),
        (b"a (\nb\n", 1, 3, "the parenthesis is never closed"),
        (b"a b\\", 1, 4, "a backslash at the end of the line"),
        (b"a\rb", 1, 2, "a carriage return within a line"),
    ],
)
def test_what_cannot_be_divided_is_told(text: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(EntryError) as caught:
        words(text)
    assert (caught.value.line, caught.value.column, caught.value.message) == (line, column, message)


def test_behind_an_error_the_next_line_is_another_entry() -> None:
    lines = Lines(b'a (\n"b\nc\n', lambda number: None)
    with pytest.raises(EntryError):
        whole(entry(lines))
    assert [word.text for word in whole(entry(lines))] == [b"c"]


@pytest.mark.parametrize("text", [b"(" + b"a\n" * (MAX_WORDS + 1), b"(" + (b"x" * 1000 + b"\n") * 2000])
def test_a_parenthesis_ends_sometime(text: bytes) -> None:
    with pytest.raises(EntryError, match="is it ever closed"):
        words(text)


@pytest.mark.parametrize(
    ("text", "again"), [(b'alpn="h2,h3"', b'alpn="h2,h3"'), (b"a  b", b"a b"), (b'a "b"', b'a "b"')]
)
def test_what_no_blank_parts_stays_together(text: bytes, again: bytes) -> None:
    assert joined(words(text)) == again
    assert joined(divided(text, Word(b"", 1, 1))) == again


@pytest.mark.parametrize("text", [b'"a', b"(a)", b"a\\"])
def test_what_is_made_must_be_whole(text: bytes) -> None:
    with pytest.raises(EntryError):
        divided(text, Word(b"", 7, 9))


@given(st.binary())
def test_any_octets_are_words_or_an_error(text: bytes) -> None:
    with suppress(EntryError):
        assert all(word.text for word in words(text))
