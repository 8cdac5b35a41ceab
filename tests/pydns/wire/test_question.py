"""Reading a query: RFC 1035 section 4.1, RFC 6891 section 6.1, RFC 7873 section 5."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.errors import WireError
from pydns.query import Edns
from pydns.records import Rcode, Type
from pydns.wire.question import read_question
from tests.pydns.wire.messages import CLIENT, WWW, a, message, opt, packed, question, read, soa

ONE_MORE = (1, 0, 0, 1)


def refused_with(wire: bytes) -> int | None:
    with pytest.raises(WireError) as caught:
        read(wire)
    return caught.value.reply_with


def test_a_plain_query_is_its_question() -> None:
    query = read(message(question("www.example.org", Type.AAAA)))
    assert (query.name, query.type, query.class_, query.edns) == (WWW, Type.AAAA, 1, None)


def test_the_name_is_folded_and_the_spelling_kept() -> None:
    query = read(message(b"\3wWw\7EXAMPLE\3org\0\0\1\0\1"))
    assert (query.name, query.wire[12 : query.question_end - 4]) == (WWW, b"\3wWw\7EXAMPLE\3org\0")


def test_octets_that_are_no_letters_are_not_folded() -> None:
    assert read(message(b"\4\xc4[@\x5c\0\0\1\0\1")).name == b"\4\xc4[@\x5c\0"


def test_id_flags_client_and_epoch_are_kept() -> None:
    query = read(message(flags=0x2910, id_=0xBEEF))
    assert (query.seen_id, query.flags, query.opcode, query.client, query.epoch) == (0xBEEF, 0x2910, 5, CLIENT, 7)


@pytest.mark.parametrize("flags", [0x07FF, 0x0010, 0x0040, 0x7800], ids=hex)
def test_no_flag_but_qr_makes_a_query_bad(flags: int) -> None:
    assert read(message(flags=flags)).flags == flags


@pytest.mark.parametrize(
    ("record", "edns"),
    [
        (opt(), Edns(1232, 0, False, ())),
        (opt(size=4096, flags=0x8000), Edns(4096, 0, True, ())),
        (opt(flags=0x3FFF), Edns(1232, 0, False, ())),
        (opt(flags=0xC000), Edns(1232, 0, True, (), True)),
        (opt(size=0, version=255), Edns(0, 255, False, ())),
        (opt((3, b""), (8, b"\0\1\x18\0\xc0\0\2")), Edns(1232, 0, False, ((3, b""), (8, b"\0\1\x18\0\xc0\0\2")))),
    ],
)
def test_the_opt_record_is_read(record: bytes, edns: Edns) -> None:
    assert read(message(question(), record, counts=ONE_MORE)).edns == edns


@pytest.mark.parametrize("others", [1, 2])
def test_opt_may_stand_before_other_records(others: int) -> None:
    behind = packed(a()) * others
    query = read(message(question(), opt((10, b"12345678")), behind, counts=(1, 0, 0, 1 + others)))
    assert query.edns == Edns(1232, 0, False, ((10, b"12345678"),))


def test_opt_may_stand_behind_other_records() -> None:
    query = read(message(question(), packed(a()), opt((3, b"x"), flags=0x8000), counts=(1, 0, 0, 2)))
    assert query.edns == Edns(1232, 0, True, ((3, b"x"),))


@pytest.mark.parametrize("wire", [b"", b"\0", message()[:11], message(flags=0x8000), message(flags=0x8180)[:12]])
def test_what_deserves_silence_gets_it(wire: bytes) -> None:
    assert refused_with(wire) is None


@pytest.mark.parametrize("count", [0, 2, 3, 65535])
def test_other_than_one_question_is_formerr(count: int) -> None:
    assert refused_with(message(counts=(count, 0, 0, 0))) == Rcode.FORMERR


@pytest.mark.parametrize("opcode", range(16))
def test_without_question_it_is_formerr_whatever_the_opcode(opcode: int) -> None:
    assert refused_with(message(b"", flags=opcode << 11, counts=(0, 0, 0, 0))) == Rcode.FORMERR


@pytest.mark.parametrize("name", [b"\xc0\x0c", b"\xc0\0", b"\1a\xc0\x0c", b"\x40" + b"a" * 64 + b"\0", b"\x80\0"])
def test_a_question_has_plain_labels_only(name: bytes) -> None:
    assert refused_with(message(question(name))) == Rcode.FORMERR


def test_a_name_of_255_octets_is_read() -> None:
    name = b"\1a" * 127 + b"\0"
    assert (len(name), read(message(question(name))).name) == (255, name)


def test_a_name_of_256_octets_is_formerr() -> None:
    name = b"\2aa" + b"\1a" * 126 + b"\0"
    assert (len(name), refused_with(message(question(name)))) == (256, Rcode.FORMERR)


@pytest.mark.parametrize("length", range(12, len(message())))
def test_a_question_cut_anywhere_is_formerr(length: int) -> None:
    assert refused_with(message()[:length]) == Rcode.FORMERR


@pytest.mark.parametrize("length", range(len(message()) + 1, len(message()) + 23))
def test_an_opt_record_cut_anywhere_is_formerr(length: int) -> None:
    wire = message(question(), opt((10, b"12345678")), counts=ONE_MORE)
    assert refused_with(wire[:length]) == Rcode.FORMERR


@pytest.mark.parametrize(
    ("behind", "counts"),
    [
        (b"\0", (1, 0, 0, 0)),
        (opt(), (1, 0, 0, 0)),
        (opt() + b"\0", ONE_MORE),
        (opt(), (1, 0, 0, 2)),
        (b"", ONE_MORE),
        (opt() + opt(), (1, 0, 0, 2)),
        (opt(), (1, 1, 0, 0)),
        (opt(), (1, 0, 1, 0)),
        (b"\1a" + opt(), ONE_MORE),
        (opt(length=1), ONE_MORE),
        (opt((3, b""), length=3), ONE_MORE),
        (opt((3, b""), length=0), ONE_MORE),
    ],
)
def test_records_that_do_not_add_up_are_formerr(behind: bytes, counts: tuple[int, ...]) -> None:
    assert refused_with(message(question(), behind, counts=counts)) == Rcode.FORMERR


@pytest.mark.parametrize("behind", [b"", packed(a())], ids=["opt last", "opt not last"])
@pytest.mark.parametrize("rdata", [b"\0", b"\0\3\0", b"\0\3\0\1", b"\0\3\0\0\0\3"])
def test_options_that_do_not_fill_their_record_are_formerr(rdata: bytes, behind: bytes) -> None:
    record = opt(length=len(rdata)) + rdata
    assert refused_with(message(question(), record, behind, counts=(1, 0, 0, 1 + bool(behind)))) == Rcode.FORMERR


@pytest.mark.parametrize("length", [0, 1, 7, 9, 12, 15, 41, 100])
def test_a_cookie_of_illegal_length_is_formerr(length: int) -> None:
    # RFC 7873 section 5.2.2
    assert refused_with(message(question(), opt((10, bytes(length))), counts=ONE_MORE)) == Rcode.FORMERR


@pytest.mark.parametrize("length", [8, 16, 24, 40])
def test_a_cookie_of_legal_length_is_read(length: int) -> None:
    edns = read(message(question(), opt((10, bytes(length))), counts=ONE_MORE)).edns
    assert edns is not None
    assert edns.options == ((10, bytes(length)),)


def test_a_cookie_alone_is_a_query_for_the_root_with_type_0() -> None:
    # RFC 7873 section 5.4
    query = read(message(b"", opt((10, bytes(8))), counts=(0, 0, 0, 1)))
    assert (query.name, query.type, query.question_end) == (b"\0", 0, 12)
    assert query.edns == Edns(1232, 0, False, ((10, bytes(8)),))


@pytest.mark.parametrize(
    "record", [opt(), opt((3, b"")), opt((10, bytes(7))), opt((10, bytes(8))) + b"\0", packed(a())]
)
def test_without_question_and_good_cookie_it_is_formerr(record: bytes) -> None:
    assert refused_with(message(b"", record, counts=(0, 0, 0, 1))) == Rcode.FORMERR


@pytest.mark.parametrize("behind", [b"", opt()], ids=["plain", "edns"])
@pytest.mark.parametrize("counts", [(1, 0), (0, 1)], ids=["answer", "authority"])
def test_records_in_a_query_are_formerr(counts: tuple[int, int], behind: bytes) -> None:
    wire = message(question(), packed(a()), behind, counts=(1, *counts, 1 if behind else 0))
    assert refused_with(wire) == Rcode.FORMERR


@pytest.mark.parametrize("behind", [b"", opt()], ids=["plain", "edns"])
def test_ixfr_brings_its_soa(behind: bytes) -> None:
    # RFC 1995 section 3
    wire = message(question("example.org", Type.IXFR), packed(soa()), behind, counts=(1, 0, 1, 1 if behind else 0))
    assert read(wire).type == Type.IXFR


def test_a_notify_brings_its_soa() -> None:
    # RFC 1996 section 3.7
    wire = message(question("example.org", Type.SOA), packed(soa()), flags=0x2400, counts=(1, 1, 0, 0))
    assert read(wire).opcode == 4


def _outcome(wire: bytes) -> None:
    try:
        query = read_question(wire, CLIENT, 0)
    except WireError:
        return
    assert len(query.name) <= names.MAX_LENGTH
    assert query.name == query.name.lower()
    assert 12 <= query.question_end <= len(wire)


@given(st.binary(max_size=80))
def test_random_octets_raise_nothing_but_wire_errors(wire: bytes) -> None:
    _outcome(wire)


@given(st.binary(max_size=60), st.tuples(*[st.sampled_from((0, 1, 2, 65535))] * 4))
def test_random_octets_behind_a_header_raise_nothing_but_wire_errors(body: bytes, counts: tuple[int, ...]) -> None:
    _outcome(message(body, counts=counts))


GOOD = [
    message(),
    message(question(), opt((10, bytes(8)), (3, b"")), counts=ONE_MORE),
    message(question(), packed(a()), opt(), counts=(1, 0, 0, 2)),
    message(b"", opt((10, bytes(8))), counts=(0, 0, 0, 1)),
]


@given(
    st.sampled_from(GOOD), st.lists(st.tuples(st.integers(2, 80), st.integers(0, 255)), max_size=4), st.integers(0, 90)
)
def test_mutated_queries_raise_nothing_but_wire_errors(wire: bytes, bits: list[tuple[int, int]], cut: int) -> None:
    mutated = bytearray(wire)
    for at, octet in bits:
        mutated[at % len(mutated)] = octet
    _outcome(bytes(mutated[:cut]))
    _outcome(bytes(mutated))
