from __future__ import annotations

import gc
import logging
from collections.abc import Sequence

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from pydns import names
from pydns.plugin import CallNext
from pydns.query import MAX_DEPTH, DepthError, Query
from pydns.records import Class, Ede, Opcode, Rcode, Record, Type
from pydns.refusal import Refusal, WatchRefusals
from pydns.reply import Reply
from pydns.server import LONGEST
from pydns.wire.edns import COOKIE, PADDING
from tests.pydns.serving import (
    LABEL,
    Asker,
    Doing,
    Giving,
    Serving,
    address,
    extended_errors,
    rcode,
    route,
    serving,
)
from tests.pydns.wire.messages import WWW, message, opt, packed, question

PLAIN = message()
WITH_OPT = message(question(), opt(), counts=(1, 0, 0, 1))
COOKIE_OPT = opt((COOKIE, b"8 octets"))


def with_opt(*, type_: int = Type.A, name: str = "www.example.org", class_: int = 1, opcode: int = 0) -> bytes:
    """A query with EDNS, so that its answer can tell an extended error."""
    return message(question(name, type_, class_), opt(), counts=(1, 0, 0, 1), flags=opcode << 11 | 0x0100)


def soa() -> bytes:
    return packed(Record(WWW, Type.SOA, Class.IN, 0, b"\0\0" + bytes(20)))


@pytest.fixture
async def giving(nursery: trio.Nursery) -> Serving:
    """A server that gives an address to every name."""
    return serving(nursery, Giving(Reply([address()], flags=Reply.AA, by="giving")))


def watched(nursery: trio.Nursery, watch: WatchRefusals) -> Serving:
    """A server for some zones, with somebody who watches what it refuses."""

    async def ask_within(query: Query, call_next: CallNext) -> Reply:
        return await query.resolve(names.from_text("www.example.net"), Type.A)

    giving = route(Giving(Reply([address()])))
    giving.refusals = {"watching": watch}
    blocks = {
        "example.org": [giving],
        "within.test": [route(Doing(ask_within))],
        "zero.test": [route(Giving(Reply()))],
        "seven.test": [route(Giving(Reply(), opcodes=[7]))],
    }
    return Serving(nursery, blocks)


# What is no plugin's matter.

REFUSED_AT_ONCE: dict[str, tuple[bytes, int]] = {
    # RFC 6891 section 6.1.3
    "EDNS version 1": (message(question(), opt(version=1), counts=(1, 0, 0, 1)), Rcode.BADVERS),
    "EDNS version 255": (message(question(), opt(version=255), counts=(1, 0, 0, 1)), Rcode.BADVERS),
    "IQUERY": (message(b"", packed(address()), flags=1 << 11, counts=(0, 1, 0, 0)), Rcode.NOTIMP),  # RFC 3425
    "STATUS": (message(flags=2 << 11), Rcode.NOTIMP),
    "STATUS without a question": (message(b"", flags=2 << 11, counts=(0, 0, 0, 0)), Rcode.NOTIMP),
    "opcode 3": (message(flags=3 << 11), Rcode.NOTIMP),
    "NOTIFY": (message(flags=4 << 11), Rcode.NOTIMP),
    "NOTIFY with its SOA": (message(question(), soa(), flags=4 << 11, counts=(1, 1, 0, 0)), Rcode.NOTIMP),
    "UPDATE with prerequisites": (
        message(question(type_=6), soa(), soa(), flags=5 << 11, counts=(1, 1, 1, 0)),
        Rcode.NOTIMP,
    ),
    "UPDATE that is cut": (message(question(type_=6), flags=5 << 11, counts=(1, 1, 1, 0)), Rcode.NOTIMP),
    "UPDATE with two zones": (
        message(question(), question(), flags=5 << 11, counts=(2, 0, 0, 0)),
        Rcode.NOTIMP,
    ),
    "DSO": (message(b"", flags=6 << 11, counts=(0, 0, 0, 0)), Rcode.NOTIMP),  # RFC 8490 section 5.4
    "DSO with a TLV": (message(b"\0\1\0\4\0\0\0\0", flags=6 << 11, counts=(0, 0, 0, 0)), Rcode.NOTIMP),
    "opcode 15": (message(flags=15 << 11), Rcode.NOTIMP),
    "two questions": (message(question(), question(), counts=(2, 0, 0, 0)), Rcode.FORMERR),  # RFC 9619
    "no question": (message(b"", counts=(0, 0, 0, 0)), Rcode.FORMERR),
    "no question and an OPT": (message(b"", opt(), counts=(0, 0, 0, 1)), Rcode.FORMERR),
    # RFC 7873 section 5.4
    "no question and a cookie": (message(b"", COOKIE_OPT, counts=(0, 0, 0, 1)), Rcode.NOERROR),
    "a cut question": (PLAIN[:-1], Rcode.FORMERR),
    "octets behind": (PLAIN + b"\0", Rcode.FORMERR),
    "two OPTs": (message(question(), opt(), opt(), counts=(1, 0, 0, 2)), Rcode.FORMERR),
    "a short cookie": (message(question(), opt((COOKIE, b"7 octet")), counts=(1, 0, 0, 1)), Rcode.FORMERR),
}


