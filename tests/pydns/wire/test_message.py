"""Packing and rendering: RFC 1035 section 4.1, RFC 6891, RFC 6840 section 5.8, RFC 8914."""

from __future__ import annotations

import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.query import Query
from pydns.records import Ede, Rcode, Record, Type
from pydns.reply import Reply
from pydns.wire.edns import options
from pydns.wire.message import bare, pack, render, without_opt
from pydns.wire.opened import sections
from pydns.wire.scan import scan
from tests.pydns.wire.messages import (
    WWW,
    a,
    asked_with,
    message,
    opt,
    packed,
    pointing,
    question,
    read,
    soa,
)

PLAIN = read(message())
EDNS = asked_with()


def rendered(query: Query, reply: Reply, *, stream: bool = False) -> bytes:
    return render(query, reply, stream=stream)


def flags_of(wire: bytes) -> int:
    return int.from_bytes(wire[2:4])


def opt_of(wire: bytes) -> tuple[int, int, bytes]:
    """Size, TTL field and rdata of the one OPT record."""
    entry = scan(wire).opt
    assert entry is not None
    return entry.class_, entry.ttl, wire[entry.rdata : entry.end]


def test_an_answer_in_octets() -> None:
    assert rendered(PLAIN, Reply((a(),), flags=Reply.AA)) == (
        b"\x12\x34\x85\0\0\1\0\1\0\0\0\0\3www\7example\3org\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
    )


def test_id_and_spelling_of_the_question_are_the_clients() -> None:
    wire = rendered(read(message(b"\3wWw\7eXample\3org\0\0\1\0\1", id_=0xBEEF)), Reply((a(),)))
    assert (wire[:2], wire[12:33]) == (b"\xbe\xef", b"\3wWw\7eXample\3org\0\0\1\0\1")


@pytest.mark.parametrize("sent", [0x0100, 0x0010, 0x2000, 0x7910])
def test_opcode_rd_and_cd_are_copied(sent: int) -> None:
    assert flags_of(rendered(read(message(flags=sent)), Reply())) == 0x8000 | sent


@pytest.mark.parametrize("sent", [0x0400, 0x0200, 0x0080, 0x0040, 0x000F])
def test_other_flags_of_the_query_are_not_copied(sent: int) -> None:
    assert flags_of(rendered(read(message(flags=sent)), Reply())) == 0x8000


@pytest.mark.parametrize("flag", [Reply.AA, Reply.TC, Reply.RA])
def test_flags_of_the_reply_are_sent(flag: int) -> None:
    assert flags_of(rendered(PLAIN, Reply(flags=flag))) == 0x8100 | flag


@pytest.mark.parametrize("flag", [0x8000, 0x7800, 0x0100, 0x0040, 0x0010, 0x000F])
def test_a_reply_cannot_set_other_bits(flag: int) -> None:
    assert flags_of(rendered(PLAIN, Reply(flags=flag))) == 0x8100


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        (PLAIN, 0),
        (EDNS, 0),
        (read(message(flags=0x0120)), Reply.AD),
        (asked_with(flags=0x0120), Reply.AD),
        (asked_with(do=True), Reply.AD),
    ],
)
def test_ad_is_for_who_asked_with_ad_or_do(query: Query, sent: int) -> None:
    # RFC 6840 section 5.8
    assert flags_of(rendered(query, Reply(flags=Reply.AD))) & Reply.AD == sent


def test_ad_is_never_made_up() -> None:
    assert not flags_of(rendered(asked_with(flags=0x0120, do=True), Reply())) & Reply.AD


@pytest.mark.parametrize("rcode", range(16))
def test_the_rcode_is_sent(rcode: int) -> None:
    assert flags_of(rendered(PLAIN, Reply(rcode=rcode))) & 15 == rcode


@pytest.mark.parametrize("rcode", [Rcode.BADVERS, Rcode.BADCOOKIE, 4095])
def test_an_extended_rcode_is_split_between_header_and_opt(rcode: int) -> None:
    wire = rendered(EDNS, Reply(rcode=rcode))
    assert opt_of(wire)[1] >> 24 << 4 | flags_of(wire) & 15 == rcode


