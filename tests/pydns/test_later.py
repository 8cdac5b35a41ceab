"""Queries whose replies come later, and that no coroutine waits for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.chain import fold_at_once
from pydns.corefile.tree import Directive, ServerBlock
from pydns.later import Later
from pydns.plugin import AtOnce, CallNext, Plugin, Turn, leave, pass_on
from pydns.query import Query
from pydns.records import Opcode, Rcode
from pydns.reply import Reply
from pydns.testing import query
from tests.pydns.serving import Asker, Serving, address, rcode, serving
from tests.pydns.wire.messages import message, question

PLAIN = message()


class Answering(Later):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source

    def reply(self) -> Reply | None:
        reply = self.source.reply
        if isinstance(reply, Exception):
            raise reply
        return reply


class Source(Plugin):
    """Asks nobody, and says `reply` when a test wants it to. `served` counts the queries that its chain was asked."""

    name = "source"
    answers_later = True

    def __init__(self, reply: Reply | Exception | None) -> None:
        self.reply = reply
        self.served = 0
        self.later: list[Answering] = []

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Source]:  # type: ignore[override]
        return ()

    def at_once(self, query: Query) -> Later:
        self.later.append(Answering(self))
        return self.later[-1]

    amend = leave

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        self.served += 1
        return Reply(rcode=Rcode.NXDOMAIN)

    def answer(self) -> None:
        for later in self.later:
            assert later.then is not None
            later.then(later)


class Amending(AtOnce):
    name = "amending"

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Amending]:  # type: ignore[override]
        return ()

    def amend(self, query: Query, reply: Reply) -> Reply:
        return reply.replace(flags=reply.flags | Reply.AA)


class Doubtful(Amending):
    """May find that only its `serve` can tell."""

    amends_later = True

    def amend(self, query: Query, reply: Reply) -> Reply | Turn:  # type: ignore[override]
        return Turn.SERVE

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)


def asked(nursery: trio.Nursery, *plugins: Plugin) -> tuple[Serving, Asker]:
    served = serving(nursery, *plugins)
    return served, served.take(PLAIN)


async def test_it_is_answered_when_the_reply_is_there(nursery: trio.Nursery) -> None:
    source = Source(Reply([address()]))
    served, client = asked(nursery, source)
    await wait_all_tasks_blocked()
    assert client.sent == []
    assert (served.server.under_way, served.server.router.under_way, served.crew.under_way) == (1, 1, 0)
    source.answer()
    assert rcode(await client.answer()) == 0
    assert (served.server.under_way, served.server.router.under_way) == (0, 0)
    assert source.served == 0


async def test_plugins_above_amend_it(nursery: trio.Nursery) -> None:
    source = Source(Reply([address()]))
    _, client = asked(nursery, Amending(), source)
    source.answer()
    answer = await client.answer()
    assert answer is not None
    assert answer[2] & 0x04


AGAIN: dict[str, tuple[Reply | Exception | None, list[Plugin]]] = {
    "there is no reply": (None, []),
    "it is dropped": (Reply.drop("source"), []),
    "to make it fails": (ValueError("broken"), []),
    "one above cannot tell": (Reply(), [Doubtful()]),
}


@pytest.mark.parametrize(("reply", "above"), AGAIN.values(), ids=AGAIN.keys())
async def test_the_chain_is_asked_where(
    reply: Reply | Exception | None, above: list[Plugin], nursery: trio.Nursery
) -> None:
    source = Source(reply)
    served, client = asked(nursery, *above, source)
    source.answer()
    assert rcode(await client.answer()) == Rcode.NXDOMAIN
    assert source.served == 1
    await wait_all_tasks_blocked()
    assert (served.server.under_way, served.server.router.under_way, served.crew.under_way) == (0, 0, 0)


async def test_where_the_queue_is_full_it_is_dropped(nursery: trio.Nursery) -> None:
    source = Source(None)
    served = serving(nursery, source, queued=0)
    client = served.take(PLAIN)
    source.answer()
    assert await client.answer() is None
    assert served.server.under_way == 0
    assert served.counted("pydns_dropped_messages_total", "dns://:53", "overload") == 1


async def test_many_are_answered_each_with_its_own_question(nursery: trio.Nursery) -> None:
    source = Source(Reply([address()]))
    served = serving(nursery, source)
    wires = [message(question(f"n{i}.example.org")) for i in range(100)]
    clients = [served.take(wire) for wire in wires]
    source.answer()
    for wire, client in zip(wires, clients, strict=True):
        answer = await client.answer()
        assert answer is not None
        assert answer[12:].startswith(wire[12:])


async def test_at_the_end_of_the_crew_nobody_is_asked_any_more(autojump_clock: MockClock) -> None:
    source = Source(None)
    async with trio.open_nursery() as nursery:
        served, client = asked(nursery, source)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    source.answer()
    assert client.sent == []
    assert len(served.crew.queue) == 1


@pytest.mark.parametrize(("amends_later", "asks"), [(True, True), (False, False)])
def test_who_answers_later_is_asked_below_those_that_amend_later_alone(amends_later: bool, asks: bool) -> None:
    class Above(Amending):
        pass

    Above.amends_later = amends_later
    source = Source(None)
    found = fold_at_once([Above(), source], Opcode.QUERY)
    assert bool(found is not None and found(query())) is asks
    assert len(source.later) == asks


async def test_one_that_never_waits_cannot_answer_later() -> None:
    class Confused(Amending):
        def at_once(self, query: Query) -> Later:  # type: ignore[override]
            return Answering(Source(None))

    async def end(query: Query) -> Reply:
        return Reply()

    with pytest.raises(TypeError, match="never waits"):
        await Confused().serve(query(), end)


def test_it_says_nothing_of_its_own() -> None:
    with pytest.raises(NotImplementedError):
        Later().reply()
    assert AtOnce.at_once is pass_on
