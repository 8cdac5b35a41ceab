"""Queries that the first upstream is asked at once, without a coroutine that waits."""

from __future__ import annotations

import gc

import dnslib
import pytest
import trio
import trio.testing

from pydns.later import Later
from pydns.plugin import Turn
from pydns.records import Type
from pydns.testing import running_server
from pydns.upstream.testing import ScriptedServer, good
from pydns_plugins.forward import Forward, asking
from tests.plugins.forward.helpers import ask_for, holds, parse, running, says, serving, silent
from tests.pydns.life import answer

GONE = "192.0.2.1"


async def come(found: object) -> Later:
    """Waits until it is called back."""
    assert isinstance(found, Later)
    came = trio.Event()
    found.then = lambda _: came.set()
    with trio.fail_after(10):
        await came.wait()
    return found


async def test_the_answer_comes_without_a_wait_in_the_chain(nursery: trio.Nursery) -> None:
    (server,) = await serving(nursery, says("192.0.2.7"))
    (forward,) = parse(f"forward . {server.endpoint}")
    async with running(forward):
        reply = (await come(forward.at_once(ask_for()))).reply()
    assert reply is not None
    assert holds(reply, "192.0.2.7")
    assert forward.pool.under_way == 0


NOT_AT_ONCE = {
    "max_concurrent": f"forward . {GONE}\nmax_concurrent 7",
    "policy latency": f"forward . {GONE} 192.0.2.2\npolicy latency",
}


@pytest.mark.parametrize("text", NOT_AT_ONCE.values(), ids=NOT_AT_ONCE.keys())
async def test_what_takes_more_goes_down_the_chain(text: str) -> None:
    (forward,) = parse(text)
    async with running(forward):
        assert forward.at_once(ask_for()) is Turn.SERVE
    assert not forward.pool.under_way


async def test_where_another_forward_follows_the_chain_is_asked() -> None:
    first, second = parse(f"forward example.org {GONE}", f"forward . {GONE}")
    async with running(first, second):
        assert first.at_once(ask_for()) is Turn.SERVE
        assert isinstance(second.at_once(ask_for()), Later)


@pytest.mark.parametrize("type_", [Type.AXFR, Type.IXFR])
async def test_a_transfer_is_refused_by_the_chain(type_: int) -> None:
    (forward,) = parse(f"forward . {GONE}")
    async with running(forward):
        assert forward.at_once(ask_for(type_=type_)) is Turn.SERVE


@pytest.mark.parametrize(
    ("name", "turn"), [("www.example.net", Turn.NEXT), ("not.example.org", Turn.NEXT), ("www.example.org", None)]
)
async def test_a_name_that_is_not_its_own_is_passed_on(name: str, turn: Turn | None) -> None:
    (forward,) = parse(f"forward example.org {GONE}\nexcept not.example.org")
    async with running(forward):
        found = forward.at_once(ask_for(name))
    assert found is turn if turn is not None else isinstance(found, Later)


@pytest.mark.parametrize("trouble", ["down", "looping"])
async def test_an_upstream_that_is_not_usable_is_not_asked_at_once(trouble: str) -> None:
    (forward,) = parse(f"forward . {GONE}")
    async with running(forward):
        (upstream,) = forward.pool.upstreams
        upstream.looping = trouble == "looping"
        upstream.health.down = trouble == "down"
        assert forward.at_once(ask_for()) is Turn.SERVE


async def test_there_is_a_bound_beyond_which_the_crew_bounds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_AT_ONCE", 3)
    (forward,) = parse(f"forward . {GONE}")
    async with running(forward):
        found = [forward.at_once(ask_for()) for _ in range(5)]
    assert [isinstance(each, Later) for each in found] == [True, True, True, False, False]


async def test_ahead_of_its_start_the_chain_is_asked() -> None:
    (forward,) = parse(f"forward . {GONE}")
    assert forward.at_once(ask_for()) is Turn.SERVE


async def test_the_chain_goes_on_from_what_was_tried(
    nursery: trio.Nursery, quick_clock: trio.testing.MockClock
) -> None:
    """The one that was silent is not asked a second time ahead of the others, and its time counts."""
    one, two = await serving(nursery, silent, says("192.0.2.2"))
    (forward,) = parse(f"forward . {one.endpoint} {two.endpoint}\npolicy sequential\nread_timeout 2s")
    async with running(forward) as ask:
        query, began = ask_for(), trio.current_time()
        assert (await come(forward.at_once(query))).reply() is None
        assert holds(await ask(query), "192.0.2.2")
        assert 2 <= trio.current_time() - began < 2.2
    asked = [[each for each in server.asked if each.question == query.wire[12:]] for server in (one, two)]
    assert [len(each) for each in asked] == [1, 1]  # besides checks