def test_badvers_is_told_with_our_version() -> None:
    # RFC 6891 section 6.1.3
    query = read(message(question(), opt(version=1), counts=(1, 0, 0, 1)))
    wire = rendered(query, Reply(rcode=Rcode.BADVERS))
    assert (flags_of(wire) & 15, opt_of(wire)[1]) == (0, 0x01000000)


@pytest.mark.parametrize("rcode", [Rcode.BADVERS, 4095])
def test_an_extended_rcode_without_edns_is_servfail(rcode: int) -> None:
    assert flags_of(rendered(PLAIN, Reply(rcode=rcode))) & 15 == Rcode.SERVFAIL


def test_without_opt_in_the_query_there_is_none_in_the_answer() -> None:
    # RFC 6891 section 6.1.1
    reply = Reply((a(),), errors=((Ede.OTHER, "x"),))
    reply.options = ((3, b"us"),)
    assert scan(rendered(PLAIN, reply)).opt is None


@pytest.mark.parametrize("reply", [Reply(), Reply((a(),)), Reply(wire=pack(question(), Reply((a(),))))])
def test_with_opt_in_the_query_there_is_one_in_the_answer(reply: Reply) -> None:
    assert opt_of(rendered(EDNS, reply)) == (1232, 0, b"")


def test_do_is_copied() -> None:
    # RFC 3225 section 3
    assert opt_of(rendered(asked_with(do=True), Reply()))[1] == 0x8000


@pytest.mark.parametrize("errors", [(), ((0, "x" * 100),)])
def test_that_an_answer_is_compact_is_told(errors: tuple[tuple[int, str], ...]) -> None:
    # RFC 9824 section 5.1
    reply = Reply(flags=Reply.CO | Reply.AA, rcode=3, errors=errors)
    wire = rendered(asked_with(do=True), reply)
    assert (opt_of(wire)[1], flags_of(wire) & 0x0403) == (0xC000, 0x0403)


def test_do_stands_beside_an_extended_rcode() -> None:
    assert opt_of(rendered(asked_with(do=True), Reply(rcode=16)))[1] == 0x01008000


def test_options_of_the_client_are_not_echoed() -> None:
    query = asked_with((10, bytes(8)), (8, b"\0\1\0\0"), (12, bytes(20)), (65001, b"x"))
    assert opt_of(rendered(query, Reply()))[2] == b""


def test_options_of_the_reply_and_extended_errors_are_sent() -> None:
    reply = Reply(errors=((Ede.NOT_READY, "soon"), (Ede.OTHER, "")))
    reply.options = ((3, b"us"),)
    assert options(opt_of(rendered(EDNS, reply))[2]) == ((3, b"us"), (15, b"\0\x0esoon"), (15, b"\0\0"))


def test_a_cookie_alone_is_answered_without_a_question() -> None:
    # RFC 7873 section 5.4
    query = read(message(b"", opt((10, bytes(8))), counts=(0, 0, 0, 1)))
    wire = rendered(query, Reply())
    assert wire == b"\x12\x34\x81\0\0\0\0\0\0\0\0\1" + opt()


def test_a_message_of_bytes_gets_the_clients_header_and_question() -> None:
    upstream = b"\xff\xff\x85\xb0" + pack(question(), Reply((a(),), rcode=3))[4:]
    query = read(message(b"\3WWW\7example\3org\0\0\1\0\1", flags=0x0110))
    wire = rendered(query, Reply(wire=upstream, flags=Reply.RA, rcode=Rcode.NXDOMAIN))
    assert wire == b"\x12\x34\x81\x93" + upstream[4:12] + query.wire[12:] + upstream[33:]


def test_an_answer_to_a_changed_query_has_the_clients_question() -> None:
    changed = PLAIN.replace(name=b"\1x\0", type_=Type.AAAA)
    assert rendered(changed, Reply())[12:] == question()


