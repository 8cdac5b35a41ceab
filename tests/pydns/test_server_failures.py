"""What goes wrong in plugins, and in those who are told of answers."""

from __future__ import annotations

import logging

import pytest
import trio
from trio.testing import MockClock

from pydns.plugin import CallNext
from pydns.query import Query
from pydns.records import Ede, Rcode, Record
from pydns.reply import Reply
from pydns.settings import Settings
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
from tests.pydns.wire.messages import WWW, message, opt, question

PLAIN = message()
WITH_OPT = message(question(), opt(), counts=(1, 0, 0, 1))


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


# Those who are told of answers.


class Failing(Giving):
    """Answers, and fails as it observes that."""

    def configure(self, settings: Settings) -> None:
        settings.observers.append(self._observe)

    def _observe(self, query: Query, reply: Reply, answer: bytes | None, seconds: float) -> None:
        raise OutOfOrderError("no paper")


async def test_who_observes_answers_may_fail(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> None:
    served = serving(nursery, Failing(Reply([address()])))
    assert rcode(await served.ask(PLAIN)) == Rcode.NOERROR
    assert caplog.messages == ["who watches or counts answers failed: OutOfOrderError: no paper"]


async def test_who_observes_drops_may_fail(nursery: trio.Nursery) -> None:
    assert await serving(nursery, Failing(Reply.drop("acl"))).ask(PLAIN) is None


async def test_who_observes_what_is_overdue_may_fail(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    class Hanging(Failing):
        async def _give(self, query: Query, call_next: CallNext) -> Reply:
            await trio.sleep_forever()
            raise AssertionError("unreachable")

    assert rcode(await serving(nursery, Hanging(Reply()), patience=2).ask(PLAIN)) == Rcode.SERVFAIL


async def test_a_block_whose_filter_fails_takes_nothing(nursery: trio.Nursery) -> None:
    def takes(query: Query) -> bool:
        raise OutOfOrderError("no paper")

    served = Serving(nursery, {".": [route(Giving(Reply()), filters=[takes])]})
    assert rcode(await served.ask(PLAIN)) == Rcode.REFUSED
