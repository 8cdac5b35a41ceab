"""EDNS: RFC 6891, RFC 8914."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.errors import WireError
from pydns.wire.edns import MAX_ERROR_TEXT, extended_errors, opt_record, options, pack_options

pairs = st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=20)), max_size=5).map(tuple)


@given(pairs)
def test_options_packed_are_read_as_they_were(given_: tuple[tuple[int, bytes], ...]) -> None:
    assert options(pack_options(given_)) == given_


@pytest.mark.parametrize("rdata", [b"\0", b"\0\3", b"\0\3\0", b"\0\3\0\1", b"\0\3\xff\xff", b"\0\3\0\1a\0"])
def test_options_that_do_not_fill_their_rdata_are_refused(rdata: bytes) -> None:
    with pytest.raises(WireError):
        options(rdata)


@given(st.binary(max_size=60))
def test_random_octets_are_options_or_a_wire_error(rdata: bytes) -> None:
    try:
        found = options(rdata)
    except WireError:
        return
    assert pack_options(found) == rdata


@pytest.mark.parametrize(
    ("rcode", "do", "record"),
    [
        (0, False, b"\0\0\x29\x04\xd0\0\0\0\0\0\0"),
        (3, True, b"\0\0\x29\x04\xd0\0\0\x80\0\0\0"),
        (16, False, b"\0\0\x29\x04\xd0\1\0\0\0\0\0"),
        (4095, False, b"\0\0\x29\x04\xd0\xff\0\0\0\0\0"),
    ],
)
def test_an_opt_record_holds_size_high_rcode_bits_and_do(rcode: int, do: bool, record: bytes) -> None:
    assert opt_record(1232, rcode, do) == record


def test_an_opt_record_holds_co() -> None:
    assert opt_record(1232, 0, True, (), True) == b"\0\0\x29\x04\xd0\0\0\xc0\0\0\0"


def test_an_opt_record_holds_options() -> None:
    assert opt_record(512, 0, False, [(3, b"us")]) == b"\0\0\x29\x02\0\0\0\0\0\0\6\0\3\0\2us"


def test_an_extended_error_is_its_code_and_text() -> None:
    assert [*extended_errors([(14, "not yet"), (0, "")])] == [(15, b"\0\x0enot yet"), (15, b"\0\0")]


@given(st.text(alphabet=st.characters(), max_size=200))
def test_the_text_of_an_extended_error_is_short_and_utf_8(text: str) -> None:
    ((_, data),) = extended_errors([(0, text)])
    assert len(data) <= 2 + MAX_ERROR_TEXT
    assert data[2:].decode("utf-8") in text.encode("utf-8", "replace").decode()


def test_a_character_is_never_cut_in_two() -> None:
    ((_, data),) = extended_errors([(0, "ä" * MAX_ERROR_TEXT)])
    assert data[2:].decode() == "ä" * (MAX_ERROR_TEXT // 2)