@pytest.mark.parametrize("other", ["x", "a.much.longer.name.example.net", "ftp.example.org"])
def test_bytes_that_answer_another_name_are_packed_anew(other: str) -> None:
    query = read(message())
    changed = query.replace(name=names.from_text(other))
    records = (a(other), pointing(Type.CNAME, "x", other))
    wire = rendered(changed, Reply(wire=pack(question(other), Reply(records)), rcode=3))
    assert (wire[12:33], sections(wire)[0], flags_of(wire) & 15) == (question(), records, 3)


def test_bytes_that_answer_the_clients_name_are_sent_as_they_are() -> None:
    query = read(message(b"\3WWW\7example\3org\0\0\1\0\1"))
    query.replace(name=names.from_text("x"))
    wire = rendered(query, Reply(wire=pack(question(), Reply((a(),)))))
    assert wire[12:] == query.wire[12:] + b"\xc0\x0c" + packed(a())[len(WWW) :]


name = st.sampled_from(
    ["www.example.org", "example.org", "ns1.example.org", "org", ".", "a.b.c.d.example.net", "x\\.y.org", "*.w.org"]
).map(names.from_text)
some_record = st.one_of(
    st.builds(lambda owner, last: Record(owner, Type.A, 1, 60, bytes((192, 0, 2, last))), name, st.integers(0, 255)),
    st.builds(
        lambda owner, type_, target: Record(owner, type_, 1, 60, target),
        name,
        st.sampled_from((Type.NS, Type.CNAME, Type.PTR, Type.DNAME)),
        name,
    ),
    st.builds(lambda owner, target: Record(owner, Type.MX, 1, 0, b"\0\5" + target), name, name),
    st.builds(lambda owner, target: Record(owner, Type.SRV, 1, 2**32 - 1, bytes(6) + target), name, name),
    st.builds(
        lambda owner, first, second: Record(owner, Type.SOA, 1, 60, first + second + bytes(20)), name, name, name
    ),
    st.builds(lambda owner, data: Record(owner, 65280, 1, 60, data), name, st.binary(min_size=1, max_size=30)),
)
some_records = st.lists(some_record, max_size=6)


@given(name, some_records, some_records, some_records)
def test_what_is_packed_is_read_as_it_was(
    asked: bytes, answer: list[Record], authority: list[Record], additional: list[Record]
) -> None:
    wire = pack(question(asked), Reply(answer, authority, additional))
    assert sections(wire) == (tuple(answer), tuple(authority), tuple(additional))


@given(name, some_records, some_records)
def test_dnslib_reads_what_is_packed(asked: bytes, answer: list[Record], additional: list[Record]) -> None:
    opened = dnslib.DNSRecord.parse(pack(question(asked), Reply(answer, (), additional)))
    found = [(tuple(rr.rname.label), rr.rtype, rr.ttl) for rr in (*opened.rr, *opened.ar)]
    assert found == [(tuple(names.labels(r.owner)), r.type, r.ttl) for r in (*answer, *additional)]


@given(name, some_records)
def test_dnslib_packs_no_shorter(asked: bytes, answer: list[Record]) -> None:
    ours = pack(question(asked), Reply([record for record in answer if record.type not in (Type.SOA, Type.DNAME)]))
    assert len(ours) <= len(dnslib.DNSRecord.parse(ours).pack())


def test_the_root_is_never_a_pointer() -> None:
    root = Record(b"\0", Type.NS, 1, 60, b"\0")
    assert pack(question("."), Reply((root,)))[17:] == packed(root)


def test_names_in_rdata_of_newer_types_are_not_compressed() -> None:
    # RFC 3597 section 4, RFC 2782
    srv = pointing(Type.SRV, "www.example.org", "www.example.org", bytes(6))
    assert pack(question(), Reply((srv,))).endswith(srv.rdata)


def test_names_beyond_what_a_pointer_reaches_are_spelled() -> None:
    filler = [Record(WWW, 65280, 1, 60, bytes(60_000))]
    late = [a("late.example.net", last) for last in (1, 2)]
    wire = pack(question(), Reply((*filler, *late)))
    assert sections(wire)[0] == (*filler, *late)


