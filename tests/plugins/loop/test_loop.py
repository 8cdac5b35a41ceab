"""One process that forwards to itself. tests/e2e/test_loops.py has loops through others."""

from __future__ import annotations

from typing import Final

import dnslib
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.errors import CorefileError
from pydns.listen.bound import DnsBound
from pydns.records import Rcode, Type
from pydns.relay import Relay
from pydns.run import Process
from pydns.testing import FakeNext, query
from pydns.upstream.pool import AsksUpstreams
from pydns.upstream.testing import Asked, ScriptedServer
from pydns.upstream.upstream import Upstream
from pydns.wire.edns import COOKIE
from pydns_plugins.loop import ALIKE, Loop
from tests.e2e.programs import free_port
from tests.plugins.asking import block, directives
from tests.pydns.life import Source, addresses, answer, reloaded, running, until, value, wire
from tests.pydns.serving import Asker, extended_errors
from tests.pydns.wire.messages import message, opt, question

LOOPING: Final = "pydns_loop_upstream_looping"


def loop(text: str = "loop", *zones: str) -> Loop:
    (plugin,) = Loop.parse(directives(text), block(*zones))
    return plugin


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("loop .", "Corefile:1:2: loop takes no arguments; '.' is one too many"),
        ("loop\nloop", "Corefile:2:1: loop stands twice in this server block"),
        ("loop\n quick", "Corefile:1:1: loop takes no block"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises(CorefileError) as caught:
        loop(text)
    assert str(caught.value).startswith(error)


def upstream_of(process: Process, block_: int = 0) -> Upstream:
    """The first upstream of a server block."""
    plugins = process.configuration.blocks[block_].plugins
    (upstream, *_) = next(plugin for plugin in plugins if isinstance(plugin, AsksUpstreams)).pool.upstreams
    return upstream


def itself(port: int, more: str = "", above: str = "") -> str:
    return (
        f".:{port} {{\n bind 127.0.0.1\n {above}\n loop\n forward . 127.0.0.1:{port}\n}}\n"
        f"good.test:{port} {{\n bind 127.0.0.1\n hosts {{\n 192.0.2.1 www.good.test\n }}\n}}\n{more}"
    )


# A loop.


async def test_a_loop_is_found_at_the_start(port: int, caplog: pytest.LogCaptureFixture) -> None:
    async with running(Source(itself(port))) as process:
        await until(lambda: upstream_of(process).looping, bool)
        assert value(process, LOOPING, f"127.0.0.1:{port}") == 1
    assert f"forwarding loop: what is asked of 127.0.0.1:{port} for . comes back to this server" in caplog.text


async def test_its_zone_is_servfail_and_says_why(port: int) -> None:
    async with running(Source(itself(port))) as process:
        await until(lambda: upstream_of(process).looping, bool)
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock, trio.fail_after(10):
            question = dnslib.DNSRecord.question("example.org")
            question.add_ar(dnslib.EDNS0(udp_len=1232))
            await sock.sendto(bytes(question.pack()), ("127.0.0.1", port))
            found = await sock.recv(4096)
        assert found[3] & 15 == Rcode.SERVFAIL
        ((_, text),) = extended_errors(found)
        assert text == f"a forwarding loop: what is asked of 127.0.0.1:{port} comes back to this server"


async def test_other_zones_are_served(port: int) -> None:
    async with running(Source(itself(port))) as process:
        await until(lambda: upstream_of(process).looping, bool)
        assert await addresses(port, "www.good.test") == ["192.0.2.1"]


async def test_a_loop_through_another_block_is_found(port: int) -> None:
    """The probe of one comes back by the other."""
    other = free_port()
    text = "".join(
        f".:{own} {{\n bind 127.0.0.1\n loop\n forward . 127.0.0.1:{to}\n}}\n"
        for own, to in ((port, other), (other, port))
    )
    async with running(Source(text)) as process:
        await until(lambda: [upstream_of(process, i).looping for i in (0, 1)], any)


async def test_a_second_upstream_is_asked_in_its_place(port: int, nursery: trio.Nursery) -> None:
    good = ScriptedServer()
    await nursery.start(good.run)
    text = itself(port).replace(f"forward . 127.0.0.1:{port}", f"forward . 127.0.0.1:{port} {good.endpoint}")
    async with running(Source(text)) as process:
        await until(lambda: upstream_of(process).looping, bool)
        for _ in range(5):
            assert await addresses(port) == ["192.0.2.1"]
    nursery.cancel_scope.cancel()


async def test_a_storm_is_bounded(port: int) -> None:
    """Queries that came before it was found, with no cache to stop them."""
    async with running(Source(itself(port, above="prometheus 127.0.0.1:0"))) as process:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
            for i in range(50):
                await sock.sendto(wire(f"{i}.example.org"), ("127.0.0.1", port))
            await until(lambda: upstream_of(process).looping, bool)
            await until(
                lambda: [bound.server.under_way for bound in process.bound.values() if isinstance(bound, DnsBound)],
                lambda counts: not any(counts),
            )
        count = process.house.metrics.counter("coredns_dns_requests_total", "")
        list(process.house.metrics.read())
        before = sum(count.values.values())
        await answer(port)
        list(process.house.metrics.read())
        assert sum(count.values.values()) - before <= 2 + 1  # itself, and a probe or two


# No loop.


async def wait_probed(process: Process, server: ScriptedServer) -> None:
    await until(lambda: [asked for asked in server.asked if asked.question[-4:-2] == b"\0\x0d"], bool)
    await until(lambda: Loop._probes, lambda probes: not probes)


@pytest.mark.parametrize("rcode", [Rcode.NOERROR, Rcode.SERVFAIL, Rcode.REFUSED, Rcode.NXDOMAIN, None], ids=str)
async def test_an_upstream_that_merely_fails_is_in_no_loop(rcode: int | None, nursery: trio.Nursery) -> None:
    async def script(asked: Asked) -> None:
        if rcode is not None:
            await asked.send(asked.answer(rcode=rcode))

    server = ScriptedServer(script)
    await nursery.start(server.run)
    async with running(Source(f". {{\n bind 127.0.0.1\n loop\n forward . {server.endpoint}\n}}")) as process:
        await wait_probed(process, server)
        assert not upstream_of(process).looping
        assert value(process, LOOPING, str(server.endpoint)) == 0
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "name",
    ["x.", "0" * 32 + ".", "0" * 32 + ".example.org.", "f" * 63 + ".example.org.", "\\000" * 32 + ".", "."],
)
async def test_a_client_that_asks_for_a_probe_stops_nothing(name: str) -> None:
    call_next = FakeNext()
    assert await loop().serve(query(name, "HINFO"), call_next) is call_next.reply


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=4))
def test_whatever_name_a_client_asks_for_goes_on(labels: list[bytes]) -> None:
    name = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    asked = query("example.org", "HINFO").replace(name=names.from_text("a") if len(name) > 255 else name)
    call_next = FakeNext()

    async def main() -> object:
        return await loop().serve(asked, call_next)

    assert trio.run(main) is call_next.reply


