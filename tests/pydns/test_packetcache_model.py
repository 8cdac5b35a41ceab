"""The packet cache and the chain together never give an answer that the chain would not give at that moment.

Sources whose data changes at random, with reports; queries at random times, whose chain waits or not. An answer that
came without the chain being asked must be the one that the sources' data gives now, its TTLs aside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import dnslib
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from pydns import names
from pydns.names import from_text, is_within
from pydns.plugin import CallNext
from pydns.query import Query
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.wire.edns import COOKIE
from tests.pydns.serving import Asker, Doing, Serving, serving
from tests.pydns.wire.messages import message, opt, question

NAMES = ["x", "a.x", "b.a.x", "y"]
ALIASES = {from_text("alias.x"): from_text("a.x"), from_text("alias.y"): from_text("alias.x")}
ZONES = ["x", "a.x", "y"]
TTLS = st.sampled_from([0, 1, 4, 60])
WAITS = st.sampled_from([0.0, 0.0, 0.2, 1.5])


class Data(NamedTuple):
    """What there is for a name: the last octet of its address, a TTL, and whether the TTL counts down."""

    last: int
    ttl: int
    ages: bool


class Sources:
    """Two sources, the second asked where the first has nothing. An alias is answered with what its target has."""

    def __init__(self) -> None:
        self.data: tuple[dict[bytes, Data], dict[bytes, Data]] = ({}, {})
        self.asked = 0

    def now(self, name: bytes) -> Data | None:
        """What the chain would answer from."""
        while name in ALIASES:
            name = ALIASES[name]
        return self.data[0].get(name) or self.data[1].get(name)

    def plugins(self, pauses: Callable[[], float]) -> list[Doing]:
        def source(number: int) -> Doing:
            async def serve(query: Query, call_next: CallNext) -> Reply:
                self.asked += number == 0 and not query.depth
                if query.name in ALIASES:
                    reply = await query.resolve(ALIASES[query.name], query.type)
                    return reply.replace(answer=[record._replace(owner=query.name) for record in reply.answer])
                await pause(pauses())  # the data changes before it is read, and behind
                found = self.data[number].get(query.name)
                await pause(pauses())
                return await call_next(query) if found is None else answer(query, found)

            return Doing(serve)

        async def nothing(query: Query, call_next: CallNext) -> Reply:
            return Reply(rcode=Rcode.NXDOMAIN).replace(lifetime=3)

        return [source(0), source(1), Doing(nothing)]


async def pause(seconds: float) -> None:
    if seconds:
        await trio.sleep(seconds)


def answer(query: Query, found: Data) -> Reply:
    record = Record(query.name, Type.A, Class.IN, found.ttl, bytes((192, 0, 2, found.last)))
    return Reply([record]).replace(ages=found.ages)


class Ask(NamedTuple):
    """A query that is asked a few times, one after the other; its letters and its cookie make no difference."""

    name: str
    upper: bool
    cookie: bool
    times: int
    waits: bool  # for the last answer, before the next step

    def wire(self) -> bytes:
        asked = question(from_text(self.name).upper() if self.upper else from_text(self.name))
        options = ((COOKIE, b"8 octets"),) if self.cookie else ()
        return message(asked, opt(*options), counts=(1, 0, 0, 1))


class Change(NamedTuple):
    """New data for one source; `report` says how that is told: by names, a zone, or everything."""

    source: int
    name: str
    data: Data | None
    report: str


class Replace(NamedTuple):
    """All that a source has within a zone is another."""

    source: int
    zone: str
    data: dict[str, Data]


data = st.builds(Data, st.integers(1, 200), TTLS, st.booleans())
asks = st.builds(
    Ask, st.sampled_from([*NAMES, "alias.x", "alias.y"]), st.booleans(), st.booleans(), st.integers(1, 3), st.booleans()
)
changes = st.builds(
    Change,
    st.integers(0, 1),
    st.sampled_from(NAMES),
    st.none() | data,
    st.sampled_from(["names", "zone", "everything"]),
)
replacements = st.builds(
    Replace, st.integers(0, 1), st.sampled_from(ZONES), st.dictionaries(st.sampled_from(NAMES), data, max_size=3)
)
sleeps = st.sampled_from([0.0, 0.3, 1.0, 2.5])


def race(ask: Ask, change: Change, seconds: float) -> list[Any]:
    """The data changes while the chain waits, and the answer comes later."""
    name = ask.name if ask.name in NAMES else "a.x"
    return [ask._replace(times=2, waits=False), change._replace(name=name), seconds, ask]


single = st.one_of(asks, asks, asks, changes, replacements, sleeps).map(lambda step: [step])
groups = st.one_of(single, single, single, st.builds(race, asks, changes, sleeps))
steps = st.lists(groups, min_size=15, max_size=60).map(lambda found: [step for group in found for step in group])


def change(sources: Sources, served: Serving, step: Change) -> None:
    name, data = from_text(step.name), sources.data[step.source]
    data.pop(name, None)
    if step.data is not None:
        data[name] = step.data
    reports = served.house.changes
    if step.report == "names":
        reports.names([name])
    elif step.report == "zone":
        reports.zone(names.parent(name))
    else:
        reports.everything()


def replace(sources: Sources, served: Serving, step: Replace) -> None:
    zone, data = from_text(step.zone), sources.data[step.source]
    for name in [name for name in data if is_within(name, zone)]:
        del data[name]
    data.update((from_text(text), found) for text, found in step.data.items() if is_within(from_text(text), zone))
    served.house.changes.zone(zone)


def check_replay(sources: Sources, step: Ask, answer: bytes) -> None:
    opened = dnslib.DNSRecord.parse(answer)
    expected = sources.now(from_text(step.name))
    assert opened.header.rcode == (Rcode.NXDOMAIN if expected is None else Rcode.NOERROR)
    assert [str(record.rdata) for record in opened.rr] == ([f"192.0.2.{expected.last}"] if expected else [])
    assert answer[12 : 12 + len(from_text(step.name))] == step.wire()[12 : 12 + len(from_text(step.name))]
    if expected is not None:
        assert 0 < opened.rr[0].ttl <= expected.ttl


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, data)), steps, st.lists(WAITS, min_size=1, max_size=7))
@settings(max_examples=400, deadline=None)
def test_no_answer_is_given_that_the_chain_would_not_give(
    begin: dict[str, Data], steps: list[Any], waits: list[float]
) -> None:
    async def run() -> None:
        sources = Sources()
        sources.data[1].update((from_text(name), found) for name, found in begin.items())
        turn = 0

        def pauses() -> float:
            nonlocal turn
            turn += 1
            return waits[turn % len(waits)]

        async with trio.open_nursery() as nursery:
            served = serving(nursery, *sources.plugins(pauses))
            for step in steps:
                match step:
                    case Change():
                        change(sources, served, step)
                    case Replace():
                        replace(sources, served, step)
                    case float():
                        await trio.sleep(step)
                    case Ask():
                        for left in reversed(range(step.times)):
                            client = served.take(step.wire(), Asker())
                            if client.sent:
                                assert client.sent[0] is not None
                                check_replay(sources, step, client.sent[0])
                            elif left or step.waits:
                                await client.answer()
            nursery.cancel_scope.cancel()

    trio.run(run, clock=MockClock(autojump_threshold=0))


async def test_the_model_does_replay(nursery: trio.Nursery) -> None:
    """Else it would prove nothing."""
    sources = Sources()
    sources.data[0][from_text("a.x")] = Data(1, 60, False)
    served = serving(nursery, *sources.plugins(lambda: 0))
    for name in ["alias.y", "none"]:
        asked = Ask(name, True, True, 1, True)
        for _ in range(5):
            await served.ask(asked.wire())
    assert sources.asked == 4
