from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.records import Class, Record, Type
from pydns.reply import Reply
from pydns.wire.message import pack
from pydns.wire.opened import sections
from pydns_plugins.loadbalance.ordering import ordered, reordered
from pydns_plugins.loadbalance.policy import ADDRESSES, SHUFFLED, Policy

WWW, HOST, ZONE = map(names.from_text, ("www.example.org", "host.example.org", "example.org"))
QUESTION = WWW + b"\0\1\0\1"


class Backwards(Policy):
    """The last first, so that a test knows what comes."""

    types: frozenset[int] = SHUFFLED
    asked = None
    in_turn = False

    def order(self, owner: bytes, rdata: Sequence[bytes]) -> list[int]:
        return list(range(len(rdata)))[::-1]


class BackwardsAddresses(Backwards):
    types: frozenset[int] = ADDRESSES


def a(last: int, owner: bytes = WWW, ttl: int = 300) -> Record:
    return Record(owner, Type.A, Class.IN, ttl, bytes((192, 0, 2, last)))


def aaaa(last: int, owner: bytes = WWW) -> Record:
    return Record(owner, Type.AAAA, Class.IN, 300, bytes(15) + bytes((last,)))


def mx(last: int, owner: bytes = ZONE) -> Record:
    return Record(owner, Type.MX, Class.IN, 300, bytes((0, last)) + b"\2mx" + owner)


CNAME = Record(WWW, Type.CNAME, Class.IN, 300, HOST)
RRSIG = Record(WWW, Type.RRSIG, Class.IN, 300, bytes(24))
TXT = Record(WWW, Type.TXT, Class.IN, 300, b"\1a")

Records = list[Record]
Wrap = Callable[[Reply], Reply]
CASES: list[tuple[str, Records, Records]] = [
    ("addresses", [a(1), a(2), a(3)], [a(3), a(2), a(1)]),
    ("IPv6 addresses", [aaaa(1), aaaa(2)], [aaaa(2), aaaa(1)]),
    ("TTLs go with their records", [a(1, ttl=1), a(2, ttl=2)], [a(2, ttl=2), a(1, ttl=1)]),
    ("MX records", [mx(1), mx(2), mx(3)], [mx(3), mx(2), mx(1)]),
    ("a CNAME stays first", [CNAME, a(1, HOST), a(2, HOST)], [CNAME, a(2, HOST), a(1, HOST)]),
    ("a late CNAME comes first", [a(1, HOST), CNAME, a(2, HOST)], [CNAME, a(2, HOST), a(1, HOST)]),
    ("a late CNAME of one address", [a(1, HOST), CNAME], [CNAME, a(1, HOST)]),
    ("each set in itself", [a(1), a(2), a(3, HOST), a(4, HOST)], [a(2), a(1), a(4, HOST), a(3, HOST)]),
    ("types do not mix", [a(1), a(2), aaaa(1), aaaa(2)], [a(2), a(1), aaaa(2), aaaa(1)]),
    ("others keep their places", [TXT, a(1), RRSIG, a(2)], [TXT, a(2), RRSIG, a(1)]),
]
ALONE: list[tuple[str, Records]] = [
    ("nothing", []),
    ("an address", [a(1)]),
    ("a CNAME and an address", [CNAME, a(1, HOST)]),
    ("addresses of two names", [a(1), a(1, HOST)]),
    ("an address of each family", [a(1), aaaa(1)]),
    ("other types", [TXT, TXT, RRSIG]),
    ("signatures after CNAMEs", [CNAME, RRSIG, CNAME, RRSIG, a(1, HOST)]),
]


def as_wire(reply: Reply) -> Reply:
    return reply.replace(wire=pack(QUESTION, reply), answer=(), authority=(), additional=())


def cases(found: list[tuple[str, Records, Records]]) -> list[object]:
    return [pytest.param(before, after, id=name) for name, before, after in found]


@pytest.mark.parametrize(("before", "after"), cases(CASES))
def test_records_are_ordered(before: Records, after: Records) -> None:
    assert list(ordered(Reply(before), Backwards()).answer) == after


@pytest.mark.parametrize(("before", "after"), cases(CASES))
def test_a_message_is_ordered(before: Records, after: Records) -> None:
    assert list(ordered(as_wire(Reply(before)), Backwards()).opened().answer) == after


@pytest.mark.parametrize("wrap", [lambda reply: reply, as_wire], ids=["records", "message"])
@pytest.mark.parametrize("section", ["answer", "authority", "additional"])
def test_all_sections_are_ordered(section: str, wrap: Wrap) -> None:
    reply = wrap(Reply().replace(**{section: [a(1), a(2)]}))
    assert list(getattr(ordered(reply, Backwards()).opened(), section)) == [a(2), a(1)]


@pytest.mark.parametrize("wrap", [lambda reply: reply, as_wire], ids=["records", "message"])
@pytest.mark.parametrize("records", [pytest.param(records, id=name) for name, records in ALONE])
def test_where_nothing_is_to_order_the_reply_is_the_same(records: Records, wrap: Wrap) -> None:
    reply = wrap(Reply(records))
    assert ordered(reply, Backwards()) is reply


