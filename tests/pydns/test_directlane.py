"""Plain queries that are answered from packed records, and all else, which goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import dnslib
import pytest
import trio

from pydns import names
from pydns.packed import FREE, Packed, Passage
from pydns.plugin import AtOnce, Turn
from pydns.query import Query
from pydns.records import Class, Record, Type
from pydns.reply import Credit, Reply
from pydns.settings import Settings
from pydns.wire.edns import COOKIE
from tests.pydns.serving import Asker, Doing, serving
from tests.pydns.wire.messages import message, opt, question

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

NAME = names.from_text("www.example.org")
RDATA = b"\xc0\0\2\1"


class Source(AtOnce):
    """Has one address at one name, says it in both ways, and counts who asked in which."""

    name = "source"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return ()

    def at_once(self, query: Query) -> Reply | Turn:
        self.asked.append("query")
        if query.name != NAME:
            return Turn.NEXT
        return Reply((Record(NAME, Type.A, Class.IN, 60, RDATA),), flags=Reply.AA, by=self.name)

    def packed(self, name: bytes, type_: int) -> Packed | Turn:
        self.asked.append("packed")
        if self.fails:
            raise RuntimeError
        if name != NAME or type_ != Type.A:
            return Turn.NEXT
        return Reply.AA, 1, 0, b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + RDATA, self.name


class Observing(Source):
    """Counts answers by what they have in common."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[tuple[object, ...], int] = {}

    def configure(self, settings: Settings) -> None:
        settings.observers.append(self._observe)

    def _observe(self, query: Query, reply: Reply, answer: bytes | None, seconds: float) -> Credit:
        kind = (
            query.zone,
            query.type,
            query.do,
            query.transport,
            reply.rcode,
            reply.by,
            len(query.wire),
            len(answer or b""),
        )

        def credit(count: int) -> None:
            self.counts[kind] = self.counts.get(kind, 0) + count

        credit(1)
        return credit


class Shaping(AtOnce):
    """Stands ahead, with a say about packed answers or none."""

    name = "shaping"

    def __init__(self, passage: Passage | None) -> None:
        self._passage = passage

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return ()

    def amend(self, query: Query, reply: Reply) -> Reply:
        return reply

    def passage(self) -> Passage | None:
        return self._passage


class Derived(Source):
    """Answers in another way than the class that it is derived from, and says nothing about packed answers."""

    def at_once(self, query: Query) -> Reply | Turn:
        return Reply(by="derived")


PLAIN = message(question("www.example.org"))


@pytest.mark.parametrize(
    "wire",
    [
        PLAIN,
        message(question(b"\x03WwW" + NAME[4:])),
        message(question("www.example.org"), opt(), counts=(1, 0, 0, 1)),
        message(question("www.example.org"), opt(size=512), counts=(1, 0, 0, 1)),
        message(question("www.example.org"), opt(flags=0x8000), counts=(1, 0, 0, 1)),
        message(question("www.example.org"), flags=0x0110),
        message(question("www.example.org"), flags=0x0020),
    ],
)
async def test_a_plain_query_gets_what_the_chain_gives(wire: bytes, nursery: trio.Nursery) -> None:
    source = Source()
    direct = await serving(nursery, source).ask(wire)
    assert source.asked == ["packed"]
    assert direct == await serving(nursery, Shaping(None), Source()).ask(wire)
    assert dnslib.DNSRecord.parse(direct).rr[0].rdata.data == (192, 0, 2, 1)


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(message(question("www.example.org", Type.PTR)), id="a type whose names are compressed"),
        pytest.param(message(question("www.example.org", Type.ANY)), id="a type of questions"),
        pytest.param(message(question("www.example.org", Type.DS)), id="a type of the parent's zone"),
        pytest.param(message(question("www.example.org", class_=Class.CH)), id="class CH"),
        pytest.param(message(question(".")), id="the root"),
        pytest.param(message(question("www.example.org"), flags=0x2000), id="another opcode"),
        pytest.param(message(question("www.example.org"), flags=0x8000), id="a response"),
        pytest.param(message(question("www.example.org") + b"\0"), id="octets behind the question"),
        pytest.param(message(question("www.example.org"), counts=(2, 0, 0, 0)), id="two questions"),
        pytest.param(message(question("www.example.org"), counts=(1, 1, 0, 0)), id="an answer"),
        pytest.param(message(question("www.example.org"), counts=(1, 0, 0, 1)), id="no OPT though counted"),
        pytest.param(
            message(question("www.example.org"), opt((COOKIE, bytes(8))), counts=(1, 0, 0, 1)), id="an EDNS option"
        ),
        pytest.param(
            message(question("www.example.org"), b"\0\0\x29\4\xd0\0\1\0\0\0\0", counts=(1, 0, 0, 1)), id="EDNS 1"
        ),
        pytest.param(
            message(question("www.example.org"), b"\0\0\x01\4\xd0\0\0\0\0\0\0", counts=(1, 0, 0, 1)), id="no OPT"
        ),
        pytest.param(PLAIN[:12] + b"\xc0\x0c\0\1\0\1", id="a compressed name"),
        pytest.param(PLAIN[:20], id="a cut name"),
        pytest.param(PLAIN[:-1], id="a cut question"),
        pytest.param(message(b"\x3f" + b"a" * 63 + NAME), id="another name"),
        pytest.param(PLAIN[:12] + b"\1a" * 127 + b"\1b\0\0\1\0\1", id="a name of 257 octets"),
    ],
)
async def test_all_else_goes_on(wire: bytes, nursery: trio.Nursery) -> None:
    server = serving(nursery, Source()).server
    packets = server.packets("udp", 4)
    assert server.direct.answer(wire, wire[2:], Asker(), packets, 0.0) is None


