import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.zone.master.spelling import KEPT_NAMES, Naming, SpellingError, string, unescaped

ORIGIN = b"\x07Example\x03org\0"


@pytest.mark.parametrize(
    ("word", "wire"),
    [
        (b"@", ORIGIN),
        (b".", b"\0"),
        (b"www", b"\x03www" + ORIGIN),
        (b"WWW.a", b"\x03WWW\x01a" + ORIGIN),
        (b"www.com.", b"\x03www\x03com\0"),
        (b"a\\.b.c", b"\x03a.b\x01c" + ORIGIN),
        (b"a\\.", b"\x02a." + ORIGIN),
        (b"\\065\\000.", b"\x02A\0\0"),
        (b"\\@", b"\x01@" + ORIGIN),
        (b"\xc3\xbc", b"\x02\xc3\xbc" + ORIGIN),
        (b"x" * 63, b"\x3f" + b"x" * 63 + ORIGIN),
    ],
)
def test_a_name_is_relative_to_the_origin_unless_it_ends_with_a_dot(word: bytes, wire: bytes) -> None:
    assert Naming(ORIGIN).name(word) == wire


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (b"a..b", "an empty label in the name 'a..b'"),
        (b"..", "an empty label in the name '..'"),
        (b".a", "an empty label in the name '.a'"),
        (b"x" * 64, "a label of 64 octets"),
        (b"x." * 130, "the name .* has 261 octets, at most 255"),
        (b'"a"', "take the quotes away"),
        (b"a\\256", "the escape .256 is over 255"),
        (b"a\\25.b", "wants a character or three digits"),
    ],
)
def test_what_is_no_name_is_told(word: bytes, message: str) -> None:
    with pytest.raises(SpellingError, match=message):
        Naming(ORIGIN).name(word)


def test_another_origin_is_for_the_names_that_come() -> None:
    naming = Naming(ORIGIN)
    naming.name(b"www")
    naming.change_origin(b"\x03com\0")
    assert naming.name(b"www") == b"\x03www\x03com\0"
    assert naming.name(b"@") == b"\x03com\0"


def test_names_are_not_remembered_without_end() -> None:
    naming = Naming(ORIGIN)
    for i in range(KEPT_NAMES + 10):
        naming.name(b"%d" % i)
    assert len(naming.known) <= KEPT_NAMES
    assert naming.name(b"@") == ORIGIN


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8))
def test_what_is_written_is_read(labels: list[bytes]) -> None:
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    assert Naming(ORIGIN).name(names.to_text(wire).encode()) == wire


@pytest.mark.parametrize(
    ("word", "octets"),
    [(b"a", b"a"), (b'"a b"', b"a b"), (b'""', b""), (b'"\\"\\\\\\009"', b'"\\\t'), (b"x" * 255, b"x" * 255)],
)
def test_a_string_may_stand_in_quotes(word: bytes, octets: bytes) -> None:
    assert string(word) == octets


@pytest.mark.parametrize("word", [b"x" * 256, b'"' + b"x" * 256 + b'"', b'"\\256"'])
def test_what_is_no_string_is_told(word: bytes) -> None:
    with pytest.raises(SpellingError):
        string(word)


@given(st.binary())
def test_any_text_is_octets_or_an_error(text: bytes) -> None:
    try:
        assert len(unescaped(text)) <= len(text)
    except SpellingError:
        assert b"\\" in text
