from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.zone.master.generate import counted, template
from pydns.zone.master.spelling import SpellingError
from tests.pydns.zone.master.reading import read_below


@pytest.mark.parametrize(
    ("word", "numbers"), [(b"1-3", [1, 2, 3]), (b"0-10/5", [0, 5, 10]), (b"1-4/2", [1, 3]), (b"7-7", [7])]
)
def test_it_counts(word: bytes, numbers: list[int]) -> None:
    assert list(counted(word)) == numbers


@pytest.mark.parametrize("word", [b"3-1", b"1", b"1-", b"a-b", b"1-2/0", b"-1-2", b"0-2147483648", b"1-2/x"])
def test_what_is_no_range_is_told(word: bytes) -> None:
    with pytest.raises(SpellingError):
        counted(word)


@pytest.mark.parametrize(
    ("text", "number", "made"),  # as BIND makes them
    [
        (b"host$", 7, b"host7"),
        (b"$-$", 7, b"7-7"),
        (b"$$", 7, b"$"),
        (b"\\$x", 7, b"\\$x"),
        (b"a\\\\$", 7, b"a\\\\7"),
        (b"${0}", 7, b"7"),
        (b"${-5}", 7, b"2"),
        (b"${100,5}", 7, b"00107"),
        (b"${0,3,d}", 7, b"007"),
        (b"${0,2,o}", 9, b"11"),
        (b"${0,4,x}", 30, b"001e"),
        (b"${0,0,X}", 30, b"1E"),
        (b"${0,0,n}", 30, b"e.1"),
        (b"${0,1,n}", 30, b"e.1"),
        (b"${0,2,n}", 30, b"e.1"),
        (b"${0,3,n}", 30, b"e.1"),
        (b"${0,4,n}", 30, b"e.1."),
        (b"${0,5,N}", 30, b"E.1.0"),
        (b"${0,6,N}", 30, b"E.1.0."),
        (b"${0,2,n}", 300, b"c.2.1"),
        (b"${0,3,n}", 0, b"0.0"),
    ],
)
def test_a_template_makes_text(text: bytes, number: int, made: bytes) -> None:
    assert template(text)(number) == made


@pytest.mark.parametrize("text", [b"${", b"${}", b"${1", b"${a}", b"${0,300}", b"${0,1,q}", b"${0,1,d,1}", b"x" * 3000])
def test_what_is_no_template_is_told(text: bytes) -> None:
    with pytest.raises(SpellingError):
        template(text)


def test_there_is_nothing_below_zero() -> None:
    with pytest.raises(SpellingError):
        template(b"${-8}")(7)


def test_what_a_template_makes_has_an_end() -> None:
    with pytest.raises(SpellingError):
        template(b"${0,255}" * 200)(7)


@given(
    st.lists(st.sampled_from([b"$", b"{", b"}", b"\\", b"0", b",", b"d", b"n", b"-", b"a"]), max_size=12).map(b"".join)
)
def test_any_text_is_a_template_or_an_error(text: bytes) -> None:
    with suppress(SpellingError):
        assert template(text)(12) is not None


@pytest.mark.parametrize(
    ("line", "records"),
    [
        ("$GENERATE 1-2 h$ A 192.0.2.$", ["h1 3600 A 192.0.2.1", "h2 3600 A 192.0.2.2"]),
        ("$GENERATE 1-1 h$ 60 IN CNAME $.sub", ["h1 60 CNAME 1.sub.example.org."]),
        ("$GENERATE 1-1 h$ IN 60 CNAME $.sub", ["h1 60 CNAME 1.sub.example.org."]),
        ('$GENERATE 1-1 h$ MX "1$ mail$"', ["h1 3600 MX 11 mail1.example.org."]),
        ("$GENERATE 1-1 h$ MX 1$ mail$", ["h1 3600 MX 11 mail1.example.org."]),
        ('$GENERATE 1-1 h$ TXT "\\"a $\\""', ['h1 3600 TXT "a 1"']),
        ("$GENERATE 1-1 h$ HTTPS 1 . alpn=h$", ['h1 3600 HTTPS 1 . alpn="h1"']),
        ("$GENERATE 1-1 x$.example.com. A 192.0.2.1", []),
    ],
)
def test_records_are_generated(line: str, records: list[str]) -> None:
    assert read_below(line).records == records


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("$GENERATE 1-2 h$", "1:17: $GENERATE wants a range, an owner, a type and data"),
        ("$GENERATE 1-x h$ A 192.0.2.$", "1:11: '1-x' is no range: write START-STOP or START-STOP/STEP"),
        ("$GENERATE 1-2000000 h$ A 192.0.2.1", "1:11: $GENERATE would make 2000000 records: over 1000000 in all"),
        ("$GENERATE 255-300 h$ A 192.0.2.$", "1:19: A, the address: '192.0.2.256' is no IPv4 address"),
        ("$GENERATE 1-2 ${-1,0,d}..x A 192.0.2.$", "1:15: an empty label in the name '0..x'"),
        ('$GENERATE 1-2 h$ TXT "\\"$"', "1:15: the quote is not closed in its line"),
    ],
)
def test_what_goes_wrong_is_told_once(line: str, fault: str) -> None:
    assert read_below(line).faults == [fault]
