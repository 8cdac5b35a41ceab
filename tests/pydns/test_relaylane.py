"""Plain queries that are relayed to an upstream, and their answers, which say what the chain would say."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.later import Later
from pydns.plugin import AtOnce, CallNext, Plugin, Turn, leave
from pydns.query import Query
from pydns.records import Rcode, Type
from pydns.relay import ANY_NUMBER, Relay
from pydns.relaylane import LATER, passed_on
from pydns.reply import Reply
from pydns.settings import Settings
from pydns.upstream.answer import reply_of
from pydns.upstream.counts import Counts
from pydns.upstream.exchange import Exchange
from pydns.wire.edns import COOKIE, opt_record
from pydns.wire.message import render
from tests.pydns.serving import Asker, router, serving
from tests.pydns.serving import route as route_of
from tests.pydns.wire.messages import a, message, opt, packed, question, read, soa

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

PLAIN = message()
_RELAYED = frozenset((Rcode.NOERROR, Rcode.NXDOMAIN))


class Upstream:
    """Is asked, and answers when a test says so."""

    name = "192.0.2.53:53"

    def __init__(self) -> None:
        self.counts = Counts()
        self.exchanges: list[Exchange] = []

    def pass_on(
        self, question: bytes, tail: bytes, then: Any, about: Any, now: float, timeout: float, latest: float
    ) -> None:
        exchange = Exchange(self, question, tail, False, then, now, timeout, latest, about)  # type: ignore[arg-type]
        self.exchanges.append(exchange)

    def answered(self, exchange: Exchange, now: float) -> None: ...

    def failed(self, exchange: Exchange) -> None: ...

    def answer(self, *records: bytes, rcode: int = 0, **how: Any) -> None:
        """The last that was asked."""
        exchange = self.exchanges[-1]
        assert exchange.take(says(exchange.question, *records, rcode=rcode, **how), exchange.sent + 0.003)


def says(
    asked: bytes,
    *records: bytes,
    rcode: int = 0,
    flags: int = 0x0080,
    counts: Sequence[int] = (),
    edns: bytes | None = None,
) -> bytes:
    """An upstream's message, of answers unless `counts` say more."""
    edns = opt_record(1232, rcode, False) if edns is None else edns
    answers, authority, additional = counts or (len(records), 0, 0)
    return message(
        asked,
        *records,
        edns,
        flags=0x8000 | flags | rcode & 15,
        counts=(1, answers, authority, additional + bool(edns)),
    )


class Going(Later):
    def __init__(self, query: Query, exchange: Exchange) -> None:
        super().__init__()
        self.query, self.exchange = query, exchange

    def reply(self) -> Reply | None:
        return reply_of(self.exchange, self.query, "relaying") if self.exchange.wire else None


class Relaying(Plugin):
    """Has its upstream asked in both ways; its chain answers REFUSED, and is counted."""

    name = "relaying"
    answers_later = True

    def __init__(self) -> None:
        self.to = Upstream()
        self.usable = True
        self.served = 0

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return ()

    def at_once(self, query: Query) -> Turn:
        return Turn.SERVE

    amend = leave

    def relay(self, below: Relay | None) -> Relay | None:
        return Relay(lambda name, type_: self.to if self.usable else None, 2.0, self.name, _RELAYED, Going)  # type: ignore[arg-type, return-value]

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        self.served += 1
        return Reply(rcode=Rcode.REFUSED)


class Above(AtOnce):
    """Stands above. `records`: it relays answers with so many in a section; None: none."""

    name = "above"

    def __init__(self, records: int | None = ANY_NUMBER) -> None:
        self.records = records
        self.amended = 0

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return ()

    def amend(self, query: Query, reply: Reply) -> Reply:
        self.amended += 1
        return reply

    def relay(self, below: Relay | None) -> Relay | None:
        return None if below is None or self.records is None else below._replace(records=self.records)


