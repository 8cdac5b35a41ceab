"""The seam to dnslib, and records read out of messages: RFC 1035 section 3.3, RFC 3597."""

from __future__ import annotations

from collections.abc import Callable

import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.errors import WireError
from pydns.records import Record, Type
from pydns.wire.edns import options
from pydns.wire.opened import open_message, record_text, sections
from tests.pydns.wire.messages import WWW, a, message, opt, packed, pointing, question, soa

WHOLE = message(
    question(), packed(a()), packed(soa()), packed(a("x")), opt((10, bytes(8))), flags=0x8580, counts=(1, 1, 1, 2)
)


def test_a_message_is_opened_with_all_its_sections() -> None:
    opened = open_message(WHOLE)
    assert [len(section) for section in (opened.questions, opened.rr, opened.auth, opened.ar)] == [1, 1, 1, 2]


def test_an_opened_message_says_what_dnslib_says() -> None:
    assert str(open_message(WHOLE)) == str(dnslib.DNSRecord.parse(WHOLE))


def test_the_spelling_outlives_opening() -> None:
    opened = open_message(message(b"\3wWw\0\0\1\0\1", b"\3XyZ\xc0\x0c" + packed(a("."))[1:], counts=(1, 1, 0, 0)))
    assert (opened.q.qname.label, opened.a.rname.label) == ((b"wWw",), (b"XyZ", b"wWw"))


def test_records_without_rdata_are_opened() -> None:
    # RFC 2136 section 2.5.2
    delete = Record(WWW, Type.A, 255, 0, b"")
    opened = open_message(message(question(), packed(delete), flags=0x2800, counts=(1, 0, 1, 0)))
    assert (opened.auth[0].rtype, opened.auth[0].rclass, bytes(opened.auth[0].rdata.data)) == (Type.A, 255, b"")


@pytest.mark.parametrize(
    ("behind", "counts"),
    [
        (b"\0", (1, 0, 0, 0)),
        (packed(Record(WWW, Type.A, 1, 0, b"\1\2\3")), (1, 1, 0, 0)),
        (packed(Record(WWW, Type.CNAME, 1, 0, b"\3x")), (1, 1, 0, 0)),
        (packed(Record(WWW, Type.CNAME, 1, 0, b"\xc0\xff")), (1, 1, 0, 0)),
        (packed(Record(b"\1\xff\0", Type.A, 1, 0, b"\1\2\3\4")), (1, 1, 0, 0)),
    ],
)
def test_what_dnslib_cannot_read_is_a_wire_error(behind: bytes, counts: tuple[int, ...]) -> None:
    with pytest.raises(WireError):
        open_message(message(question(), behind, counts=counts))


def test_records_come_by_section_with_names_whole() -> None:
    assert sections(WHOLE) == ((a(),), (soa(),), (a("x"),))


TARGET = b"\1t\xc0\x10"  # t.example.org, by way of the question


@pytest.mark.parametrize(
    ("type_", "rdata", "whole"),
    [
        (Type.CNAME, TARGET, "t.example.org"),
        (Type.NS, TARGET, "t.example.org"),
        (Type.PTR, TARGET, "t.example.org"),
        (Type.DNAME, TARGET, "t.example.org"),
        (7, TARGET, "t.example.org"),
    ],
)
def test_a_compressed_name_in_rdata_is_read_whole(type_: int, rdata: bytes, whole: str) -> None:
    ((record,), _, _) = sections(message(question(), packed(Record(WWW, type_, 1, 0, rdata)), counts=(1, 1, 0, 0)))
    assert record.rdata == names.from_text(whole)


WHOLE_TARGET = names.from_text("t.example.org")


@pytest.mark.parametrize(
    ("type_", "ahead", "count", "behind"),
    [
        (Type.MX, b"\0\x0a", 1, b""),
        (Type.SRV, bytes(6), 1, b""),
        (Type.SOA, b"", 2, bytes(20)),
        (Type.RP, b"", 2, b""),
        (14, b"", 2, b""),
        (26, b"\0\1", 2, b""),
        (Type.AFSDB, b"\0\1", 1, b""),
        (Type.KX, b"\0\1", 1, b""),
        (Type.SIG, bytes(18), 1, b"signature"),
        (Type.NAPTR, b"\0\1\0\2\1u\7E2U+sip\3!x!", 1, b""),
        (Type.NAPTR, b"\0\1\0\2\0\0\0", 1, b""),
    ],
)
def test_names_among_other_rdata_are_read_whole(type_: int, ahead: bytes, count: int, behind: bytes) -> None:
    sent = Record(WWW, type_, 1, 0, ahead + TARGET * count + behind)
    ((record,), _, _) = sections(message(question(), packed(sent), counts=(1, 1, 0, 0)))
    assert record.rdata == ahead + WHOLE_TARGET * count + behind


