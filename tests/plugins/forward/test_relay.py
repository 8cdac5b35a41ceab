"""Plain queries that forward has relayed, and those that it takes as queries."""

from __future__ import annotations

import pytest
import trio

from pydns import names
from pydns.chain import fold_packed
from pydns.corefile.parser import parse_text
from pydns.records import Rcode, Type
from pydns.setup import load
from pydns.testing import running_server
from pydns.upstream.testing import ScriptedServer, good
from tests.plugins.forward.helpers import ask_for, holds, parse, running, says, serving
from tests.pydns.life import answer

GONE = "192.0.2.1"
NAME = names.from_text("www.example.org")

TAKES_QUERIES = {
    "max_concurrent": f"forward . {GONE}\nmax_concurrent 7",
    "policy latency": f"forward . {GONE} 192.0.2.2\npolicy latency",
    "force_tcp": f"forward . {GONE}\nforce_tcp",
}


@pytest.mark.parametrize("text", TAKES_QUERIES.values(), ids=TAKES_QUERIES.keys())
def test_some_options_take_queries(text: str) -> None:
    (forward,) = parse(text)
    assert forward.relay(None) is None


def test_the_last_of_several_relays() -> None:
    first, second = parse(f"forward example.org {GONE}", f"forward . {GONE}")
    assert first.relay(second.relay(None)) is None
    assert second.relay(None) is not None


async def test_it_names_who_is_asked(nursery: trio.Nursery) -> None:
    (server,) = await serving(nursery, good)
    (forward,) = parse(f"forward example.org {server.endpoint}\nexcept not.example.org\nread_timeout 3s")
    relay = forward.relay(None)
    assert relay is not None
    assert (relay.by, relay.timeout, relay.rcodes) == ("forward", 3, {Rcode.NOERROR, Rcode.NXDOMAIN})
    async with running(forward):
        (upstream,) = forward.pool.upstreams
        assert relay.upstream(NAME, Type.A) is upstream
        assert relay.upstream(names.from_text("a.not.example.org"), Type.A) is None
        upstream.looping = True
        assert relay.upstream(NAME, Type.A) is None


def test_a_rcode_that_leads_to_the_next_upstream_is_not_given_on() -> None:
    (forward,) = parse(f"forward . {GONE} 192.0.2.2\nfailover NXDOMAIN")
    relay = forward.relay(None)
    assert relay is not None
    assert relay.rcodes == {Rcode.NOERROR}


async def test_a_reply_that_takes_more_is_the_one_of_the_exchange(nursery: trio.Nursery) -> None:
    (server,) = await serving(nursery, says("192.0.2.7"))
    (forward,) = parse(f"forward . {server.endpoint}")
    relay = forward.relay(None)
    assert relay is not None
    came = trio.Event()
    async with running(forward):
        (upstream,) = forward.pool.upstreams
        query, now = ask_for(), trio.current_time()
        question = query.wire[12:]
        tail = b"\1\0\0\1\0\0\0\0\0\0" + question
        about: list[object] = []
        upstream.pass_on(question, tail, lambda each: (about.append(each), came.set())[0], about, now, 2, now + 5)
        with trio.fail_after(10):
            await came.wait()
        (exchange,) = about
        reply = relay.later(query, exchange).reply()  # type: ignore[arg-type]  # it is an exchange
        assert reply is not None
        assert holds(reply, "192.0.2.7")
        assert upstream.counts.answers[0].counts


def relays(above: str) -> bool:
    text = f". {{\n {above}\n forward . {GONE}\n}}"
    (found,) = load(lambda: parse_text(text, environ={})).blocks
    return fold_packed(found.plugins)[1] is not None


@pytest.mark.parametrize(
    ("above", "is_relayed"),
    [
        ("", True),
        ("errors\nprometheus\nhealth\nready\nlocal\nany\nchaos\nloadbalance\nloop\nreload", True),
        ("hosts /etc/hosts {\nfallthrough\n}", True),
        ("kubernetes cluster.local", True),
        ("loadbalance\nacl {\nallow\n}", False),
        ("cache", False),
        ("log", False),
        ("minimal", False),
        ("header {\nresponse set ra\n}", False),
        ("cancel 2s", False),
        ("bufsize 700", False),
    ],
)
def test_below_others(above: str, is_relayed: bool) -> None:
    assert relays(above) is is_relayed


@pytest.mark.parametrize(("script", "rcode"), [(good, 0), (says(rcode=3), 3), (says(rcode=2), 2)])
async def test_a_server_relays(script: object, rcode: int, nursery: trio.Nursery) -> None:
    """What comes back is counted once, whichever way it goes, with what it took."""
    server = ScriptedServer(script)  # type: ignore[arg-type]  # it is a script
    await nursery.start(server.run)
    above = "errors\nprometheus localhost:0\nloadbalance\nloop"
    async with running_server(f". {{\n bind 127.0.0.1\n {above}\n forward . {server.endpoint}\n}}") as served:
        found = await answer(served.port)
        assert found.header.rcode == rcode
        metrics = {metric.name: metric for metric in served.process.serving.house.metrics.read()}
        (durations,) = metrics["coredns_dns_request_duration_seconds"].counts.values()  # type: ignore[attr-defined]
        assert sum(durations) == 1
        assert sum(metrics["coredns_dns_request_duration_seconds"].sums.values()) > 0  # type: ignore[attr-defined]
        assert sum(metrics["coredns_dns_requests_total"].values.values()) == 1
        of_upstream = metrics["coredns_proxy_request_duration_seconds"].counts  # type: ignore[attr-defined]
        assert [sum(each) for each in of_upstream.values()] == [1]
    nursery.cancel_scope.cancel()