async def test_a_client_that_sees_a_probe_may_send_it_once_it_is_over(nursery: trio.Nursery) -> None:
    server = ScriptedServer()
    await nursery.start(server.run)
    async with running(Source(f". {{\n bind 127.0.0.1\n loop\n forward . {server.endpoint}\n}}")) as process:
        await wait_probed(process, server)
        port = next(iter(process.bound.values())).port
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock, trio.fail_after(10):
            probe = next(asked for asked in server.asked if asked.question[-4:-2] == b"\0\x0d")
            await sock.sendto(probe.wire, ("127.0.0.1", port))
            await sock.recv(4096)
        assert not upstream_of(process).looping
    nursery.cancel_scope.cancel()


async def test_probes_cannot_be_told_beforehand(nursery: trio.Nursery) -> None:
    server = ScriptedServer()
    await nursery.start(server.run)
    text = f". {{\n bind 127.0.0.1\n loop\n forward . {server.endpoint}\n}}"
    tokens: list[bytes] = []
    for _ in range(3):
        async with running(Source(text)) as process:
            await wait_probed(process, server)
        tokens += [asked.question[1:33] for asked in server.asked if asked.question[-4:-2] == b"\0\x0d"]
        server.asked.clear()
    assert len(tokens) == len(set(tokens)) >= 3
    nursery.cancel_scope.cancel()


class Kept(dict[bytes, int]):
    """What was asked, also when the next look comes."""

    def clear(self) -> None: ...


WAYS = {
    "relayed": ("", message(question("0.example.org"))),
    "at once": ("", message(question("0.example.org"), opt((COOKIE, b"8 octets")), counts=(1, 0, 0, 1))),
    "by the chain": (" {\n max_concurrent 1000\n }", message(question("0.example.org"))),
}