@pytest.mark.parametrize("type_", [Type.TXT, Type.RRSIG, Type.NSEC, Type.SVCB, 65280])
def test_rdata_of_other_types_is_left_alone(type_: int) -> None:
    record = Record(WWW, type_, 1, 0, b"\xc0\x0c" * 10)
    assert sections(message(question(), packed(record), counts=(1, 1, 0, 0)))[0] == (record,)


@pytest.mark.parametrize("type_", [Type.CNAME, Type.SOA, Type.MX, Type.NAPTR, Type.A])
def test_a_record_without_rdata_is_read(type_: int) -> None:
    record = Record(WWW, type_, 255, 0, b"")
    assert sections(message(question(), packed(record), counts=(1, 1, 0, 0)))[0] == (record,)


@pytest.mark.parametrize(
    ("type_", "rdata"),
    [
        (Type.CNAME, b"\3x"),
        (Type.CNAME, b"\1x"),
        (Type.MX, b"\0"),
        (Type.SOA, b"\0"),
        (Type.NAPTR, b"\0\1\0\1\x05u"),
        (Type.NAPTR, b"\0"),
    ],
)
def test_a_name_that_runs_out_of_its_rdata_is_a_wire_error(type_: int, rdata: bytes) -> None:
    cut = packed(Record(WWW, type_, 1, 0, rdata))
    with pytest.raises(WireError):
        sections(message(question(), cut, packed(a("www.example.org", 0)), counts=(1, 2, 0, 0)))


@pytest.mark.parametrize("read", [sections, open_message])
def test_names_that_decompress_to_far_more_than_a_message_are_refused(read: Callable[[bytes], object]) -> None:
    long = b"\1a" * 127 + b"\0"
    pointer = (0xC000 | len(message())).to_bytes(2)
    bomb = packed(Record(b"\0", Type.CNAME, 1, 0, pointer)) * 3000
    wire = message(question(), long + bytes(10), bomb, counts=(1, 0, 0, 3001))
    with pytest.raises(WireError):
        read(wire)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (a(), "192.0.2.1"),
        (Record(WWW, Type.AAAA, 1, 0, bytes.fromhex("20010db8000000000000000000000001")), "2001:db8::1"),
        (pointing(Type.CNAME, "x", "www.example.org"), "www.example.org."),
        (pointing(Type.MX, "x", "mail.example.org", b"\0\x0a"), "10 mail.example.org."),
        (pointing(Type.SRV, "x", "host.example.org", b"\0\1\0\2\0\x35"), "1 2 53 host.example.org."),
        (soa(), "ns.example.org. admin.example.org. 0 0 0 0 0"),
        (Record(WWW, Type.TXT, 1, 0, b"\3a b\0\1c"), '"a b" "" "c"'),
        (Record(WWW, Type.TXT, 1, 0, b'\6a"b\\\n\xff'), r'"a\"b\\\010\255"'),
        (Record(WWW, Type.SPF, 1, 0, b"\6v=spf1"), '"v=spf1"'),
        (Record(WWW, Type.CAA, 1, 0, b"\0\5issueca.example"), '0 issue "ca.example"'),
        (Record(WWW, 65280, 1, 0, b"\x0a\xff"), r"\# 2 0aff"),
        (Record(WWW, 65280, 1, 0, b""), r"\# 0"),
        (Record(WWW, Type.A, 1, 0, b"\1\2\3"), r"\# 3 010203"),
        (Record(WWW, Type.A, 1, 0, b"\1\2\3\4\5"), r"\# 5 0102030405"),
        (Record(WWW, Type.TXT, 1, 0, b"\5ab"), r"\# 3 056162"),
        (Record(WWW, Type.CNAME, 1, 0, b"\1a"), r"\# 2 0161"),
        (Record(WWW, Type.CNAME, 1, 0, b"\xc0\0"), r"\# 2 c000"),
    ],
)
def test_a_record_is_written_as_people_do(record: Record, text: str) -> None:
    assert record_text(record) == text


@given(st.sampled_from([*range(70), 99, 256, 257, 65280]), st.binary(max_size=40))
def test_the_text_of_any_record_is_one_printable_line(type_: int, rdata: bytes) -> None:
    text = record_text(Record(WWW, type_, 1, 0, rdata))
    assert text
    assert text.isascii()
    assert text.isprintable()


@given(st.lists(st.tuples(st.integers(2, len(WHOLE) - 1), st.integers(0, 255)), max_size=4), st.integers(0, len(WHOLE)))
def test_mutated_messages_raise_nothing_but_wire_errors(octets: list[tuple[int, int]], length: int) -> None:
    mutated = bytearray(WHOLE)
    for at, octet in octets:
        mutated[at] = octet
    for wire in (bytes(mutated), bytes(mutated[:length])):
        for read in (sections, open_message):
            try:
                read(wire)
            except WireError:
                continue


@given(st.binary(max_size=100), st.tuples(*[st.sampled_from((0, 1, 2))] * 3))
def test_random_octets_raise_nothing_but_wire_errors(body: bytes, counts: tuple[int, ...]) -> None:
    for read in (sections, open_message, options):
        try:
            read(message(question(), body, counts=(1, *counts)))
        except WireError:
            continue
