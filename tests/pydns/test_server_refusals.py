"""What the server answers without any plugin, and what nobody is there for."""

from __future__ import annotations

import pytest
import trio

from pydns import names
from pydns.plugin import CallNext
from pydns.query import Query
from pydns.records import Class, Ede, Opcode, Rcode, Record, Type
from pydns.refusal import Refusal, WatchRefusals
from pydns.reply import Reply
from pydns.wire.edns import COOKIE
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
    assert caplog.messages == ["who watches or counts answers failed: OSError: no space"] * 2


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


@pytest.mark.parametrize(("name", "class_"), [("www.example.org", 1), ("www.example.net", 3)])
async def test_an_update_of_a_zone_that_is_none_here_is_not_authorized(
    name: str, class_: int, nursery: trio.Nursery
) -> None:
    """RFC 2136 section 3.1.1."""
    served = Serving(nursery, {"example.net": [route(Giving(Reply(), opcodes=[Opcode.UPDATE]))]})
    answer = await served.ask(with_opt(name=name, type_=Type.SOA, class_=class_, opcode=Opcode.UPDATE))
    assert rcode(answer) == Rcode.NOTAUTH


async def test_the_end_of_the_chain_is_servfail_with_a_reason(nursery: trio.Nursery) -> None:
    async def pass_on(query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)

    answer = await serving(nursery, Doing(pass_on)).ask(with_opt())
    assert rcode(answer) == Rcode.SERVFAIL
    assert answer is not None
    assert extended_errors(answer) == [(Ede.OTHER, "no plugin had an answer")]
