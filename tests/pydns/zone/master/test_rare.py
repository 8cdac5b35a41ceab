import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.records import type_from_text
from pydns.zone.master import rare
from pydns.zone.master.spelling import SpellingError
from tests.pydns.zone.master.reading import ORIGIN


def test_rdata_is_read_relative_to_the_origin() -> None:
    assert rare.pack(type_from_text("HTTPS"), b"1 web alpn=h2", ORIGIN) == b"\0\1\3web" + ORIGIN + b"\0\1\0\3\2h2"


def test_octets_beyond_ascii_stay_octets() -> None:
    assert rare.pack(19, b"\xc3\xbc", ORIGIN) == b"\2\xc3\xbc"
    assert rare.pack(type_from_text("HTTPS"), b"1 b\xc3\xbc.", ORIGIN) == b"\0\1\3b\xc3\xbc\0"


@pytest.mark.parametrize(("type_", "text"), [(64, b""), (64, b"x"), (29, b"1 2 3"), (65_280, b"x"), (42, b"1:x/300")])
def test_what_it_cannot_read_is_told(type_: int, text: bytes) -> None:
    with pytest.raises(SpellingError):
        rare.pack(type_, text, ORIGIN)


@given(st.integers(1, 70), st.binary(max_size=30))
def test_any_octets_are_rdata_or_an_error(type_: int, rdata: bytes) -> None:
    try:
        rare.check(type_, rdata)
    except SpellingError:
        assert rare.text(type_, rdata) is None


def test_types_have_their_names() -> None:
    assert (rare.type_number("NXNAME"), rare.type_number("WALLET"), rare.type_number("FOO")) == (128, 262, None)
