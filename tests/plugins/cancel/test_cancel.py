from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from pydns.errors import CorefileError
from pydns.query import Query
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.testing import FakeNext, query, running_server
from pydns.upstream.testing import Asked, ScriptedServer
from pydns_plugins.cancel import Cancel
from tests.plugins.asking import block, directives
from tests.pydns.life import answer, until


def cancel(text: str = "cancel") -> Cancel:
    (plugin,) = Cancel.parse(directives(text), block())
    return plugin


@pytest.mark.parametrize(
    ("text", "seconds"), [("cancel", 5.001), ("cancel 1s", 1), ("cancel 250ms", 0.25), ("cancel 1m", 60)]
)
def test_a_time_may_be_named(text: str, seconds: float) -> None:
    assert cancel(text).timeout == seconds


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("cancel 5", "Corefile:1:2: '5' is no duration"),
        ("cancel 0s", "Corefile:1:2: '0s' is out of range"),
        ("cancel -1s", "Corefile:1:2: '-1s' is no duration"),
        ("cancel soon", "Corefile:1:2: 'soon' is no duration"),
        ("cancel 1s 2s", "Corefile:1:3: cancel takes at most 1 argument"),
        ("cancel\ncancel", "Corefile:2:1: cancel stands twice"),
        ("cancel\n 1s", "Corefile:1:1: cancel takes no block"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises(CorefileError) as caught:
        cancel(text)
    assert str(caught.value).startswith(error)


class Slow(FakeNext):
    """Answers after so many seconds; `given_up` is true where it was cancelled."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.given_up = False

    async def __call__(self, query: Query) -> Reply:
        try:
            await trio.sleep(self.seconds)
        except trio.Cancelled:
            self.given_up = True
            raise
        return self.reply


@pytest.mark.parametrize(("text", "seconds"), [("cancel", 5.001), ("cancel 1s", 1)])
async def test_what_takes_too_long_is_given_up(text: str, seconds: float, autojump_clock: MockClock) -> None:
    began, call_next = trio.current_time(), Slow(3600)
    reply = await cancel(text).serve(query(), call_next)
    assert trio.current_time() - began == pytest.approx(seconds)
    assert call_next.given_up
    assert (reply.rcode, reply.by, reply.errors, reply.replay) == (
        Rcode.SERVFAIL,
        "cancel",
        ((Ede.OTHER, f"cancel: no answer in {seconds:g} s"),),
        False,
    )


async def test_what_comes_in_time_is_the_answer(autojump_clock: MockClock) -> None:
    call_next = Slow(4.9)
    assert await cancel().serve(query(), call_next) is call_next.reply


async def test_who_is_cancelled_from_outside_is_not_answered(autojump_clock: MockClock) -> None:
    """The end of the server is no timeout."""
    with trio.move_on_after(1) as scope:
        await cancel().serve(query(), Slow(3600))
    assert scope.cancelled_caught


async def test_the_client_of_a_slow_upstream_is_told(nursery: trio.Nursery) -> None:
    async def silent(asked: Asked) -> None:
        return

    upstream = ScriptedServer(silent)
    await nursery.start(upstream.run)
    text = f". {{\n bind 127.0.0.1\n cancel 100ms\n forward . {upstream.endpoint}\n}}"
    async with running_server(text) as server:
        found = await answer(server.port)
        assert found.header.rcode == Rcode.SERVFAIL
        await until(lambda: server.process.serving.crew.waiting, lambda waiting: not waiting)
    nursery.cancel_scope.cancel()
