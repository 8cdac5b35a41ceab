"""Words, lines and places, by the rules of Caddy's first version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.corefile import lexer
from pydns.corefile.lexer import lex
from pydns.corefile.limits import Faults, LimitError
from pydns.corefile.tree import Word


def words(text: str) -> list[list[str]]:
    return [[str(word) for word in line] for line in lex(text, "Corefile", Faults())]


def places(text: str) -> list[tuple[int, ...]]:
    return [word.position[1:] for line in lex(text, "Corefile", Faults()) for word in line]


def messages(text: str) -> list[str]:
    faults = Faults()
    lex(text, "Corefile", faults)
    return list(map(str, faults.found))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n \t\r\n", []),
        ("a b\nc", [["a", "b"], ["c"]]),
        ("a\r\nb\r\n", [["a"], ["b"]]),
        ("a\u00a0b\u3000c\vd\fe", [["a", "b", "c", "d", "e"]]),
        ("\ufeffa", [["a"]]),
        ("a \\\nb", [["a", "\\"], ["b"]]),
    ],
)
def test_blanks_part_words_and_line_ends_part_lines(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a\nb", [["b"]]),
        ("a#b c\nd", [["a"], ["d"]]),
        ("a #", [["a"]]),
        ('a # "\nb', [["a"], ["b"]]),
        ('"#" a', [["#", "a"]]),
        ('"a"#b', [["a"]]),
    ],
)
def test_a_comment_goes_to_the_end_of_the_line(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a b"', ["a b"]),
        ('""', [""]),
        (r'"a\"b"', ['a"b']),
        (r'"a\\" b', [r"a\\", "b"]),
        (r'"\d\n\\d"', [r"\d\n\\d"]),
        ("'a b'", ["'a", "b'"]),
        ('a"b c"d', ['a"b', 'c"d']),
        ('"a"b', ["a", "b"]),
        ('"a\nb" c', ["a\nb", "c"]),
        ('"a\r\nb\rc"', ["a\nb\rc"]),
    ],
)
def test_double_quotes_hold_a_word_together(text: str, expected: list[str]) -> None:
    assert words(text) == [expected]


def test_a_word_says_whether_it_was_quoted() -> None:
    assert [word.quoted for word in lex('a "b"', "Corefile", Faults())[0]] == [False, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  b\n c", [(1, 1), (1, 4), (2, 2)]),
        ("\ufeffa", [(1, 1)]),
        ("\t a", [(1, 3)]),
        ("größe b", [(1, 1), (1, 7)]),
        ('"a\nb\n" c\nd', [(1, 1), (3, 3), (4, 1)]),
        ("a # \n\n b", [(1, 1), (3, 2)]),
    ],
)
def test_lines_and_columns_count_from_one(text: str, expected: list[tuple[int, ...]]) -> None:
    assert places(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a "b c', ['Corefile:1:3: the quote is never closed (close it with ")']),
        ("a\n\0", ["Corefile:2:1: a NUL character"]),
        ("a \udce9", ["Corefile:1:3: the byte 0xe9 is no UTF-8 (write it as UTF-8)"]),
        (
            'a "b\n "c"',
            [
                "Corefile:1:3: the quote runs on to line 2, where text is glued to its end (close it earlier)",
            ],
        ),
        ('a "b\n" "c"', []),
        ("# \0 \udce9", []),
    ],
)
def test_faults_name_their_place(text: str, expected: list[str]) -> None:
    assert messages(text) == expected


def test_the_line_below_an_unclosed_quote_is_read() -> None:
    assert words('a "b c\nd') == [["a", "b c"], ["d"]]


def test_too_many_words_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "MAX_WORDS", 3)
    with pytest.raises(LimitError):
        words("a b c d")


def test_too_many_characters_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "MAX_CHARACTERS", 3)
    with pytest.raises(LimitError):
        words("abcd")


def quote(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


printable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\\\r"), max_size=12)


@given(st.lists(st.lists(printable, min_size=1, max_size=4), max_size=4))
def test_quoted_words_come_back_as_they_were(lines: list[list[str]]) -> None:
    assert words("\n".join(" ".join(map(quote, line)) for line in lines)) == lines


@given(st.text(alphabet=st.sampled_from('a"\\#{} \t\r\n\0é\udce9'), max_size=60) | st.text(max_size=60))
def test_every_word_stands_where_it_says(text: str) -> None:
    lines = text.removeprefix("\ufeff").split("\n")
    for word in (word for line in lex(text, "Corefile", Faults()) for word in line):
        found = lines[word.position.line - 1][word.position.column - 1 :]
        assert found.startswith('"' if word.quoted else str(word))


def test_a_word_without_faults_passes_the_check() -> None:
    good = lex("a", "Corefile", Faults())[0][0]
    assert isinstance(lexer.check(good), Word)
