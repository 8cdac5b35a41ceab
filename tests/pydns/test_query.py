"""Queries: what they hold, what a copy shares, and which answers depend on who asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pydns import names
from pydns.errors import WireError
from pydns.query import MAX_DEPTH, Address, DepthError, Edns, Query, carrier
from pydns.records import Opcode, Type
from pydns.reply import Reply
from pydns.testing import query
from pydns.tsig.client import SignedRequest
from pydns.tsig.server import read_signature
from tests.pydns.tsig.signing import KEY, RING
from tests.pydns.wire.messages import CLIENT, WWW, asked_with, message, opt, question, read

OTHER = names.from_text("other.example.org")


def plain() -> Query:
    return read(message())


@pytest.mark.parametrize(
    ("flags", "opcode", "recursion_desired", "checking_disabled", "authentic_data"),
    [
        (0x0000, Opcode.QUERY, False, False, False),
        (0x0100, Opcode.QUERY, True, False, False),
        (0x0010, Opcode.QUERY, False, True, False),
        (0x0020, Opcode.QUERY, False, False, True),
        (0x2800, Opcode.UPDATE, False, False, False),
    ],
)
def test_the_header_is_told_by_its_parts(
    flags: int, opcode: int, recursion_desired: bool, checking_disabled: bool, authentic_data: bool
) -> None:
    query = read(message(flags=flags))
    assert query.opcode == opcode
    assert query.recursion_desired is recursion_desired
    assert query.checking_disabled is checking_disabled
    assert query.authentic_data is authentic_data


@pytest.mark.parametrize(("query", "do"), [(plain(), False), (asked_with(), False), (asked_with(do=True), True)])
def test_do_is_false_without_edns(query: Query, do: bool) -> None:
    assert query.do is do


@pytest.mark.parametrize(
    ("transport", "word"), [("udp", "udp"), ("quic", "udp"), ("tcp", "tcp"), ("tls", "tcp"), ("https", "tcp")]
)
def test_a_transport_is_carried_by_udp_or_tcp(transport: str, word: str) -> None:
    assert carrier(transport) == word


PERSONAL: list[Callable[[Query], object]] = [
    lambda query: query.peer,
    lambda query: query.local,
    lambda query: query.id,
    lambda query: query.metadata,
]


@pytest.mark.parametrize("read_it", PERSONAL, ids=["peer", "local", "id", "metadata"])
def test_reading_who_asked_makes_it_personal(read_it: Callable[[Query], object]) -> None:
    query = plain()
    read_it(query)
    assert query.personal


@pytest.mark.parametrize("read_it", PERSONAL, ids=["peer", "local", "id", "metadata"])
def test_a_copy_makes_the_clients_query_personal(read_it: Callable[[Query], object]) -> None:
    query = plain()
    read_it(query.replace(name=OTHER).replace(type_=Type.AAAA))
    assert query.personal


@pytest.mark.parametrize(
    "read_it",
    [
        lambda query: query.client.peer,
        lambda query: query.seen_id,
        lambda query: query.transport,
        lambda query: (query.name, query.type, query.class_, query.flags, query.edns, query.do),
    ],
    ids=["client", "seen id", "transport", "question"],
)
def test_who_only_watches_leaves_it_as_it_was(read_it: Callable[[Query], object]) -> None:
    query = plain()
    read_it(query)
    assert not query.personal


def test_peer_and_local_are_the_clients() -> None:
    query = plain()
    assert (query.peer, query.local) == (Address("192.0.2.9", 40212), CLIENT.local)


def test_metadata_is_shared_by_all_copies() -> None:
    query = plain()
    query.replace(name=OTHER).metadata["geoip/city"] = lambda: "Oslo"
    assert query.metadata["geoip/city"]() == "Oslo"


def test_a_copy_differs_in_what_was_named_only() -> None:
    query = asked_with()
    copy = query.replace(type_=Type.AAAA)
    assert (copy.name, copy.type, copy.edns, copy.origin) == (WWW, Type.AAAA, query.edns, query)


def test_a_copy_may_have_other_edns() -> None:
    edns = Edns(512, 0, True, ())
    assert plain().replace(edns=edns).do


def test_a_copy_leaves_the_query_as_it_was() -> None:
    query = plain()
    query.replace(name=OTHER, type_=Type.AAAA, edns=Edns(512, 0, True, ()))
    assert (query.name, query.type, query.edns) == (WWW, Type.A, None)


def test_another_name_is_one_that_the_answer_depends_on() -> None:
    query = plain()
    query.replace(name=OTHER).replace(name=names.from_text("third"))
    assert query.asked_within == (OTHER, names.from_text("third"))


def test_the_same_name_is_no_other() -> None:
    query = plain()
    query.replace(name=WWW)
    assert query.asked_within == ()


def test_a_detached_query_notes_on_its_own_origin() -> None:
    query = plain()
    own = query.detach()
    own.replace(name=OTHER).id  # noqa: B018 -- to read it is what counts
    assert (own.origin.personal, own.origin.asked_within) == (True, (OTHER,))
    assert (query.personal, query.asked_within) == (False, ())


def test_a_detached_query_forgets_what_was_noted_above() -> None:
    query = plain()
    query.replace(name=OTHER).peer  # noqa: B018 -- to read it is what counts
    own = query.detach()
    assert (own.origin.personal, own.origin.asked_within) == (False, ())


def test_a_detached_copy_stays_the_copy() -> None:
    own = plain().replace(name=OTHER, type_=Type.AAAA).detach()
    assert (own.name, own.type, own.detached) == (OTHER, Type.AAAA, True)
    assert (own.origin.name, own.origin.type, own.origin.origin) == (WWW, Type.A, own.origin)


def test_metadata_set_below_a_detached_query_is_seen_above() -> None:
    query = plain()
    query.detach().metadata["a/b"] = lambda: "c"
    assert query.metadata["a/b"]() == "c"


def test_the_whole_message_is_opened_on_demand() -> None:
    assert read(message(question(), opt(), counts=(1, 0, 0, 1))).message.q.qtype == Type.A


def test_a_message_that_cannot_be_opened_is_a_wire_error() -> None:
    query = read(message(question(b"\1\xff\0")))
    with pytest.raises(WireError):
        query.message  # noqa: B018 -- to read it is what counts


async def test_resolve_asks_from_within() -> None:
    query, asked = plain(), []

    async def ask(inner: Query) -> Reply:
        asked.append(inner)
        return Reply(by="inner")

    query.ask = ask
    reply = await query.resolve(OTHER, Type.AAAA)
    (inner,) = asked
    assert reply.by == "inner"
    assert (inner.name, inner.type, inner.depth, inner.origin, inner.client) == (OTHER, Type.AAAA, 1, query, CLIENT)


async def test_the_answer_depends_on_what_was_asked_from_within() -> None:
    query = plain()

    async def ask(inner: Query) -> Reply:
        return Reply()

    query.ask = ask
    await query.resolve(OTHER, Type.A)
    assert query.asked_within == (OTHER,)


async def test_a_loop_of_questions_from_within_ends() -> None:
    query, deepest = plain(), 0

    async def ask(inner: Query) -> Reply:
        nonlocal deepest
        deepest = inner.depth
        return await inner.resolve(inner.name, inner.type)

    query.ask = ask
    with pytest.raises(DepthError):
        await query.resolve(OTHER, Type.A)
    assert deepest == MAX_DEPTH


async def test_a_query_that_came_through_no_server_cannot_ask() -> None:
    with pytest.raises(RuntimeError):
        await plain().resolve(OTHER, Type.A)


def test_a_copy_has_everything() -> None:
    asked = query("www.example.org", "AAAA", flags=0x0110, edns=Edns(512, 0, True, ()))
    asked.depth, asked.detached, asked.zone, asked.server, asked.epoch = 3, True, b"\3org\0", "dns://:53", 7
    copy = asked.replace()
    assert [getattr(copy, slot) for slot in Query.__slots__ if slot != "_origin"] == [
        getattr(asked, slot) for slot in Query.__slots__ if slot != "_origin"
    ]


def signed_query() -> Query:
    asked = plain()
    found = read_signature(SignedRequest(asked.wire, KEY).wire, RING.get)
    assert found is not None
    asked.signature = found
    return asked


def test_a_signature_is_seen_by_copies_and_behind_a_cache() -> None:
    asked = signed_query()
    for copy in (asked, asked.replace(name=OTHER), asked.detach(), asked.replace(name=OTHER).detach()):
        assert copy.signature is not None
        assert copy.signature.key == KEY.name


def test_who_looks_at_the_signature_answers_that_client_alone() -> None:
    asked = plain()
    assert asked.signature is None
    assert asked.personal
