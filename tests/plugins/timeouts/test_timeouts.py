"""The directive, and what it does to real TCP connections, those that are open at a reload among them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.listen.limits import DEFAULTS
from pydns.run import Process
from pydns.settings import Settings
from pydns_plugins.timeouts import Timeouts
from tests.plugins.asking import block, directives
from tests.pydns.life import Source, port_of, reloaded, running, until, value, wire
from tests.pydns.listen.tcp_peers import Peer

COREFILE = ". {{\n bind 127.0.0.1\n {}\n hosts {{\n 192.0.2.1 example.org\n }}\n}}"
WITHOUT = COREFILE.format("")


def timeouts(*options: str) -> Timeouts:
    (plugin,) = Timeouts.parse(directives("\n ".join(("timeouts", *options))), block())
    return plugin


# The directive.


@pytest.mark.parametrize(
    ("option", "name", "limit"),
    [
        ("read 4s", "read", 4),
        ("write 1m30s", "write", 90),
        ("idle 24h", "idle", 86_400),
        ("idle 1s", "idle", 1),
        ("read 7", "read", 7),  # seconds, as CoreDNS takes it
        ("maxtcpqueries 128", "most_queries", 128),
        ("maxtcpqueries 1", "most_queries", 1),
        ("maxtcpqueries -1", "most_queries", None),
    ],
)
def test_each_option_changes_its_limit_alone(option: str, name: str, limit: float | None) -> None:
    limits = vars(timeouts(option).limits)
    assert limits == {**vars(DEFAULTS), name: limit}


def test_the_block_is_told() -> None:
    plugin, settings = timeouts("read 4s"), Settings()
    plugin.configure(settings)
    assert settings.tcp is plugin.limits


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], "Corefile:1:1: timeouts wants at least one option"),
        (["read"], "Corefile:2:1: read wants 1 argument, not 0"),
        (["read 1s 2s"], "Corefile:2:3: read takes at most 1 argument"),
        (["read 999ms"], "Corefile:2:2: 999ms is out of range (between 1s and 24h)"),
        (["write 0"], "Corefile:2:2: 0 is out of range"),
        (["idle 25h"], "Corefile:2:2: 25h is out of range"),
        (["idle -1s"], "Corefile:2:2: '-1s' is no duration"),
        (["maxtcpqueries 0"], "Corefile:2:2: 0 queries on a connection are none (-1 is any number)"),
        (["maxtcpqueries -2"], "Corefile:2:2: -2 is out of range"),
        (["maxtcpqueries many"], "Corefile:2:2: 'many' is no whole number"),
        (["red 5s"], "Corefile:2:1: unknown option of timeouts 'red' (did you mean 'read'?)"),
    ],
)
def test_a_fault_is_told_with_its_place(options: list[str], error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        timeouts(*options)
    assert str(caught.value).startswith(error)


def test_it_takes_no_arguments() -> None:
    with pytest.raises(CorefileError, match=r"^Corefile:1:2: timeouts takes no arguments"):
        Timeouts.parse(directives("timeouts 5s"), block())


def test_it_stands_once() -> None:
    with pytest.raises(CorefileError, match=r"^Corefile:2:1: timeouts stands twice"):
        Timeouts.parse(directives("timeouts\ntimeouts"), block())


def test_it_has_nothing_to_do_with_queries() -> None:
    assert timeouts("read 5s").opcodes == frozenset()


# Connections.


def corefile(*options: str) -> str:
    return COREFILE.format("\n ".join(("timeouts {", *options, "}")))


def closed(process: Process, reason: str) -> float:
    return value(process, "pydns_tcp_closed_total", reason)


@asynccontextmanager
async def connected(process: Process, receive_buffer: int = 0) -> AsyncIterator[Peer]:
    with trio.socket.socket() as sock, trio.fail_after(20):
        if receive_buffer:
            sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, receive_buffer)
        await sock.connect(("127.0.0.1", port_of(process)))
        yield Peer(sock)


async def ask(peer: Peer) -> bytes | None:
    await peer.send(wire())
    return await peer.receive()


@pytest.mark.parametrize("asked", [0, 1])
async def test_an_idle_connection_is_closed(asked: int) -> None:
    async with running(Source(corefile("idle 1s", "read 24h", "write 24h"))) as process, connected(process) as peer:
        for _ in range(asked):
            assert await ask(peer)
        assert await peer.receive() is None
        assert closed(process, "idle") == 1


async def test_half_a_query_is_waited_for_and_no_longer() -> None:
    async with running(Source(corefile("read 1s", "idle 24h", "write 24h"))) as process, connected(process) as peer:
        await peer.send_octets(b"\0\x20half")
        assert await peer.receive() is None
        assert closed(process, "read") == 1


async def flood(peer: Peer) -> None:
    """Asks without end, and reads nothing."""
    await peer.send(*[wire()] * 200_000)


async def test_who_reads_no_answers_is_closed() -> None:
    source = Source(corefile("write 1s", "idle 24h", "read 24h"))
    async with running(source) as process, connected(process, receive_buffer=4096) as peer:
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            await flood(peer)
        assert closed(process, "write") == 1


@pytest.mark.parametrize("most", [1, 2, 5])
async def test_a_connection_ends_after_so_many_queries(most: int) -> None:
    async with running(Source(corefile(f"maxtcpqueries {most}"))) as process, connected(process) as peer:
        for _ in range(most):
            assert await ask(peer)
        assert await peer.receive() is None
        assert closed(process, "queries") == 1


async def test_of_many_at_once_the_first_are_answered() -> None:
    async with running(Source(corefile("maxtcpqueries 3"))) as process, connected(process) as peer:
        await peer.send(*[wire()] * 10)
        assert len(await peer.receive_all()) == 3


async def test_with_minus_1_it_may_ask_without_end() -> None:
    async with running(Source(corefile("maxtcpqueries -1"))) as process, connected(process) as peer:
        for _ in range(500):
            assert await ask(peer)


# Reloads.


@pytest.mark.parametrize(("option", "octets"), [("idle 1s", b""), ("read 1s", b"\0\x20half")])
async def test_a_shorter_time_holds_for_open_connections(option: str, octets: bytes) -> None:
    source = Source(corefile("idle 24h", "read 24h"))
    async with running(source) as process, connected(process) as peer:
        await peer.send_octets(octets)
        await until(lambda: value(process, "pydns_tcp_connections"), bool)
        source.text = corefile(option, *(other for other in ("idle 24h", "read 24h") if other[:4] != option[:4]))
        await reloaded(process)
        assert await peer.receive() is None
        assert closed(process, option.split()[0]) == 1


async def test_a_longer_time_holds_for_open_connections() -> None:
    source = Source(corefile("idle 2s"))
    async with running(source) as process, connected(process) as peer:
        assert await ask(peer)
        source.text = corefile("idle 24h")
        await reloaded(process)
        await trio.sleep(2.5)  # nothing tells of what does not happen
        assert await ask(peer)


@pytest.mark.parametrize("asked", [1, 2, 3, 10])
async def test_fewer_queries_hold_for_open_connections(asked: int) -> None:
    """Also where it asked more already: one that is sent is answered, and then it ends."""
    source = Source(WITHOUT)
    async with running(source) as process, connected(process) as peer:
        for _ in range(asked):
            assert await ask(peer)
        source.text = corefile("maxtcpqueries 2")
        await reloaded(process)
        assert await ask(peer)
        assert await peer.receive() is None
        assert closed(process, "queries") == 1


async def test_more_queries_hold_for_open_connections() -> None:
    source = Source(corefile("maxtcpqueries 2"))
    async with running(source) as process, connected(process) as peer:
        assert await ask(peer)
        source.text = WITHOUT
        await reloaded(process)
        for _ in range(5):
            assert await ask(peer)


async def test_of_two_blocks_at_an_address_the_first_says() -> None:
    text = corefile("maxtcpqueries 1") + "\na" + corefile("maxtcpqueries 5")[1:]
    async with running(Source(text)) as process, connected(process) as peer:
        assert await ask(peer)
        assert await peer.receive() is None


async def test_another_address_has_limits_of_its_own() -> None:
    text = corefile("maxtcpqueries 1").replace("127.0.0.1", "127.0.0.2") + "\n" + WITHOUT
    async with running(Source(text)) as process:
        port = next(bound.port for place, bound in process.bound.items() if place.host == "127.0.0.1")
        with trio.socket.socket() as sock, trio.fail_after(20):
            await sock.connect(("127.0.0.1", port))
            for _ in range(3):
                assert await ask(Peer(sock))
