from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.errors import CorefileError
from pydns.query import Edns
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns.wire.message import pack
from pydns.wire.scan import scan
from pydns_plugins.minimal import Minimal
from tests.plugins.asking import block, directives

NAME = names.from_text("www.example.org")
ZONE = names.from_text("example.org")
QUESTION = NAME + b"\0\1\0\1"
DO = Edns(1232, 0, True, ())


def record(type_: int, owner: bytes = NAME, rdata: bytes = b"\xc0\0\2\1") -> Record:
    return Record(owner, type_, Class.IN, 300, rdata)


A = record(Type.A)
CNAME = record(Type.CNAME, rdata=ZONE)
NS = record(Type.NS, ZONE, b"\2ns" + ZONE)
SOA = record(Type.SOA, ZONE, b"\2ns" + ZONE + b"\0" + bytes(20))
GLUE = record(Type.A, b"\2ns" + ZONE)
NSEC = record(Type.NSEC, ZONE, NAME + b"\0\1\x40")
NSEC3 = record(Type.NSEC3, b"\1x" + ZONE, bytes(20))
RRSIG = record(Type.RRSIG, ZONE, bytes(24))


def minimal(text: str = "minimal") -> Minimal:
    (plugin,) = Minimal.parse(directives(text), block())
    return plugin


def as_wire(reply: Reply) -> Reply:
    return reply.replace(wire=pack(QUESTION, reply), answer=(), authority=(), additional=())


async def shape(reply: Reply, type_: str = "A", edns: Edns | None = None) -> list[int]:
    """How many records each section has after it, be it records or a message."""
    found = []
    for given_ in (reply, as_wire(reply)):
        opened = (await minimal().serve(query("www.example.org", type_, edns=edns), FakeNext(given_))).opened()
        found.append([len(opened.answer), len(opened.authority), len(opened.additional)])
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        (Reply([A], [NS], [GLUE]), [1, 0, 0]),
        (Reply([A], [], [GLUE]), [1, 0, 0]),
        (Reply([A], [SOA], []), [1, 0, 0]),
        (Reply([CNAME, A, A], [NS], [GLUE]), [3, 0, 0]),
        (Reply([], [], [GLUE]), [0, 0, 0]),
        (Reply([A], [NSEC, RRSIG], [GLUE]), [1, 0, 0]),
    ],
)
async def test_what_a_client_can_do_without_goes(reply: Reply, left: list[int]) -> None:
    assert await shape(reply) == left


@pytest.mark.parametrize(
    "reply",
    [
        Reply([A]),
        Reply(),
        Reply([], [SOA], [GLUE]),  # no data
        Reply([], [NS], [GLUE]),  # a delegation
        Reply([], [SOA, NS], []),
        Reply([], [SOA], [GLUE], rcode=Rcode.NXDOMAIN),
        Reply([CNAME], [SOA], [GLUE], rcode=Rcode.NXDOMAIN),
        Reply([A], [NS], [GLUE], rcode=Rcode.SERVFAIL),
        Reply([A], [NS], [GLUE], rcode=Rcode.BADVERS),
    ],
)
async def test_others_stay_as_they_are(reply: Reply) -> None:
    assert await shape(reply) == [len(reply.answer), len(reply.authority), len(reply.additional)]


@pytest.mark.parametrize("type_", ["AXFR", "IXFR"])
async def test_a_zone_transfer_stays_as_it_is(type_: str) -> None:
    assert await shape(Reply([A], [NS], [GLUE]), type_) == [1, 1, 1]


@pytest.mark.parametrize(
    ("authority", "left"),
    [([NS, NSEC, RRSIG], [1, 3, 1]), ([NSEC3], [1, 1, 1]), ([NS, RRSIG], [1, 0, 0])],
)
async def test_the_proof_of_a_wildcard_stays_for_a_validator(authority: list[Record], left: list[int]) -> None:
    # RFC 4035 section 3.1.3.3
    assert await shape(Reply([A], authority, [GLUE]), edns=DO) == left


@pytest.mark.parametrize("reply", [Reply([A]), as_wire(Reply([A])), Reply.drop("acl"), Reply([], [SOA])])
async def test_where_nothing_goes_the_reply_is_the_same(reply: Reply) -> None:
    assert await minimal().serve(query(), FakeNext(reply)) is reply


@pytest.mark.parametrize("reply", [Reply([A], [NS]), as_wire(Reply([A], [NS]))])
async def test_all_else_about_a_reply_stays(reply: Reply) -> None:
    def watch(query: bytes, client: object, answer: bytes) -> None: ...

    reply = reply.replace(ages=True, lifetime=7.0, replay=False, watchers=(watch,), flags=Reply.AA, by="cache", why="w")
    left = await minimal().serve(query("www.example.org"), FakeNext(reply))
    for slot in set(Reply.__slots__) - {"answer", "authority", "additional", "wire"}:
        assert getattr(left, slot) == getattr(reply, slot)


async def test_a_message_keeps_the_bytes_of_its_answer() -> None:
    reply = as_wire(Reply([CNAME, A], [NS], [GLUE]))
    left = await minimal().serve(query("www.example.org"), FakeNext(reply))
    assert left.wire == pack(QUESTION, Reply([CNAME, A]))


@given(st.binary(max_size=80), st.binary(min_size=8, max_size=8))
def test_whatever_an_upstream_sends_is_a_message_or_stays(rest: bytes, counts: bytes) -> None:
    wire = bytes(4) + counts + QUESTION + rest
    with pytest.raises(StopIteration) as done:  # it waits for nothing
        minimal().serve(query(), FakeNext(Reply(wire=wire))).send(None)
    left = done.value.value.wire
    assert left == wire or scan(left)


def test_a_second_directive_adds_nothing() -> None:
    assert minimal("minimal\nminimal").name == "minimal"


@pytest.mark.parametrize("text", ["minimal all", "minimal\n all"])
def test_it_takes_no_arguments_and_no_block(text: str) -> None:
    with pytest.raises(CorefileError, match=r"^Corefile:1:"):
        minimal(text)
