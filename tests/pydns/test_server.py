"""One address: what comes is taken, routed and answered."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from pydns import names
from pydns.longmessages import LONGEST
from pydns.plugin import CallNext
from pydns.query import MAX_DEPTH, DepthError, Query
from pydns.records import Ede, Opcode, Rcode, Type
from pydns.reply import Reply
from pydns.wire.edns import COOKIE, PADDING
from tests.pydns.serving import (
    LABEL,
    Doing,
    Giving,
    Serving,
    address,
    extended_errors,
    rcode,
    route,
    serving,
)
from tests.pydns.wire.messages import message, opt, packed, question

PLAIN = message()
WITH_OPT = message(question(), opt(), counts=(1, 0, 0, 1))


@pytest.fixture
async def giving(nursery: trio.Nursery) -> Serving:
    """A server that gives an address to every name."""
    return serving(nursery, Giving(Reply([address()], flags=Reply.AA, by="giving")))


SILENT = {
    "a response": (message(flags=0x8180), "response"),
    "a response with lying counts": (message(flags=0x8180, counts=(9, 9, 9, 9)), "response"),
    "a response that is a header": (message(b"", flags=0x8000, counts=(0, 0, 0, 0)), "response"),
    "eleven octets": (PLAIN[:11], "short"),
    "two octets": (b"\0\1", "short"),
    "one octet": (b"\0", "short"),
    "nothing": (b"", "short"),
}


@pytest.mark.parametrize(("wire", "reason"), SILENT.values(), ids=SILENT)
async def test_silence_and_a_count(wire: bytes, reason: str, giving: Serving) -> None:
    """RFC 9619 and RFC 8906: an answer to an answer would go on for ever."""
    assert await giving.ask(wire) is None
    assert giving.counted("pydns_dropped_messages_total", LABEL, reason) == 1


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda octets: PLAIN[:5] + octets))
@settings(deadline=None)
def test_whatever_comes_is_taken_and_told_of_once(wire: bytes) -> None:
    async def run() -> None:
        async with trio.open_nursery() as nursery:
            client = serving(nursery, Giving(Reply([address()]))).take(wire)
            await client.answer()
            nursery.cancel_scope.cancel()

    trio.run(run)


@pytest.mark.parametrize(("type_", "expected"), [(Type.DS, 1), (Type.DNSKEY, 2), (Type.A, 2)])
async def test_ds_is_asked_of_the_parents_block(type_: int, expected: int, nursery: trio.Nursery) -> None:
    """RFC 4035 section 3.1.4.1."""
    parent = Giving(Reply([address(1)]))
    child = Giving(Reply([address(2)]))
    served = Serving(nursery, {"org": [route(parent)], "example.org": [route(child)]})
    answer = await served.opened(message(question("example.org", type_)))
    assert str(answer.rr[0].rdata) == f"192.0.2.{expected}"


# Questions from within.


async def test_a_question_from_within_goes_through_the_whole_server(nursery: trio.Nursery) -> None:
    async def ask_the_other(query: Query, call_next: CallNext) -> Reply:
        return await query.resolve(names.from_text("www.example.net"), Type.A)

    served = Serving(
        nursery,
        {"example.org": [route(Doing(ask_the_other))], "example.net": [route(Giving(Reply([address(7)])))]},
    )
    answer = await served.opened(PLAIN)
    assert str(answer.q.qname) == "www.example.org."
    assert str(answer.rr[0].rdata) == "192.0.2.7"


async def test_questions_from_within_are_bounded_in_depth(nursery: trio.Nursery) -> None:
    depths: list[int] = []

    async def chase_itself(query: Query, call_next: CallNext) -> Reply:
        depths.append(query.depth)
        return await query.resolve(query.name, query.type)

    answer = await serving(nursery, Doing(chase_itself)).ask(WITH_OPT)
    assert rcode(answer) == Rcode.SERVFAIL
    assert answer is not None
    assert extended_errors(answer) == [(Ede.OTHER, "doing failed: DepthError")]
    assert depths == list(range(MAX_DEPTH + 1))


async def test_a_plugin_may_catch_that_it_is_too_deep(nursery: trio.Nursery) -> None:
    async def chase_itself(query: Query, call_next: CallNext) -> Reply:
        try:
            return await query.resolve(query.name, query.type)
        except DepthError:
            return Reply([address()])

    assert rcode(await serving(nursery, Doing(chase_itself)).ask(PLAIN)) == Rcode.NOERROR


# What the client sees of its own message.


@pytest.mark.parametrize(
    "options",
    [[(65001, b"x")], [(COOKIE, b"8 octets")], [(8, b"\0\1\x18\0\xc0\0\2")], [(3, b""), (12, bytes(9)), (11, b"")]],
)
async def test_options_are_not_echoed(options: Sequence[tuple[int, bytes]], giving: Serving) -> None:
    answer = await giving.opened(message(question(), opt(*options), counts=(1, 0, 0, 1)))
    (ours,) = answer.ar
    assert ours.rdata == []


@pytest.mark.parametrize("name", [b"\3wWw\7ExAmPle\3oRG\0", b"\3WWW\7EXAMPLE\3ORG\0"])
async def test_the_question_keeps_its_letters_however_often_it_is_asked(name: bytes, giving: Serving) -> None:
    for asked in [name, name.lower(), name, name.swapcase(), name]:
        answer = await giving.ask(message(question(asked)))
        assert answer is not None
        assert answer[12 : 12 + len(asked)] == asked


@pytest.mark.parametrize("waits", [False, True])
async def test_queries_leave_nothing_to_the_collector(waits: bool, nursery: trio.Nursery) -> None:
    """It stops the server while it looks for what counting references has not freed."""

    async def serve(query: Query, call_next: CallNext) -> Reply:
        if waits:
            await trio.lowlevel.checkpoint()
        query.replace(name=b"\1a\0").detach()
        return Reply([address()], by="doing").replace(replay=False)

    served = serving(nursery, Doing(serve))
    await served.ask(WITH_OPT)
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            await served.ask(WITH_OPT)
        left = gc.collect()
    finally:
        gc.enable()
    assert left < 100


@pytest.mark.parametrize(("padding", "expected"), [(3000, Rcode.NOERROR), (LONGEST, Rcode.FORMERR)])
async def test_a_query_is_as_long_as_an_honest_one(nursery: trio.Nursery, padding: int, expected: int) -> None:
    wire = message(question(), opt((PADDING, bytes(padding))), counts=(1, 0, 0, 1))
    assert rcode(await serving(nursery, Giving(Reply())).ask(wire)) == expected


async def test_where_many_wait_a_long_message_is_dropped(nursery: trio.Nursery) -> None:
    """Or thousands of them would take a gigabyte."""
    served = serving(nursery, Giving(Reply(), opcodes=[Opcode.QUERY, Opcode.UPDATE]))
    long = message(question(type_=6), packed(address()) * 300, flags=Opcode.UPDATE << 11, counts=(1, 0, 300, 0))
    assert len(long) > LONGEST
    assert await served.ask(long) is not None
    waiting = [served.take(message(flags=Opcode.UPDATE << 11)) for _ in range(501)]
    assert await served.take(long).answer() is None
    assert served.counted("pydns_dropped_messages_total", LABEL, "overload") == 1
    assert all([await each.answer() for each in waiting])
