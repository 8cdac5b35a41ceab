"""The layout of messages: RFC 1035 section 4.1, RFC 9267."""

from __future__ import annotations

import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.errors import WireError
from pydns.records import Type
from pydns.wire.scan import MAX_DECOMPRESSED, opt_at, owners, read_name, scan, skip_name, spelled_name
from tests.pydns.wire.messages import WWW, a, message, opt, packed, question, soa

END = len(message())


def test_a_lone_question_has_no_entries() -> None:
    assert scan(message()) == (END, (), None)


def test_entries_stand_in_their_sections_and_places() -> None:
    wire = message(question(), packed(a()), packed(soa()), packed(a("x")), flags=0x8000, counts=(1, 1, 1, 1))
    entries = scan(wire).entries
    assert [(entry.section, entry.type) for entry in entries] == [(1, Type.A), (2, Type.SOA), (3, Type.A)]
    assert [entry.owner for entry in entries] == [END, entries[0].end, entries[1].end]


def test_nothing_is_read_behind_the_first_answer_over_the_limit() -> None:
    wire = message(question(), packed(a()), packed(a(last=2)), b"\1", flags=0x8000, counts=(1, 3, 0, 1))
    ends = [END + count * len(packed(a())) for count in (1, 2)]
    assert [entry.end for entry in scan(wire, ends[0]).entries] == ends
    assert [entry.end for entry in scan(wire, ends[0] - 1).entries] == ends[:1]


def test_additional_records_are_read_whole() -> None:
    wire = message(question(), packed(a()), packed(a(last=2)), flags=0x8000, counts=(1, 0, 0, 2))
    assert scan(wire, END) == scan(wire)


def test_the_fixed_fields_are_read() -> None:
    (entry,) = scan(message(question(), packed(a(ttl=4711)), counts=(1, 1, 0, 0))).entries
    assert (entry.type, entry.class_, entry.ttl, entry.end - entry.rdata) == (Type.A, 1, 4711, 4)


def test_the_opt_record_stands_apart() -> None:
    layout = scan(message(question(), packed(a()), opt(), packed(a()), counts=(1, 0, 0, 3)))
    assert layout.opt is not None
    assert (layout.opt.type, [entry.type for entry in layout.entries]) == (Type.OPT, [Type.A, Type.A])


@pytest.mark.parametrize(
    ("behind", "counts"),
    [
        (b"", (0, 0, 0, 0)),
        (question(), (2, 0, 0, 0)),
        (b"", (1, 0, 0, 65535)),
        (b"\0", (1, 0, 0, 0)),
        (packed(a())[:-1], (1, 1, 0, 0)),
        (packed(a()) + b"\0", (1, 1, 0, 0)),
        (opt() + opt(), (1, 0, 0, 2)),
        (opt(), (1, 1, 0, 0)),
        (b"\1x" + opt(), (1, 0, 0, 1)),
        (b"\xc0" + bytes((END,)) + packed(a("."))[1:], (1, 0, 0, 1)),
        (b"\1x\xc0" + bytes((END,)) + packed(a("."))[1:], (1, 0, 0, 1)),
        (b"\xc0\4" + packed(a("."))[1:], (1, 0, 0, 1)),
    ],
)
def test_layouts_that_do_not_add_up_are_refused(behind: bytes, counts: tuple[int, ...]) -> None:
    with pytest.raises(WireError):
        scan(message(question(), behind, counts=counts))


def test_less_than_a_header_is_refused() -> None:
    with pytest.raises(WireError):
        scan(message()[:11])


HEADER = bytes(12)


@pytest.mark.parametrize(
    ("octets", "at", "name", "behind"),
    [
        (b"\0", 0, b"\0", 1),
        (b"\3wWw\0rest", 0, b"\3www\0", 5),
        (b"\3org\0\1a\xc0\x0c\xff", 5, b"\1a\3org\0", 9),
        (b"\3org\0\xc0\x0c\xff", 5, b"\3org\0", 7),
        (b"\1c\0\1b\xc0\x0c\1a\xc0\x0f", 7, b"\1a\1b\1c\0", 11),
    ],
)
def test_a_name_is_read_with_the_offset_behind_it(octets: bytes, at: int, name: bytes, behind: int) -> None:
    assert read_name(HEADER + octets, 12 + at) == (name, 12 + behind)


def test_a_name_is_skipped_as_it_is_read() -> None:
    wire = HEADER + b"\3org\0\1a\xc0\x0c\xff"
    assert skip_name(wire, 17) == read_name(wire, 17)[1]


def test_the_spelling_can_be_had() -> None:
    assert spelled_name(HEADER + b"\3wWw\0", 12)[0] == b"\3wWw\0"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\3ab",
        b"\3abc",
        b"\xc0",
        b"\xc0\x0c",
        b"\xc0\x0d\0",
        b"\xc0\x00",
        b"\xc0\x0b",
        b"\x40" + b"a" * 64 + b"\0",
        b"\x80\0",
        b"\1a\xc0\x0c",
        b"\1a" * 128 + b"\0",
    ],
)
def test_bad_names_are_refused(octets: bytes) -> None:
    with pytest.raises(WireError):
        read_name(HEADER + octets, 12)