class Observing(Above):
    """Counts answers by what they have in common, and what they took."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[tuple[object, ...], int] = {}
        self.seconds: list[float] = []

    def configure(self, settings: Settings) -> None:
        settings.observers.append(self._observe)

    def _observe(self, query: Query, reply: Reply, answer: bytes | None, seconds: float) -> Any:
        kind = query.zone, query.type, query.do, reply.rcode, reply.by, len(query.wire), len(answer or b"")

        def alike(count: int, seconds: Sequence[float] = ()) -> None:
            assert len(seconds) == count
            self.counts[kind] = self.counts.get(kind, 0) + count
            self.seconds.extend(seconds)

        alike(1, [seconds])
        return alike


async def test_it_is_asked_in_that_step_and_answered_in_that_of_the_answer(nursery: trio.Nursery) -> None:
    relaying = Relaying()
    here = serving(nursery, relaying)
    client = here.take(message(question(b"\3WwW" + names.from_text("example.org")), id_=7))
    (exchange,) = relaying.to.exchanges
    assert exchange.question == b"\3WwW" + names.from_text("example.org") + b"\0\1\0\1"
    assert client.sent == []
    assert (here.server.under_way, here.server.router.under_way, here.crew.under_way) == (1, 1, 0)
    relaying.to.answer(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1")
    (answer,) = client.sent
    assert answer is not None
    assert answer[:2] == b"\0\7"
    assert answer[12:28] == exchange.question[:16]
    assert (here.server.under_way, here.server.router.under_way, relaying.served) == (0, 0, 0)
    assert relaying.to.counts.answers[0].total == pytest.approx(0.003)


@pytest.mark.parametrize(
    "above",
    [[], [Above()], [Above(1)], [Above(), Above(1)]],
    ids=["alone", "below who leaves it", "below who wants few", "below both"],
)
async def test_it_is_relayed(above: list[Above], nursery: trio.Nursery) -> None:
    relaying = Relaying()
    here = serving(nursery, *above, relaying)
    client = here.take(PLAIN)
    relaying.to.answer(packed(a()))
    assert len(client.sent) == 1
    assert not any(each.amended for each in above)


NOT_RELAYED: dict[str, list[Plugin]] = {
    "who must see each": [Above(None)],
    "who does not amend later": [type("AtOnceAlone", (Above,), {"amends_later": False})()],
    "who says nothing": [type("Silent", (Above,), {"relay": Plugin.relay})()],
    "who derives from one that relays": [type("Derived", (Above,), {"amend": lambda self, query, reply: reply})()],
}


@pytest.mark.parametrize("above", NOT_RELAYED.values(), ids=NOT_RELAYED.keys())
async def test_below_some_it_is_not(above: list[Plugin], nursery: trio.Nursery) -> None:
    relaying = Relaying()
    assert await serving(nursery, *above, relaying).ask(PLAIN)
    assert (relaying.to.exchanges, relaying.served) == ([], 1)


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(message(question(type_=Type.DS)), id="DS"),
        pytest.param(message(question(type_=Type.AXFR)), id="a transfer"),
        pytest.param(message(question(class_=3)), id="class CH"),
        pytest.param(message(question(), opt((COOKIE, bytes(8))), counts=(1, 0, 0, 1)), id="an EDNS option"),
    ],
)
async def test_what_is_not_plain_is_not(wire: bytes, nursery: trio.Nursery) -> None:
    relaying = Relaying()
    await serving(nursery, relaying).ask(wire)
    assert relaying.to.exchanges == []


async def test_over_tcp_it_is_not(nursery: trio.Nursery) -> None:
    relaying = Relaying()
    await serving(nursery, relaying).ask(PLAIN, Asker(transport="tcp"))
    assert relaying.to.exchanges == []


async def test_without_an_upstream_it_is_not(nursery: trio.Nursery) -> None:
    relaying = Relaying()
    relaying.usable = False
    here = serving(nursery, relaying)
    await here.ask(PLAIN)
    assert (relaying.to.exchanges, relaying.served, here.server.under_way) == ([], 1, 0)


async def test_types_whose_names_are_compressed_are_relayed_too(nursery: trio.Nursery) -> None:
    relaying = Relaying()
    here = serving(nursery, relaying)
    wire = message(question(type_=Type.PTR))
    assert here.server.direct.answer(wire, wire[2:], Asker(), here.server.packets("udp", 4), 0.0) is LATER


GOES_ON: dict[str, dict[str, Any]] = {
    "more records than one above takes": {"records": [packed(a()), packed(a(last=2))]},
    "another rcode": {"rcode": Rcode.SERVFAIL},
    "an extended rcode": {"rcode": 16 + 3, "edns": opt_record(1232, 16 + 3, False)},
    "options": {"edns": opt((15, b"\0\0"))},
    "an OPT that is not the last": {"edns": opt() + packed(a()), "counts": (0, 0, 1)},
    "more octets than the client takes": {
        "records": [packed(soa()._replace(rdata=bytes(500), type=Type.TXT))],
    },
}


@pytest.mark.parametrize("said", GOES_ON.values(), ids=GOES_ON.keys())
async def test_what_needs_a_reply_goes_on_as_one(said: dict[str, Any], nursery: trio.Nursery) -> None:
    relaying, above = Relaying(), Above(1)
    client = serving(nursery, above, relaying).take(PLAIN)
    relaying.to.answer(*said.pop("records", ()), **said)
    assert (len(client.sent), above.amended, relaying.served) == (1, 1, 0)


async def test_a_failure_goes_down_the_chain(nursery: trio.Nursery) -> None:
    relaying = Relaying()
    here = serving(nursery, relaying)
    client = here.take(PLAIN)
    relaying.to.exchanges[0].fail("no answer in 2 s")
    answer = await client.answer()
    assert answer is not None
    assert answer[3] & 15 == Rcode.REFUSED
    assert (relaying.served, here.server.under_way, here.server.router.under_way) == (1, 0, 0)


async def test_all_are_counted_as_they_would_be_one_by_one(nursery: trio.Nursery) -> None:
    """Also those that come back when their router has gone."""
    observing, relaying = Observing(), Relaying()
    here = serving(nursery, observing, relaying)
    for i in range(600):
        here.take(message(question(), *([opt()] if i % 2 else []), counts=(1, 0, 0, i % 2), id_=i))
        if i < 500:
            relaying.to.answer(packed(a()))
    here.server.route(router({".": [route_of(relaying)]}))
    for exchange in relaying.to.exchanges[500:]:
        exchange.take(says(exchange.question, packed(a())), exchange.sent + 0.003)
    assert sorted(observing.counts.values()) == [300, 300]
    assert observing.seconds == [pytest.approx(0.003)] * 600


async def test_a_kind_more_than_are_remembered(nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydns.relaylane._MOST_TALLIES", 3)
    observing, relaying = Observing(), Relaying()
    here = serving(nursery, observing, relaying)
    for i in range(20):
        here.take(message(question("a" * (1 + i % 5) + ".org"), id_=i))
        relaying.to.answer(packed(a()))
    here.server.route(here.server.router)
    assert sorted(observing.counts.values()) == [4] * 5


async def test_a_server_that_closes_lets_its_router_go_without_the_collector(nursery: trio.Nursery) -> None:
    here = serving(nursery, Relaying())
    await here.ask(message(question(type_=Type.ANY)))
    gone = weakref.ref(here.server.direct)
    gc.disable()
    try:
        here.server.close()
        assert gone() is None
    finally:
        gc.enable()


_records = st.lists(
    st.sampled_from(
        [
            packed(a()),
            packed(soa()),
            b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1",
            b"\xc0\x0c\0\x10\0\1\0\0\0\x3c\1\x2c" + bytes(300),
        ]
    ),
    max_size=5,
)


@given(
    _records,
    st.data(),
    st.integers(0, 0xFFFF),
    st.sampled_from([0, 0, 3, 2, 19]),
    st.sampled_from([None, b"", opt(), opt(flags=0x8000), opt((15, b"\0\1no"))]),
    st.integers(0, 0x07FF),
    st.sampled_from([None, opt(size=0), opt(), opt(size=600, flags=0x8000), opt(size=4096)]),
    st.sampled_from([0, 1, 2, ANY_NUMBER]),
)
def test_the_message_is_the_one_of_a_reply(
    records: list[bytes],
    data: st.DataObject,
    flags: int,
    rcode: int,
    edns: bytes | None,
    asked_flags: int,
    asked_opt: bytes | None,
    most: int,
) -> None:
    first = data.draw(st.integers(0, len(records)))
    second = data.draw(st.integers(first, len(records)))
    counts = first, second - first, len(records) - second
    spelled = b"\3WwW" + names.from_text("example.org")
    asked = message(question(spelled), asked_opt or b"", flags=asked_flags & 0x07F0, counts=(1, 0, 0, bool(asked_opt)))
    relay = Relay(lambda *_: None, 2.0, "relaying", _RELAYED, Going, most)
    exchange = Exchange(Upstream(), question(spelled), b"", True, lambda _: None, 0.0, 2.0, 5.0)  # type: ignore[arg-type]
    exchange.edns = False
    lower = data.draw(st.booleans())
    wire = says(
        question() if lower else question(spelled),
        *records,
        rcode=rcode,
        flags=flags & 0x07F0,
        counts=counts,
        edns=edns,
    )
    assert exchange.take(wire, 1.0)
    do = asked_opt is not None and asked_opt[7] >= 0x80
    found = passed_on(exchange, asked, do, relay)
    query = read(asked)
    if found is not None:
        assert max(counts) <= most
        assert found == render(query, reply_of(exchange, query, "relaying"), stream=False)
    elif rcode in _RELAYED and edns in (b"", opt()) and not flags & 0x0200 and max(counts) <= most:
        assert len(wire) > 512 - 11
