import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli.query.edns_text import extended_error, option_name, option_text


@pytest.mark.parametrize(
    ("code", "data", "text"),
    [
        (15, b"\0\x0e", "14 (Not Ready)"),
        (15, b"\0\x0ehosts: not read yet\0", "14 (Not Ready): hosts: not read yet"),
        (15, b"\xff\xffx", "65535: x"),
        (15, b"\0", "00"),
        (3, b"ns1", '6e7331 ("ns1")'),
        (3, b"\xff", "ff"),
        (8, bytes.fromhex("00011800c00002"), "192.0.2.0/24/0"),
        (8, bytes.fromhex("0002382020010db8000000"), "2001:db8::/56/32"),
        (8, bytes.fromhex("00030000"), "00030000"),
        (8, bytes.fromhex("00012100c0000201"), "00012100c0000201"),
        (9, b"\0\0\x0e\x10", "3600 s"),
        (10, b"abcdefgh", "6162636465666768"),
        (10, b"abcdefgh12345678", "6162636465666768 3132333435363738"),
        (11, b"\0\x64", "10 s"),
        (12, bytes(7), "7 octets"),
        (65001, b"\xab\xcd", "abcd"),
    ],
)
def test_an_option_is_put_into_words(code: int, data: bytes, text: str) -> None:
    assert option_text(code, data) == text


@pytest.mark.parametrize(("code", "name"), [(3, "NSID"), (15, "EDE"), (65001, "OPT65001")])
def test_an_option_has_a_name(code: int, name: str) -> None:
    assert option_name(code) == name


@given(st.integers(0, 65535) | st.sampled_from((3, 8, 9, 10, 11, 12, 15)), st.binary(max_size=40))
def test_any_option_has_a_text(code: int, data: bytes) -> None:
    option_text(code, data)
    extended_error(data)