@pytest.mark.parametrize(("wire", "expected"), REFUSED_AT_ONCE.values(), ids=REFUSED_AT_ONCE)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_what_is_answered_without_a_plugin(wire: bytes, expected: int, transport: str, giving: Serving) -> None:
    client = giving.take(wire, Asker(transport=transport))
    (answer,) = client.sent  # at once
    assert rcode(answer) == expected


@pytest.mark.parametrize(("wire", "expected"), REFUSED_AT_ONCE.values(), ids=REFUSED_AT_ONCE)
async def test_it_is_an_answer_to_that_message(wire: bytes, expected: int, giving: Serving) -> None:
    """Id, opcode and RD are the client's, and QR is set (RFC 1035 section 4.1.1)."""
    answer = await giving.ask(wire)
    assert answer is not None
    assert answer[:2] == wire[:2]
    assert answer[2] & 0xF9 == 0x80 | wire[2] & 0x79


@pytest.mark.parametrize(("wire", "expected"), REFUSED_AT_ONCE.values(), ids=REFUSED_AT_ONCE)
async def test_who_watches_refusals_is_told(wire: bytes, expected: int, nursery: trio.Nursery) -> None:
    told: list[Refusal] = []
    client = watched(nursery, told.append).take(wire, Asker(transport="tcp"))
    (refusal,) = told
    assert (refusal.server, refusal.client, refusal.wire) == (LABEL, client, wire)
    assert (refusal.rcode, [refusal.answer]) == (expected, client.sent)


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (with_opt(name="www.example.net"), Rcode.REFUSED),
        (with_opt(class_=Class.CH), Rcode.REFUSED),
        (with_opt(name="zero.test", opcode=7), Rcode.NOTIMP),
    ],
)
async def test_and_of_what_no_block_or_chain_is_for(wire: bytes, expected: int, nursery: trio.Nursery) -> None:
    told: list[Refusal] = []
    answer = await watched(nursery, told.append).ask(wire)
    (refusal,) = told
    assert refusal.query is not None
    assert (refusal.server, refusal.wire, refusal.rcode, refusal.answer) == (LABEL, wire, expected, answer)


async def test_what_a_plugin_answers_is_no_refusal(nursery: trio.Nursery) -> None:
    told: list[Refusal] = []
    here = watched(nursery, told.append)
    assert rcode(await here.ask(with_opt())) == Rcode.NOERROR
    assert (
        rcode(await here.ask(with_opt(name="within.test"))) == Rcode.REFUSED
    )  # what was asked from within was refused
    assert told == []