@pytest.mark.parametrize(("count", "names", "is_cause"), [(ALIKE - 1, 1, False), (ALIKE, 1, True), (ALIKE, 2, False)])
@pytest.mark.parametrize(("options", "asked"), WAYS.values(), ids=WAYS)
async def test_the_same_question_again_and_again_is_cause_for_a_probe(
    options: str, asked: bytes, count: int, names: int, is_cause: bool, nursery: trio.Nursery
) -> None:
    server = ScriptedServer()
    await nursery.start(server.run)
    async with running(Source(f". {{\n bind 127.0.0.1\n loop\n forward . {server.endpoint}{options}\n}}")) as process:
        await wait_probed(process, server)
        plugin = next(each for each in process.configuration.blocks[0].plugins if isinstance(each, Loop))
        plugin._alike = Kept()
        suspected: list[bool] = []
        plugin._suspect = lambda: suspected.append(True)  # type: ignore[method-assign]  # in its place
        (bound,) = (each for each in process.bound.values() if isinstance(each, DnsBound))
        clients = [Asker() for _ in range(count)]
        for i, client in enumerate(clients):
            wire = asked.replace(b"\x010", b"\x01%d" % (i % names))
            bound.server.take(i.to_bytes(2) + wire[2:], client, trio.current_time())
            bound.server.go()
        for client in clients:
            assert await client.answer() is not None
        assert bool(suspected) is is_cause
    nursery.cancel_scope.cancel()


async def test_what_a_cache_answers_is_asked_of_no_upstream(nursery: trio.Nursery) -> None:
    server = ScriptedServer()
    await nursery.start(server.run)
    text = f". {{\n bind 127.0.0.1\n cache\n loop\n forward . {server.endpoint}\n}}"
    async with running(Source(text)) as process:
        await wait_probed(process, server)
        plugin = next(each for each in process.configuration.blocks[0].plugins if isinstance(each, Loop))
        plugin._alike = Kept()
        for _ in range(5):
            await answer(next(iter(process.ports.values())))
        assert [*plugin._alike.values()] == [1]
    nursery.cancel_scope.cancel()


def test_what_may_be_a_probe_is_not_relayed() -> None:
    found = loop()
    assert found.relay(None) is None
    below = Relay(lambda name, type_: pytest.fail("it is asked"), 2.0, "forward", frozenset(), pytest.fail)
    relay = found.relay(below)
    assert relay is not None
    assert relay.upstream(names.from_text("www.example.org"), Type.HINFO) is None


# The end of a loop.


async def test_without_the_directive_an_upstream_is_asked_again(port: int) -> None:
    """Its pool lives on over the reload, and nobody else would let it be asked."""
    source = Source(itself(port))
    async with running(source) as process:
        upstream = upstream_of(process)
        await until(lambda: upstream.looping, bool)
        source.text = itself(port).replace("loop\n", "\n")
        await reloaded(process)
        assert upstream_of(process) is upstream
        await until(lambda: upstream.looping, lambda looping: not looping)
        assert value(process, LOOPING, upstream.name) == 0


async def test_a_reload_forgets_no_loop(port: int) -> None:
    source = Source(itself(port))
    async with running(source) as process:
        upstream = upstream_of(process)
        await until(lambda: upstream.looping, bool)
        await reloaded(process)
        await until(lambda: process.house.generations, lambda running: len(running) == 1)
        assert upstream_of(process) is upstream
        assert upstream.looping


async def test_an_upstream_that_goes_is_told_no_more(
    port: int, tmp_path_factory: pytest.TempPathFactory, nursery: trio.Nursery
) -> None:
    path = tmp_path_factory.mktemp("loop") / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\n")
    source = Source(itself(port).replace(f"forward . 127.0.0.1:{port}", f"forward . {path}"))
    async with running(source) as process:
        upstream = await until(lambda: upstream_of(process), bool)
        plugin = next(each for each in process.configuration.blocks[0].plugins if isinstance(each, Loop))
        await until(lambda: upstream in plugin._next, bool)
        upstream.looping = True
        plugin._count(upstream)
        path.write_text("nameserver 127.0.0.2\n")
        await until(lambda: value(process, LOOPING, upstream.name), lambda count: count == 0)


@pytest.fixture
def port() -> int:
    return free_port()