def test_a_message_without_question_is_packed() -> None:
    assert pack(b"", Reply((a(),))) == b"\0\0\x80\0\0\0\0\1\0\0\0\0" + packed(a())


def test_without_opt_takes_the_last_record_off() -> None:
    wire = message(question(), packed(a()), opt((3, b"x")), flags=0x8180, counts=(1, 1, 0, 1))
    assert without_opt(wire, scan(wire)) == message(question(), packed(a()), flags=0x8180, counts=(1, 1, 0, 0))


def test_without_opt_keeps_what_stands_before_it() -> None:
    wire = message(question(), packed(a()), packed(a("x")), opt(), counts=(1, 1, 0, 2))
    assert without_opt(wire, scan(wire)) == message(question(), packed(a()), packed(a("x")), counts=(1, 1, 0, 1))


def test_without_opt_drops_what_stands_behind_it() -> None:
    wire = message(question(), packed(soa()), packed(a()), opt(), packed(a("x")), counts=(1, 0, 1, 3))
    assert without_opt(wire, scan(wire)) == message(question(), packed(soa()), packed(a()), counts=(1, 0, 1, 1))


def test_without_opt_leaves_a_message_that_has_none() -> None:
    wire = message(question(), packed(a()), counts=(1, 1, 0, 0))
    assert without_opt(wire, scan(wire)) is wire


@pytest.mark.parametrize(
    ("sent", "rcode", "answer"),
    [(0x0100, 1, 0x8101), (0x7FFF, 4, 0xF904), (0x0000, 1, 0x8001), (0x0010, 1, 0x8001)],
)
def test_what_cannot_be_read_is_answered_with_a_bare_header(sent: int, rcode: int, answer: int) -> None:
    wire = bare(b"\x12\x34" + sent.to_bytes(2) + b"\xff" * 20, rcode)
    assert wire == b"\x12\x34" + answer.to_bytes(2) + bytes(8)


@pytest.mark.parametrize(
    ("ours", "theirs", "most"),
    [(512, 4096, 512), (4096, 4096, 4096), (4096, 1000, 1000), (4096, 100, 512), (None, 4096, 1232), (None, 600, 600)],
)
def test_a_reply_may_have_a_size_of_its_own(ours: int | None, theirs: int, most: int) -> None:
    reply = Reply([a(owner=b"\2%02x" % i + WWW) for i in range(250)]).replace(size=ours)
    wire = rendered(asked_with(size=theirs), reply)
    assert most - 40 < len(wire) <= most
    assert flags_of(wire) & Reply.TC


@pytest.mark.parametrize("ours", [512, 1000, 4096])
def test_its_size_is_told_in_the_opt(ours: int) -> None:
    wire = rendered(asked_with(), Reply([a()]).replace(size=ours))
    found = scan(wire).opt
    assert found is not None
    assert found.class_ == ours


def test_over_a_stream_a_size_bounds_nothing() -> None:
    reply = Reply([a(owner=b"\2%02x" % i + WWW) for i in range(250)]).replace(size=512)
    assert len(rendered(asked_with(), reply, stream=True)) > 4096


def test_without_opt_a_size_is_no_more_than_512() -> None:
    reply = Reply([a(owner=b"\2%02x" % i + WWW) for i in range(250)]).replace(size=4096)
    assert len(rendered(PLAIN, reply)) <= 512


class Padding:
    """A last step that needs room."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __call__(self, query: Query, answer: bytes) -> bytes:
        return answer + bytes(self.room)


@pytest.mark.parametrize(("rooms", "expected"), [((), False), ((100,), False), ((200,), True), ((100, 100), True)])
def test_there_is_room_for_the_last_steps(rooms: tuple[int, ...], expected: bool) -> None:
    reply = Reply([a(last=i) for i in range(20)])  # 353 octets
    reply.finish = tuple(map(Padding, rooms))
    wire = rendered(PLAIN, reply)
    assert bool(flags_of(wire) & Reply.TC) is expected
    assert len(wire) + sum(rooms) <= 512