async def test_five_seconds_are_all_there_is(nursery: trio.Nursery, quick_clock: trio.testing.MockClock) -> None:
    (server,) = await serving(nursery, silent)
    (forward,) = parse(f"forward . {server.endpoint}\nmax_connect_attempts 0\nread_timeout 3s")
    async with running(forward) as ask:
        query, began = ask_for(), trio.current_time()
        assert (await come(forward.at_once(query))).reply() is None
        assert (await ask(query)).rcode == 2
        assert 5 <= trio.current_time() - began < 5.2


async def test_an_answer_is_counted_once(nursery: trio.Nursery) -> None:
    one, two = await serving(nursery, says(rcode=2), good)
    (forward,) = parse(f"forward . {one.endpoint} {two.endpoint}\npolicy sequential\nfailover SERVFAIL")
    async with running(forward) as ask:
        query = ask_for()
        assert (await come(forward.at_once(query))).reply() is None
        assert (await ask(query)).rcode == 0
        counted = [
            sum(sum(each.counts) for each in upstream.counts.answers.values()) for upstream in forward.pool.upstreams
        ]
    assert counted == [1, 1]


async def test_an_upstream_that_went_meanwhile_is_forgotten(
    nursery: trio.Nursery, quick_clock: trio.testing.MockClock
) -> None:
    one, two = await serving(nursery, silent, says("192.0.2.2"))
    (forward,) = parse(f"forward . {one.endpoint}")
    async with running(forward) as ask:
        query = ask_for()
        assert (await come(forward.at_once(query))).reply() is None
        forward.pool.replace([two.endpoint])
        assert holds(await ask(query), "192.0.2.2")


@pytest.mark.parametrize("script", [good, says(rcode=2)], ids=["good", "SERVFAIL"])
@pytest.mark.parametrize("above", ["", "errors\nloadbalance\nloop", "cache", "cancel 2s", "log"])
async def test_a_server_answers_by_it(above: str, script: object, nursery: trio.Nursery) -> None:
    server = ScriptedServer(script)  # type: ignore[arg-type]  # it is a script
    await nursery.start(server.run)
    async with running_server(f". {{\n bind 127.0.0.1\n {above}\n forward . {server.endpoint}\n}}") as served:
        found = await answer(served.port)
        assert found.header.rcode == (0 if script is good else 2)
        assert [asked for asked in server.asked if asked.question[-4:-2] != b"\0\x0d"][1:] == []
        assert served.process.serving.crew.under_way == 0
    nursery.cancel_scope.cancel()


async def test_the_size_that_bufsize_wants_reaches_the_upstream(nursery: trio.Nursery) -> None:
    """It changes the query, so the chain is asked."""
    server = ScriptedServer()
    await nursery.start(server.run)
    async with running_server(f". {{\n bind 127.0.0.1\n bufsize 600\n forward . {server.endpoint}\n}}") as served:
        asked = dnslib.DNSRecord.question("www.example.org")
        asked.add_ar(dnslib.EDNS0(udp_len=1232))
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
            await sock.sendto(asked.pack(), ("127.0.0.1", served.port))
            await sock.recv(4096)
    nursery.cancel_scope.cancel()
    assert (600).to_bytes(2) in server.asked[0].wire[-11:]


async def test_what_was_answered_is_freed_without_the_collector(nursery: trio.Nursery) -> None:
    server = ScriptedServer()
    await nursery.start(server.run)
    async with running_server(f". {{\n bind 127.0.0.1\n forward . {server.endpoint}\n}}") as served:
        await answer(served.port)
        gc.collect()
        gc.disable()
        try:
            for _ in range(5):
                await answer(served.port)
            await trio.testing.wait_all_tasks_blocked()
            assert not [each for each in gc.get_objects() if isinstance(each, asking.Asked)]
        finally:
            gc.enable()
    nursery.cancel_scope.cancel()


def test_it_says_what_it_does_at_once() -> None:
    assert Forward.answers_later