async def test_who_watches_refusals_may_fail(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> None:
    def watch(refusal: Refusal) -> None:
        raise OSError("no space")

    here = watched(nursery, watch)
    assert rcode(await here.ask(with_opt(name="www.example.net"))) == Rcode.REFUSED
    assert rcode(here.take(PLAIN + b"\0").sent[0]) == Rcode.FORMERR
    assert caplog.messages == ["who watches refusals failed: OSError: no space"] * 2


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


@pytest.mark.parametrize("class_", [Class.CH, Class.HS, Class.NONE, Class.ANY, 0, 2])
async def test_a_class_that_nobody_takes_is_refused(class_: int, giving: Serving) -> None:
    answer = await giving.ask(with_opt(class_=class_))
    assert rcode(answer) == Rcode.REFUSED
    assert answer is not None
    assert extended_errors(answer)[0][0] == Ede.NOT_SUPPORTED


@pytest.mark.parametrize(("class_", "expected"), [(Class.CH, Rcode.NOERROR), (Class.HS, Rcode.REFUSED)])
async def test_a_class_that_a_plugin_declares_is_its_own(class_: int, expected: int, nursery: trio.Nursery) -> None:
    served = serving(nursery, Giving(Reply(), classes=[Class.IN, Class.CH]))
    assert rcode(await served.ask(with_opt(class_=class_))) == expected


async def test_an_opcode_that_a_plugin_declares_comes_to_it(nursery: trio.Nursery) -> None:
    notified = Giving(Reply(by="notified"), opcodes=[Opcode.NOTIFY])
    asked = Giving(Reply([address()]))
    served = serving(nursery, asked, notified)
    answer = await served.opened(message(question(type_=6), soa(), flags=4 << 11, counts=(1, 1, 0, 0)))
    assert (answer.header.rcode, answer.header.opcode, notified.asked, asked.asked) == (0, Opcode.NOTIFY, 1, 0)


async def test_an_opcode_of_another_block_is_not_implemented_with_a_reason(nursery: trio.Nursery) -> None:
    notified = route(Giving(Reply(), opcodes=[Opcode.NOTIFY]))
    served = Serving(nursery, {"example.net": [notified], "example.org": [route(Giving(Reply()))]})
    answer = await served.ask(with_opt(opcode=Opcode.NOTIFY))
    assert rcode(answer) == Rcode.NOTIMP
    assert answer is not None
    assert extended_errors(answer) == [(Ede.NOT_SUPPORTED, "no plugin takes NOTIFY for example.org.")]


async def test_a_name_in_no_block_is_refused_with_a_reason(nursery: trio.Nursery) -> None:
    served = Serving(nursery, {"example.net": [route(Giving(Reply()))]})
    answer = await served.ask(with_opt())
    assert rcode(answer) == Rcode.REFUSED
    assert answer is not None
    assert extended_errors(answer) == [(Ede.PROHIBITED, "no server block for www.example.org.")]


async def test_the_end_of_the_chain_is_servfail_with_a_reason(nursery: trio.Nursery) -> None:
    async def pass_on(query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)

    answer = await serving(nursery, Doing(pass_on)).ask(with_opt())
    assert rcode(answer) == Rcode.SERVFAIL
    assert answer is not None
    assert extended_errors(answer) == [(Ede.OTHER, "no plugin had an answer")]


@pytest.mark.parametrize(("type_", "expected"), [(Type.DS, 1), (Type.DNSKEY, 2), (Type.A, 2)])
async def test_ds_is_asked_of_the_parents_block(type_: int, expected: int, nursery: trio.Nursery) -> None:
    """RFC 4035 section 3.1.4.1."""
    parent = Giving(Reply([address(1)]))
    child = Giving(Reply([address(2)]))
    served = Serving(nursery, {"org": [route(parent)], "example.org": [route(child)]})
    answer = await served.opened(message(question("example.org", type_)))
    assert str(answer.rr[0].rdata) == f"192.0.2.{expected}"


# What goes wrong in a plugin.


class OutOfOrderError(Exception):
    pass


async def fail(query: Query, call_next: CallNext) -> Reply:
    raise OutOfOrderError("no paper")


async def fail_behind(query: Query, call_next: CallNext) -> Reply:
    await call_next(query)
    raise OutOfOrderError("no paper")


async def give_nonsense(query: Query, call_next: CallNext) -> Reply:
    return Reply([Record(b"no name", 1, 1, 2**40, b"")])


async def give_nothing(query: Query, call_next: CallNext) -> Reply:
    return None  # type: ignore[return-value] # what a plugin from outside may do


async def fail_to_finish(query: Query, call_next: CallNext) -> Reply:
    def finish(query: Query, answer: bytes) -> bytes:
        raise OutOfOrderError("no ink")

    return Reply().replace(finish=(finish,))


FAILURES = [fail, fail_behind, give_nonsense, give_nothing, fail_to_finish]


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failing_plugin_is_servfail_and_the_server_goes_on(failure: object, nursery: trio.Nursery) -> None:
    async def serve(query: Query, call_next: CallNext) -> Reply:
        if query.name == WWW:
            return await failure(query, call_next)  # type: ignore[operator,no-any-return]
        return Reply([address()])

    served = serving(nursery, Doing(serve))
    assert rcode(await served.ask(PLAIN)) == Rcode.SERVFAIL
    assert rcode(await served.ask(message(question("other.example.org")))) == Rcode.NOERROR
    assert (served.server.under_way, served.server.router.under_way) == (0, 0)


@pytest.mark.parametrize("failure", [fail, fail_behind])
async def test_a_failure_names_the_plugin(failure: object, nursery: trio.Nursery) -> None:
    plugin = Doing(failure)  # type: ignore[arg-type]
    answer = await serving(nursery, Giving(Reply(), classes=[3], opcodes=[4]), plugin).ask(WITH_OPT)
    assert answer is not None
    assert extended_errors(answer) == [(Ede.OTHER, "doing failed: OutOfOrderError")]


async def test_a_failure_is_one_line_and_one_count(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> None:
    served = serving(nursery, Doing(fail))
    with caplog.at_level(logging.DEBUG):
        await served.ask(PLAIN)
    assert [record.getMessage() for record in caplog.records] == [
        "www.example.org. A: doing: OutOfOrderError: no paper"
    ]
    assert served.counted("coredns_panics_total") == 1


async def test_a_failure_brings_its_traceback_where_debug_is_on(
    nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    served = serving(nursery, Doing(fail))
    served.house.debug = 1
    await served.ask(PLAIN)
    assert caplog.records[0].exc_info is not None


async def test_the_innermost_plugin_is_named(nursery: trio.Nursery) -> None:
    async def pass_on(query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)

    outer, inner = Doing(pass_on), Doing(fail)
    outer.name, inner.name = "outer", "inner"
    answer = await serving(nursery, outer, inner).ask(WITH_OPT)
    assert answer is not None
    assert extended_errors(answer) == [(Ede.OTHER, "inner failed: OutOfOrderError")]


async def test_a_failure_with_an_unprintable_text_is_still_servfail(nursery: trio.Nursery) -> None:
    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise ValueError("not even that")

    async def serve(query: Query, call_next: CallNext) -> Reply:
        raise UnprintableError

    assert rcode(await serving(nursery, Doing(serve)).ask(PLAIN)) == Rcode.SERVFAIL


async def test_a_query_that_takes_too_long_is_servfail_with_a_reason(
    nursery: trio.Nursery, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def hang(query: Query, call_next: CallNext) -> Reply:
        await trio.sleep_forever()
        raise AssertionError("unreachable")

    served = serving(nursery, Doing(hang), patience=2)
    answer = await served.ask(WITH_OPT)
    assert answer is not None
    assert extended_errors(answer) == [(Ede.OTHER, "no answer in 2 s")]
    assert "www.example.org. A: no answer in 2 s" in caplog.text
    assert (served.server.under_way, served.server.router.under_way) == (0, 0)


async def test_where_the_queue_is_full_a_query_is_dropped_and_counted(nursery: trio.Nursery) -> None:
    served = serving(nursery, Giving(Reply()), queued=1)
    clients = [served.take(PLAIN), served.take(PLAIN)]
    assert [rcode(await clients[0].answer()), await clients[1].answer()] == [0, None]
    assert served.counted("pydns_dropped_messages_total", LABEL, "overload") == 1
    assert served.server.under_way == 0


async def test_a_dropped_reply_sends_nothing(nursery: trio.Nursery) -> None:
    served = serving(nursery, Giving(Reply.drop("acl")))
    assert await served.ask(PLAIN) is None
    assert served.counted("pydns_dropped_messages_total", LABEL, "acl") == 1


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