@pytest.mark.parametrize("wire", [b"", b"\0", b"\0\1\1\0\0\1", PLAIN[:11], PLAIN[:12], PLAIN[:13]])
async def test_what_is_no_message_goes_on(wire: bytes, nursery: trio.Nursery) -> None:
    server = serving(nursery, Source()).server
    assert server.direct.answer(wire, wire[2:], Asker(), server.packets("udp", 4), 0.0) is None


async def test_what_is_asked_again_is_kept_and_no_more_asked_for(nursery: trio.Nursery) -> None:
    source = Source()
    here = serving(nursery, source)
    answers = [await here.ask(PLAIN) for _ in range(4)]
    assert source.asked == ["packed", "packed", "query"]
    assert len(set(answers)) == 1


async def test_another_spelling_of_what_is_kept_is_replayed(nursery: trio.Nursery) -> None:
    source = Source()
    here = serving(nursery, source)
    for _ in range(2):
        await here.ask(PLAIN)
    source.asked.clear()
    answer = await here.ask(message(question(b"\x03wWw" + NAME[4:])))
    assert (source.asked, answer[12:16]) == ([], b"\x03wWw")


@pytest.mark.parametrize(
    ("ahead", "asked"),
    [
        (Shaping(FREE), ["packed"]),
        (Shaping(None), ["query"]),
        (Doing(lambda query, call_next: call_next(query)), ["query"]),
    ],
)
async def test_who_must_see_each_reply_does(ahead: AtOnce, asked: list[str], nursery: trio.Nursery) -> None:
    source = Source()
    await serving(nursery, ahead, source).ask(PLAIN)
    assert source.asked == asked


@pytest.mark.parametrize(("flags", "asked"), [(0, ["packed"]), (0x8000, ["query"])])
async def test_who_signs_sees_the_replies_to_who_sets_do(flags: int, asked: list[str], nursery: trio.Nursery) -> None:
    source = Source()
    wire = message(question("www.example.org"), opt(flags=flags), counts=(1, 0, 0, 1))
    await serving(nursery, Shaping(Passage(signs=True)), source).ask(wire)
    assert source.asked == asked


async def test_a_bounded_ttl(nursery: trio.Nursery) -> None:
    answer = await serving(nursery, Shaping(Passage(most=30)), Source()).ask(PLAIN)
    assert dnslib.DNSRecord.parse(answer).rr[0].ttl == 30


async def test_who_is_derived_is_not_taken_for_its_base(nursery: trio.Nursery) -> None:
    source = Derived()
    await serving(nursery, source).ask(PLAIN)
    assert source.asked == []


async def test_who_observes_answers_may_fail(nursery: trio.Nursery) -> None:
    class Failing(Observing):
        def _observe(self, query: Query, reply: Reply, answer: bytes | None, seconds: float) -> Credit:
            raise OSError("no space")

    source = Failing()
    assert serving(nursery, source).take(PLAIN).sent[0] is not None
    assert source.asked == ["packed"]


async def test_the_next_source_is_asked_where_one_does_not_know(nursery: trio.Nursery) -> None:
    first, second = Source(), Source()
    await serving(nursery, first, second).ask(message(question("www.example.org", Type.AAAA)))
    assert first.asked[0] == second.asked[0] == "packed"


async def test_a_source_that_fails_is_asked_in_the_other_way(nursery: trio.Nursery) -> None:
    source = Source()
    source.fails = True
    answer = await serving(nursery, source).ask(PLAIN)
    assert answer is not None
    assert source.asked == ["packed", "query"]


async def test_all_are_counted_as_they_would_be_one_by_one(nursery: trio.Nursery) -> None:
    queries = [
        message(question(f"{'ABCD'[i % 4]}.example.org" if i % 3 else "www.example.org"), id_=i, flags=0x0100 | i)
        for i in range(0x10)
    ]
    direct, chain = Observing(), Observing()
    for plugins in ((direct,), (Shaping(None), chain)):
        here = serving(nursery, *plugins)
        for wire in queries:
            await here.ask(wire)
        list(here.house.metrics.read())
    assert direct.counts == chain.counts
    assert "packed" in direct.asked
