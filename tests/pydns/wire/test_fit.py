"""Answers that are too long: RFC 2181 section 9, RFC 4035 section 3.1.1, RFC 8914 section 3, RFC 9471."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.query import Query
from pydns.records import Ede, Record, Type
from pydns.reply import Reply
from pydns.wire.fit import cut, rrsets
from pydns.wire.message import pack, render
from pydns.wire.opened import sections
from pydns.wire.scan import owners, scan
from tests.pydns.wire.messages import WWW, a, asked_with, message, opt, pointing, question, read, soa

PLAIN = read(message())


def text(owner: str, size: int, type_: int = Type.TXT) -> Record:
    return Record(names.from_text(owner), type_, 1, 60, bytes(size))


def sent(query: Query, reply: Reply, *, stream: bool = False) -> tuple[bool, Sequence[Sequence[Record]]]:
    """Whether TC is set, and the records that are left."""
    wire = render(query, reply, stream=stream)
    return bool(wire[2] & 2), sections(wire)


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        (PLAIN, 512),
        (asked_with(size=0), 512),
        (asked_with(size=511), 512),
        (asked_with(size=512), 512),
        (asked_with(size=800), 800),
        (asked_with(size=1232), 1232),
        (asked_with(size=1233), 1232),
        (asked_with(size=65535), 1232),
    ],
    ids=lambda value: str(value.edns and value.edns.size) if isinstance(value, Query) else str(value),
)
def test_the_limit_is_the_clients_size_within_512_and_ours(query: Query, limit: int) -> None:
    room = limit - len(query.wire) - 12  # a pointer and the fixed fields
    whole, longer = text("www.example.org", room), text("www.example.org", room + 1)
    assert len(render(query, Reply((whole,)), stream=False)) == limit
    assert sent(query, Reply((longer,))) == (True, ((), (), ()))


@pytest.mark.parametrize("query", [PLAIN, asked_with()], ids=["plain", "edns"])
def test_over_a_stream_64_kib_fit(query: Query) -> None:
    room = 65_535 - len(query.wire) - 12
    assert len(render(query, Reply((text("www.example.org", room),)), stream=True)) == 65_535
    assert sent(query, Reply((text("www.example.org", room + 1),)), stream=True)[0]


def test_an_rrset_is_sent_whole_or_not_at_all() -> None:
    addresses = [a(last=last) for last in range(100)]
    assert sent(PLAIN, Reply(addresses)) == (True, ((), (), ()))


def test_rrsets_ahead_of_the_first_too_long_one_are_sent() -> None:
    alias = pointing(Type.CNAME, "www.example.org", "x.example.org")
    assert sent(PLAIN, Reply((alias, text("x.example.org", 600)))) == (True, ((alias,), (), ()))


def test_nothing_is_sent_behind_the_first_rrset_that_is_too_long() -> None:
    assert sent(PLAIN, Reply((text("www.example.org", 600),), (soa(),), (a("x"),))) == (True, ((), (), ()))


def test_a_missing_authority_record_sets_tc() -> None:
    assert sent(PLAIN, Reply((a(),), (text("example.org", 600),))) == (True, ((a(),), (), ()))


def test_missing_additional_records_do_not_set_tc() -> None:
    srv = pointing(Type.SRV, "www.example.org", "x.example.net", bytes(6))
    assert sent(PLAIN, Reply((srv,), (), (a("x.example.net"), text("x.example.net", 600)))) == (
        False,
        ((srv,), (), (a("x.example.net"),)),
    )


def test_an_additional_rrset_is_sent_whole_or_not_at_all() -> None:
    # Its first owner is spelled, the others are pointers to that: one RRset all the same.
    additional = [a("x.example.net", last) for last in range(100)]
    assert sent(PLAIN, Reply((a(),), (), additional)) == (False, ((a(),), (), ()))


def test_signatures_that_do_not_fit_set_tc_in_the_answer() -> None:
    # RFC 4035 section 3.1.1
    assert sent(PLAIN, Reply((a(), text("www.example.org", 600, Type.RRSIG)))) == (True, ((a(),), (), ()))


def test_signatures_that_do_not_fit_set_no_tc_in_the_additional_section() -> None:
    # RFC 4035 section 3.1.1
    additional = (a("x.example.net"), text("x.example.net", 600, Type.RRSIG))
    assert sent(PLAIN, Reply((a(),), (), additional))[0] is False


def test_tc_of_the_reply_stays_where_all_fits() -> None:
    assert sent(PLAIN, Reply((a(),), flags=Reply.TC)) == (True, ((a(),), (), ()))


def test_bytes_of_a_message_are_cut_too() -> None:
    wire = pack(question(), Reply((a(),), (), (text("x", 600),)))
    assert sent(PLAIN, Reply(wire=wire)) == (False, ((a(),), (), ()))


def test_tc_is_set_where_bytes_of_a_message_are_cut() -> None:
    wire = pack(question(), Reply((a(), text("www.example.org", 600))))
    assert sent(PLAIN, Reply(wire=wire)) == (True, ((a(),), (), ()))


# Referrals: below, example.org asks for a delegation of sub.example.org.
DELEGATION = [pointing(Type.NS, "sub.example.org", f"ns{i}.sub.example.org") for i in range(2)]
LONG = text("ns0.sub.example.org", 600, Type.AAAA)


def test_missing_in_domain_glue_sets_tc() -> None:
    # RFC 9471 section 3.1
    assert sent(PLAIN, Reply((), DELEGATION, (LONG,))) == (True, ((), tuple(DELEGATION), ()))


def test_in_domain_glue_counts_wherever_it_stands() -> None:
    glue = (text("other.example.net", 600), a("ns1.sub.example.org"))
    assert sent(PLAIN, Reply((), DELEGATION, glue))[0] is True


def test_glue_of_a_name_server_that_is_the_zone_itself_sets_tc() -> None:
    apex = pointing(Type.NS, "sub.example.org", "sub.example.org")
    assert sent(PLAIN, Reply((), (apex,), (text("sub.example.org", 600, Type.A),)))[0] is True


@pytest.mark.parametrize(
    ("authority", "additional", "flags"),
    [
        pytest.param(DELEGATION, [text("ns0.sub.example.org", 600)], 0, id="no address"),
        pytest.param(DELEGATION, [text("x.sub.example.org", 600, Type.A)], 0, id="no name server"),
        pytest.param(
            [pointing(Type.NS, "sub.example.org", "ns.example.org")],
            [text("ns.example.org", 600, Type.A)],
            0,
            id="sibling glue, RFC 9471 section 3.2",
        ),
        pytest.param(
            [pointing(Type.NS, "sub.example.org", "ns.x\\003sub.example.org")],
            [text("ns.x\\003sub.example.org", 600, Type.A)],
            0,
            id="suffix in bytes only",
        ),
        pytest.param(DELEGATION, [LONG], Reply.AA, id="not a referral: authoritative"),
    ],
)
def test_other_missing_addresses_set_no_tc(authority: list[Record], additional: list[Record], flags: int) -> None:
    assert sent(PLAIN, Reply((), authority, additional, flags=flags))[0] is False


def test_an_answer_is_no_referral() -> None:
    assert sent(PLAIN, Reply((a(),), DELEGATION, (LONG,)))[0] is False


def test_flags_of_the_reply_say_whether_bytes_are_a_referral() -> None:
    wire = pack(question(), Reply((), DELEGATION, (LONG,), flags=Reply.AA))
    assert sent(PLAIN, Reply(wire=wire))[0] is True


def test_extended_errors_go_before_records_and_set_tc() -> None:
    # RFC 8914 section 3
    reply = Reply((text("www.example.org", 400),), errors=((Ede.OTHER, "x" * 100),))
    wire = render(asked_with(size=512), reply, stream=False)
    found = scan(wire)
    assert found.opt is not None
    assert (wire[2] & 2, len(found.entries), found.opt.end - found.opt.rdata) == (2, 1, 0)


def test_an_extended_rcode_outlives_its_extended_error() -> None:
    reply = Reply((text("www.example.org", 440),), rcode=23, errors=((Ede.OTHER, "x" * 100),))
    opt_ = scan(render(asked_with(size=512), reply, stream=False)).opt
    assert opt_ is not None
    assert opt_.ttl == 0x01000000


def test_options_too_long_for_the_client_are_left_out() -> None:
    reply = Reply((a(),))
    reply.options = ((8, bytes(600)),)
    assert render(asked_with(size=512), reply, stream=False).endswith(opt())


def test_many_extended_errors_stay_within_the_clients_size() -> None:
    reply = Reply(errors=((Ede.OTHER, "x" * 120),) * 5)
    assert len(render(asked_with(size=512), reply, stream=False)) <= 512


def test_without_a_question_too_long_an_answer_is_cut_to_nothing() -> None:
    query = read(message(b"", opt((10, bytes(8)), size=512), counts=(0, 0, 0, 1)))
    wire = render(query, Reply((text("x", 600),)), stream=False)
    assert wire == b"\x12\x34\x83\0\0\0\0\0\0\0\0\1" + opt()


def test_the_longest_question_stays() -> None:
    query = read(message(question(b"\1a" * 127 + b"\0")))
    assert len(render(query, Reply((text("x", 600),)), stream=False)) == 12 + 259


def test_runs_of_one_owner_and_type_are_rrsets() -> None:
    answer = (a(), a(last=2), text("www.example.org", 1), a("x"), a("x", 2))
    wire = pack(question(), Reply(answer, (a("x"),), (a("x"),)))
    layout = scan(wire)
    runs = [(1, 0, 1), (1, 2, 2), (1, 3, 4), (2, 5, 5), (3, 6, 6)]
    assert rrsets(layout, owners(wire, layout)) == runs


record = st.builds(
    lambda owner, type_, size: text(owner, size, type_),
    st.sampled_from(("www.example.org", "example.org", "x.net")),
    st.sampled_from((Type.A, Type.TXT, Type.RRSIG)),
    st.integers(0, 150),
)
some = st.lists(record, max_size=6)


@given(some, some, some, st.integers(33, 800))
def test_a_cut_message_is_a_shorter_one_of_the_first_records(
    answer: list[Record], authority: list[Record], additional: list[Record], limit: int
) -> None:
    records = (*answer, *authority, *additional)
    found = cut(pack(question(), Reply(answer, authority, additional)), limit, 0)
    left = [record for section in sections(found) for record in section]
    assert len(found) <= limit
    assert left == list(records[: len(left)])
    assert bool(found[2] & 2) == (len(left) < len(answer) + len(authority))


@given(some, some, some, st.integers(33, 800))
def test_a_message_that_is_packed_up_to_the_limit_is_cut_to_the_same(
    answer: list[Record], authority: list[Record], additional: list[Record], limit: int
) -> None:
    reply = Reply(answer, authority, additional)
    assert cut(pack(question(), reply, limit), limit, 0) == cut(pack(question(), reply), limit, 0)


def test_of_thousands_of_records_no_more_are_packed_than_it_takes() -> None:
    reply = Reply([a(last=i) for i in range(256)] * 16)
    assert len(pack(question(), reply, 1232)) <= 1232 + 16
    assert sent(asked_with(), reply) == (True, ((), (), ()))


def test_a_name_asked_for_stays_spelled() -> None:
    assert cut(pack(question(), Reply((text("x", 600),))), 512, 0)[12:28] == WWW[:16]
