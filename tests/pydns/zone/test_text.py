import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.records import type_from_text
from pydns.zone.master.driver import read_whole
from pydns.zone.master.reader import read_zone
from pydns.zone.text import rdata_text, record_text
from tests.pydns.zone.master.lines_of_records import FILES
from tests.pydns.zone.master.reading import HEAD, ORIGIN, read


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("NS", "NS.Example.org."),
        ("MX", "10 mail.example.org."),
        ("SRV", "0 5 5060 sip.example.org."),
        ("TXT", '"a b" "\\"" "\\195\\188" ""'),
        ("DS", "1 13 2 " + "ab" * 32),
        ("TLSA", "3 1 1 abcd"),
        ("CAA", '0 issue "ca.example"'),
        ("HTTPS", '1 . alpn="h2"'),
        ("LOC", "52 22 23.000 N 4 53 32.000 E -2.00m"),
        ("NSEC", "a.example.org. A RRSIG"),
        ("TYPE65280", "\\# 2 abcd"),
        ("TYPE65280", "\\# 0"),
    ],
)
def test_rdata_is_written_as_it_is_read(type_: str, text: str) -> None:
    assert read(HEAD + f"a {type_} {text}\n").records[-1] == f"a 3600 {type_} {text}"


def test_a_record_is_a_line_of_a_zone_file() -> None:
    assert record_text(b"\x03www" + ORIGIN, 1, 60, b"\xc0\0\2\1") == "www.example.org.\t60\tIN\tA\t192.0.2.1"


@pytest.mark.parametrize(
    ("type_", "rdata"),
    [
        ("A", b"abc"),
        ("AAAA", b""),
        ("NS", b"\x03abc"),
        ("NS", b"\xc0\x0c"),
        ("NS", b"\0x"),
        ("MX", b"\0"),
        ("SOA", b"\0\0abc"),
        ("TXT", b"\x05a"),
        ("DS", b"\0\1\2\3"),
        ("TLSA", b"\1\2\3"),
        ("TLSA", b"\1"),
        ("TXT", b""),
        ("NS", b"\x3f" + b"x" * 63 + (b"\x3f" + b"x" * 63) * 3 + b"\x3f" + b"x" * 63 + b"\0"),
    ],
)
def test_rdata_of_no_form_is_written_in_hex(type_: str, rdata: bytes) -> None:
    assert rdata_text(type_from_text(type_), rdata) == f"\\# {len(rdata)} {rdata.hex()}".rstrip()


@given(FILES)
def test_what_was_read_can_be_written_and_read(text: str) -> None:
    found: list[tuple[bytes, int, int, bytes]] = []
    read_whole(read_zone((HEAD + text).encode("latin-1"), "db", ORIGIN, lambda *record: found.append(record)))
    again: list[tuple[bytes, int, int, bytes]] = []
    written = "".join(record_text(*record) + "\n" for record in found)
    reading = read_whole(read_zone(written.encode("ascii"), "db", ORIGIN, lambda *record: again.append(record)))
    assert (again, reading.faults) == (found, ())


@given(st.integers(1, 300), st.binary(max_size=80))
def test_whatever_rdata_is_it_is_one_printable_line(type_: int, rdata: bytes) -> None:
    text = rdata_text(type_, rdata)
    assert text.isascii()
    assert text.isprintable()
