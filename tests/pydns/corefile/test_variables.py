"""What references stand for, and which words they become."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.corefile import variables
from pydns.corefile.limits import Budget, Faults, LimitError
from pydns.corefile.tree import Position, Word
from pydns.corefile.variables import Variables
from pydns.errors import CorefileError

MakeWord = Callable[..., Word]

ENVIRON = {"A": "1", "LIST": " 1  2\t3 ", "EMPTY": "", "NEXT": "{$A}", "ODD-NAME.x": "odd", "BYTES": "\udce9"}


def expand(word: Word, environ: dict[str, str] = ENVIRON, args: Sequence[Word] | None = None) -> list[str]:
    return list(map(str, Variables(environ, Budget(), args, Position("Corefile", 9, 1)).expand(word)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{$A}", ["1"]),
        ("{%A%}", ["1"]),
        ("x{$A}y{%A%}{$A}", ["x1y11"]),
        ("{$A:2}", ["1"]),
        ("{$B:2}", ["2"]),
        ("{%B:2%}", ["2"]),
        ("{$B:http://x:1}", ["http://x:1"]),
        ("{$ODD-NAME.x}", ["odd"]),
        ("{$NEXT}", ["{$A}"]),
        ("{$LIST}", ["1", "2", "3"]),
        ("{%LIST%}", ["1", "2", "3"]),
        ("x{$LIST}", ["x 1  2\t3 "]),
        ("{$EMPTY}", []),
        ("{$B:}", []),
        ("x{$EMPTY}", ["x"]),
    ],
)
def test_a_variable_is_filled_in(text: str, expected: list[str], word: MakeWord) -> None:
    assert expand(word(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("{$LIST}", " 1  2\t3 "), ("{$EMPTY}", ""), ("{$B:}", ""), ("{$B:a b}", "a b")]
)
def test_a_quoted_word_is_never_split(text: str, expected: str, word: MakeWord) -> None:
    assert expand(word(text, quoted=True)) == [expected]


@pytest.mark.parametrize(
    "text",
    ["{}", "{$}", "{%}", "{%%}", "{%A}", "{1}", "{combined}", "{{$x}}", "{{$x := 1}}", "{ $A }", "{args}", "{$A"],
)
def test_other_braces_are_text(text: str, word: MakeWord) -> None:
    assert expand(word(text, quoted=True)) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{args[0]}", ["a b"]),
        ("{args.1}", ["c"]),
        ("{args[:]}", ["a b", "c"]),
        ("x{args[:]}", ["xa b c"]),
        ("{args[1]}-{args.1}", ["c-c"]),
    ],
)
def test_arguments_are_filled_in(text: str, expected: list[str], word: MakeWord) -> None:
    assert expand(word(text), args=[word("a b", quoted=True), word("c")]) == expected


def test_no_arguments_are_no_words(word: MakeWord) -> None:
    assert expand(word("{args[:]}"), args=[]) == []


@pytest.mark.parametrize(
    ("text", "args", "message"),
    [
        ("{$B}", None, "B is not set"),
        ("x{%B%}", None, "B is not set"),
        ("{$\x1b[1m}", None, "\\x1b[1m is not set"),
        ("{args[0]}", None, "{args[0]} stands neither in a snippet nor in an imported file"),
        ("{args[1]}", ["a"], "{args[1]} is not given"),
        ("{$A:x", None, "the default of A has no closing brace"),
        ("{$BYTES}", None, "the byte 0xe9 is no UTF-8"),
    ],
)
def test_what_stands_for_nothing_is_a_fault(text: str, args: list[str] | None, message: str, word: MakeWord) -> None:
    with pytest.raises(CorefileError) as caught:
        expand(word(text), args=None if args is None else list(map(word, args)))
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "environ", "remedy"),
    [
        ("{$UPSTREAM}", {"UPSTREAMS": ""}, "did you mean UPSTREAMS?"),
        ("{$UP}", {}, "set it in the environment, or write {$UP:VALUE}"),
        ("{%UP%}", {}, "set it in the environment, or write {%UP:VALUE%}"),
        ("{$" + "U" * 100 + "}", {}, "set it in the environment"),
    ],
)
def test_an_unset_variable_has_a_remedy(text: str, environ: dict[str, str], remedy: str, word: MakeWord) -> None:
    with pytest.raises(CorefileError) as caught:
        expand(word(text), environ)
    assert caught.value.remedy == remedy


def test_the_words_of_a_value_stand_where_the_variable_does(word: MakeWord) -> None:
    found = Variables(ENVIRON, Budget()).expand(word("{$LIST}"))
    assert {each.position for each in found} == {Position("Corefile", 2, 3)}


def test_a_word_without_references_is_the_same_word(word: MakeWord) -> None:
    plain = word("{1}")
    assert Variables({}, Budget()).expand(plain)[0] is plain


def test_all_faults_of_a_line_are_told(word: MakeWord, faults: Faults) -> None:
    assert Variables({}, Budget()).expand_all([word("{$A}"), word("b"), word("{$C}")], faults) is None
    assert [fault.message for fault in faults.found] == ["A is not set", "C is not set"]


def test_a_word_that_grows_without_end_ends_the_reading(word: MakeWord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "MAX_CHARACTERS", 10)
    with pytest.raises(LimitError):
        expand(word("{$A}" * 11))


fragments = st.sampled_from(["{$A}", "{%A%}", "{$A:", "{", "}", "{args[0]}", "{args[:]}", "$", "%", ":", "x", "{{"])


@given(st.lists(fragments | st.text(max_size=3), max_size=12).map("".join), st.booleans())
def test_any_word_expands_or_is_a_clear_error(text: str, quoted: bool) -> None:
    word = Word(text, Position("Corefile", 1, 1), quoted)
    with suppress(CorefileError):
        found = Variables({"A": "a b"}, Budget(), [word]).expand(word)
        assert quoted <= (len(found) == 1)