def chain(links: int, label: bytes = b"") -> tuple[bytes, int]:
    """A root, then names that each point to the one before; and where the last begins."""
    wire, last = bytearray(HEADER + b"\0"), 12
    for _ in range(links):
        last, target = len(wire), last
        wire += label + (0xC000 | target).to_bytes(2)
    return bytes(wire), last


def test_pointers_may_be_as_many_as_a_name_has_labels() -> None:
    assert read_name(*chain(127, b"\1a"))[0] == b"\1a" * 127 + b"\0"


@pytest.mark.parametrize("links", [129, 8000])
def test_a_chain_of_pointers_is_not_followed_to_its_end(links: int) -> None:
    with pytest.raises(WireError):
        read_name(*chain(links))


def test_owners_are_the_names_of_the_entries() -> None:
    wire = message(question(), packed(a()), b"\xc0\x0c" + packed(a("."))[1:], counts=(1, 2, 0, 0))
    assert owners(wire, scan(wire)) == [WWW, WWW]


def test_owners_that_decompress_to_far_more_than_a_message_are_refused() -> None:
    long = b"\1a" * 124 + b"\0"
    count = MAX_DECOMPRESSED // (5 + len(long)) + 1
    bomb = b"".join(b"\4" + i.to_bytes(4) + (0xC000 | END).to_bytes(2) + bytes(10) for i in range(count))
    wire = message(question(), long + bytes(10), bomb, counts=(1, 0, 0, 1 + count))
    layout = scan(wire)
    with pytest.raises(WireError):
        owners(wire, layout)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_random_octets_are_a_name_or_a_wire_error(wire: bytes, offset: int) -> None:
    try:
        name, behind = read_name(wire, offset)
    except WireError:
        return
    assert len(name) <= names.MAX_LENGTH
    assert behind == skip_name(wire, offset)


GOOD = message(
    question(),
    packed(a()),
    b"\xc0\x10" + packed(soa("."))[1:],
    opt((10, bytes(8))),
    packed(a("x")),
    counts=(1, 1, 1, 2),
)


@given(st.lists(st.tuples(st.integers(2, len(GOOD) - 1), st.integers(0, 255)), max_size=4))
def test_mutated_messages_are_laid_out_within_their_octets_or_refused(octets: list[tuple[int, int]]) -> None:
    mutated = bytearray(GOOD)
    for at, octet in octets:
        mutated[at] = octet
    try:
        layout = scan(bytes(mutated))
    except WireError:
        return
    ends = [entry.end for entry in (*layout.entries, layout.opt) if entry is not None]
    assert max([layout.question_end, *ends]) == len(mutated)


@given(st.lists(st.sampled_from(("www.example.org", "example.org", "a.b.org", ".", "x")), max_size=8))
def test_names_that_dnslib_compressed_are_read_as_they_were(texts: list[str]) -> None:
    record = dnslib.DNSRecord.question("www.example.org")
    for text in texts:
        record.add_answer(dnslib.RR(text, rdata=dnslib.A("192.0.2.1")))
    wire = bytes(record.pack())
    assert owners(wire, scan(wire)) == [names.from_text(text) for text in texts]


def whole_scan(wire: bytes) -> int | None:
    """What `opt_at` should say; None where it should refuse."""
    try:
        opt = scan(wire).opt
    except WireError:
        return None
    return 0 if opt is None else opt.owner


def short_scan(wire: bytes) -> int | None:
    try:
        return opt_at(wire, END)
    except WireError:
        return None


@pytest.mark.parametrize(
    ("behind", "counts"),
    [
        (b"", (1, 0, 0, 0)),
        (opt(), (1, 0, 0, 1)),
        (packed(a()) + opt((10, bytes(8))), (1, 1, 0, 1)),
        (packed(a()) + opt() + packed(a("x")), (1, 0, 1, 2)),
        (b"\xc0\x0c" + packed(a("."))[1:] + opt(), (1, 1, 0, 1)),
        (opt(), (1, 1, 0, 0)),
        (opt() + opt(), (1, 0, 0, 2)),
        (b"\1x" + opt(), (1, 0, 0, 1)),
        (b"\xc0\4" + packed(a("."))[1:], (1, 0, 0, 1)),
        (packed(a())[:-1], (1, 1, 0, 0)),
        (packed(a()) + b"\0", (1, 1, 0, 0)),
        (b"\0\1\0", (1, 1, 0, 0)),
        (b"\0\x10\0\1\0\0\0\0\0\0", (1, 1, 0, 0)),
    ],
)
def test_the_short_look_finds_the_opt_where_the_whole_scan_does(behind: bytes, counts: tuple[int, ...]) -> None:
    wire = message(question(), behind, counts=counts)
    assert short_scan(wire) == whole_scan(wire)


@given(
    st.lists(st.tuples(st.integers(END, len(GOOD) - 1), st.integers(0, 255)), max_size=4),
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)),
    st.integers(END, len(GOOD)),
)
def test_the_short_look_refuses_what_the_whole_scan_does(
    octets: list[tuple[int, int]], counts: tuple[int, int, int], end: int
) -> None:
    mutated = bytearray(GOOD)
    for at, octet in octets:
        mutated[at] = octet
    for section, count in enumerate(counts):
        mutated[6 + 2 * section : 8 + 2 * section] = count.to_bytes(2)
    for wire in (bytes(mutated), bytes(mutated[:end])):
        assert short_scan(wire) == whole_scan(wire)