@pytest.mark.parametrize("wrap", [lambda reply: reply, as_wire], ids=["records", "message"])
@pytest.mark.parametrize(
    ("records", "replay"),
    [([a(1), a(2)], False), ([mx(1), mx(2)], False), ([a(1)], True), ([a(1, HOST), CNAME], True)],
    ids=["two addresses", "two MX", "one address", "a late CNAME"],
)
def test_what_was_given_one_order_of_several_is_not_replayed(records: Records, replay: bool, wrap: Wrap) -> None:
    assert ordered(wrap(Reply(records)), Backwards()).replay is replay


class BackwardsInTurn(Backwards):
    in_turn = True


@pytest.mark.parametrize("wrap", [lambda reply: reply, as_wire], ids=["records", "message"])
def test_what_was_given_one_order_of_several_may_be_replayed_in_others(wrap: Wrap) -> None:
    reply = ordered(wrap(Reply([a(1), a(2)])), BackwardsInTurn())
    assert reply.replay
    assert reply.orders is not None
    message = reply.wire or pack(QUESTION, reply)
    other = reply.orders(message)
    assert other is not None
    assert [record.rdata[-1] for record in sections(message)[0]] == [2, 1]
    assert [record.rdata[-1] for record in sections(other)[0]] == [1, 2]


@pytest.mark.parametrize("records", [[mx(1), mx(2)], [a(1)], [a(1, HOST), CNAME]])
def test_what_is_hard_to_reorder_is_not(records: Records) -> None:
    assert reordered(BackwardsInTurn(), pack(QUESTION, Reply(records))) is None


def test_bytes_that_are_no_message_are_not_reordered() -> None:
    assert reordered(BackwardsInTurn(), bytes(11)) is None


@pytest.mark.parametrize("wrap", [lambda reply: reply, as_wire], ids=["records", "message"])
def test_what_must_not_be_replayed_stays_so(wrap: Wrap) -> None:
    assert not ordered(wrap(Reply([a(1, HOST), CNAME], replay=False)), Backwards()).replay


@pytest.mark.parametrize("wrap", [lambda reply: reply, as_wire], ids=["records", "message"])
def test_a_policy_orders_its_types_alone(wrap: Wrap) -> None:
    reply = wrap(Reply([mx(1), mx(2)]))
    assert ordered(reply, BackwardsAddresses()) is reply


def test_a_reply_that_others_get_too_is_left_as_it_is() -> None:
    reply = as_wire(Reply([a(1), a(2)]))
    before = reply.wire
    ordered(reply, Backwards())
    assert (reply.wire, reply.replay) == (before, True)


def test_all_else_about_a_reply_stays() -> None:
    reply = as_wire(Reply([a(1), a(2)], flags=Reply.AA, by="cache", why="kept"))
    reply.ages, reply.lifetime = True, 7.0
    left = ordered(reply, Backwards())
    for slot in set(Reply.__slots__) - {"wire", "replay"}:
        assert getattr(left, slot) == getattr(reply, slot)


ANY_RECORD = st.one_of(
    st.builds(a, st.integers(0, 255), st.sampled_from([WWW, HOST, ZONE]), st.integers(0, 9)),
    st.builds(aaaa, st.integers(0, 255), st.sampled_from([WWW, HOST])),
    st.builds(mx, st.integers(0, 255), st.sampled_from([WWW, ZONE])),
    st.sampled_from([CNAME, RRSIG, TXT]),
)
SECTION = st.lists(ANY_RECORD, max_size=6)


@given(SECTION, SECTION, SECTION)
def test_a_message_comes_out_as_its_records_do(answer: Records, authority: Records, additional: Records) -> None:
    reply = Reply(answer, authority, additional)
    by_record = ordered(reply, Backwards())
    by_bytes = ordered(as_wire(reply), Backwards()).opened()
    found = [[*section] for section in (by_bytes.answer, by_bytes.authority, by_bytes.additional)]
    assert found == [[*by_record.answer], [*by_record.authority], [*by_record.additional]]


@given(SECTION)
def test_the_same_records_come_out_cnames_ahead_of_addresses(answer: Records) -> None:
    found = list(ordered(Reply(answer), Backwards()).answer)
    assert sorted(found) == sorted(answer)
    assert not any(one.type in SHUFFLED and two.type == Type.CNAME for one, two in pairwise(found))


@given(st.binary(max_size=120), st.binary(min_size=6, max_size=6))
def test_whatever_an_upstream_sends_does_no_harm(rest: bytes, counts: bytes) -> None:
    wire = bytes(4) + b"\0\1" + counts + QUESTION + rest
    left = ordered(Reply(wire=wire), Backwards())
    assert left.wire is None or len(left.wire) == len(wire)


def test_addresses_of_a_wrong_length_are_ordered_too() -> None:
    odd = Record(WWW, Type.A, Class.IN, 300, b"\xc0\0\2")
    found = ordered(as_wire(Reply([a(1), odd])), Backwards())
    assert list(found.opened().answer) == [odd, a(1)]


def test_the_owner_is_found_however_it_is_written() -> None:
    # One record's owner is a pointer to the question, the other's is spelled out.
    fixed = b"\0\1\0\1\0\0\1\x2c\0\4"
    records = b"\xc0\x0c" + fixed + b"\xc0\0\2\1" + WWW.upper() + fixed + b"\xc0\0\2\2"
    reply = Reply(wire=bytes(4) + b"\0\1\0\2\0\0\0\0" + QUESTION + records)
    left = ordered(reply, Backwards()).wire
    assert left is not None
    assert [record.rdata[-1] for record in sections(left)[0]] == [2, 1]
