"""Upstreams that die, return, lie, are slow or send junk: what the client gets, and what it is told."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trio

from pydns.records import Ede
from pydns.testing import running_server
from pydns.upstream.testing import Asked, Script, ScriptedServer
from tests.e2e.programs import Answer, Program, dig, free_port, installed, nsd, serving, until

COREFILE = """. {{
    bind 127.0.0.1
    {above}
    forward . {upstreams} {{
        policy sequential
        {options}
    }}
}}
"""
GOOD = ["192.0.2.1"]


async def ask(port: int, name: str = "www.example.org", *words: str) -> Answer:
    return await trio.to_thread.run_sync(lambda: dig(port, name, "A", *words))


@pytest.fixture
async def start(nursery: trio.Nursery) -> AsyncIterator[Callable[[Script], Awaitable[ScriptedServer]]]:
    """A function that starts an upstream that does as its script says."""

    async def start(script: Script) -> ScriptedServer:
        server = ScriptedServer(script)
        await nursery.start(server.run)
        return server

    yield start
    nursery.cancel_scope.cancel()


Start = Callable[[Script], Awaitable[ScriptedServer]]


async def answer_of(*upstreams: ScriptedServer, above: str = "", options: str = "", times: int = 1) -> Answer:
    text = COREFILE.format(above=above, upstreams=" ".join(str(each.endpoint) for each in upstreams), options=options)
    async with running_server(text) as server:
        for _ in range(times):
            found = await ask(server.port)
        return found


def says(address: str = "192.0.2.66", **how: object) -> Script:
    async def script(asked: Asked) -> None:
        await asked.send(asked.answer(address, **how))  # type: ignore[arg-type]  # as answer() takes them

    return script


async def silent(asked: Asked) -> None:
    return


def sends(data: bytes | Callable[[Asked], bytes]) -> Script:
    async def script(asked: Asked) -> None:
        await asked.send(data if isinstance(data, bytes) else data(asked))

    return script


def and_then(lie: Script, address: str) -> Script:
    """A lie (somebody else's, maybe), and the true answer behind it."""

    async def script(asked: Asked) -> None:
        await lie(asked)
        await trio.sleep(0.02)
        await asked.send(asked.answer(address))

    return script


def other_id(asked: Asked) -> bytes:
    return bytes((asked.id[0] ^ 1, asked.id[1]))


LIES: dict[str, Script] = {
    "another id": sends(lambda asked: asked.answer("192.0.2.66", id_=other_id(asked))),
    "another name": sends(lambda asked: asked.answer("192.0.2.66", question=b"\4evil\7example\0\0\1\0\1")),
    "another type": sends(lambda asked: asked.answer("192.0.2.66", question=asked.question[:-4] + b"\0\x1c\0\1")),
    "no answer bit": says(flags=0x0180),
    "another opcode": says(flags=0xA980),
}
JUNK: dict[str, Script] = {
    "nothing": sends(b""),
    "one octet": sends(b"\0"),
    "a header alone": sends(lambda asked: asked.id + b"\x81\x80" + bytes(8)),
    "noise": sends(lambda asked: asked.id + os.urandom(200)),
    "cut short": sends(lambda asked: asked.answer()[:-3]),
    "more than there is": sends(lambda asked: asked.answer()[:6] + b"\xff\xff" + asked.answer()[8:]),
    "a name without end": sends(lambda asked: asked.answer()[:12] + b"\xc0\x0c" * 50),
    "its own query": sends(lambda asked: asked.wire),
}


@pytest.mark.parametrize("script", [*LIES.values(), *JUNK.values()], ids=[*LIES, *JUNK])
async def test_a_lie_is_never_believed(script: Script, start: Start) -> None:
    """The true answer comes behind it, from the same upstream or from the next."""
    upstreams = await start(and_then(script, "192.0.2.1")), await start(says("192.0.2.1"))
    found = await answer_of(*upstreams)
    assert (found.status, found.data) == ("NOERROR", GOOD)


@pytest.mark.parametrize("script", [silent, *LIES.values(), *JUNK.values()], ids=["silence", *LIES, *JUNK])
async def test_where_nothing_else_comes_the_client_is_told(script: Script, start: Start) -> None:
    upstream = await start(script)
    found = await answer_of(upstream, options="max_connect_attempts 1\n read_timeout 200ms")
    assert (found.status, found.data) == ("SERVFAIL", [])
    assert [code for code, _ in found.errors] == [Ede.NETWORK_ERROR]
    assert str(upstream.endpoint) in found.errors[0][1]


async def test_a_dead_upstream_is_told(port: int) -> None:
    async with running_server(COREFILE.format(above="", upstreams=f"127.0.0.1:{port}", options="")) as server:
        found = await ask(server.port)
    assert found.status == "SERVFAIL"
    assert [code for code, _ in found.errors] == [Ede.NETWORK_ERROR]


async def test_behind_a_dead_upstream_the_next_one_answers(port: int, start: Start) -> None:
    upstream = await start(says("192.0.2.1"))
    text = COREFILE.format(above="", upstreams=f"127.0.0.1:{port} {upstream.endpoint}", options="")
    async with running_server(text) as server:
        for _ in range(5):
            assert (await ask(server.port)).data == GOOD


async def test_behind_a_silent_upstream_the_next_one_answers(start: Start) -> None:
    found = await answer_of(await start(silent), await start(says("192.0.2.1")), options="read_timeout 200ms")
    assert found.data == GOOD


async def test_a_slow_upstream_is_waited_for(start: Start) -> None:
    async def slow(asked: Asked) -> None:
        await trio.sleep(1)
        await asked.send(asked.answer("192.0.2.1"))

    assert (await answer_of(await start(slow))).data == GOOD


@pytest.mark.parametrize(("rcode", "status"), [(2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED"), (1, "FORMERR")])
async def test_what_an_upstream_refuses_is_passed_on(rcode: int, status: str, start: Start) -> None:
    assert (await answer_of(await start(says(rcode=rcode)))).status == status


async def test_what_an_upstream_says_of_its_failure_is_passed_on(start: Start) -> None:
    error = (15, b"\0\x16" + b"their servers are down")  # EDE 22 (RFC 8914)
    found = await answer_of(await start(says(rcode=2, options=(error,))))
    assert found.status == "SERVFAIL"
    assert (22, "their servers are down") in found.errors


async def test_what_is_cut_short_over_udp_is_asked_again_over_tcp(start: Start) -> None:
    async def short(asked: Asked) -> None:
        if asked.transport == "udp":
            await asked.send(asked.answer(flags=0x8380, records=0))
        else:
            await asked.send(asked.answer("192.0.2.1"))

    upstream = await start(short)
    assert (await answer_of(upstream)).data == GOOD
    assert [asked.transport for asked in upstream.asked] == ["udp", "tcp"]


async def test_a_stale_answer_stands_in_and_says_so(start: Start) -> None:
    alive = True

    async def script(asked: Asked) -> None:
        if alive:
            wire = bytearray(asked.answer("192.0.2.1"))
            at = wire.index(b"\xc0\x0c\0\1\0\1") + 6
            wire[at : at + 4] = b"\0\0\0\1"  # a TTL of one second
            await asked.send(bytes(wire))

    upstream = await start(script)
    text = COREFILE.format(
        above="cache {\n success 100 3600 1\n servfail 0\n serve_stale 1h verify\n }",
        upstreams=upstream.endpoint,
        options="read_timeout 100ms\n max_connect_attempts 1",
    )
    async with running_server(text) as server:
        assert (await ask(server.port)).data == GOOD
        alive = False
        codes: list[int] = []
        with trio.fail_after(10):
            while Ede.STALE_ANSWER not in codes:
                found = await ask(server.port)
                assert found.data == GOOD
                codes = [code for code, _ in found.errors]
                await trio.sleep(0.1)


@pytest.mark.skipif(installed("nsd") is None, reason="nsd is not installed")
def test_a_real_server_dies_and_returns(port: int, corefile: Path, tmp_path: Path) -> None:
    upstream = free_port()
    corefile.write_text(COREFILE.format(above="", upstreams=f"127.0.0.1:{upstream}", options="health_check 500ms"))
    with nsd(tmp_path / "nsd", upstream) as program, serving(corefile, port):
        assert dig(port, "www.example.org").data == GOOD
        assert dig(port, "none.example.org").status == "NXDOMAIN"
        program.process.terminate()
        program.wait()
        dead = dig(port, "www.example.org")
        assert dead.status == "SERVFAIL"
        assert [code for code, _ in dead.errors] == [Ede.NETWORK_ERROR]
        with nsd(tmp_path / "nsd", upstream):
            until(lambda: dig(port, "www.example.org").data, lambda data: data == GOOD)


UNBOUND = """
server:
    interface: 127.0.0.1@{port}
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: "{folder}/pid"
    use-syslog: no
    do-ip6: no
    local-zone: "example.org." static
    local-data: "www.example.org. A 192.0.2.1"
remote-control:
    control-enable: no
"""


@pytest.mark.skipif(installed("unbound") is None, reason="unbound is not installed")
def test_one_real_server_stands_in_for_another(port: int, corefile: Path, tmp_path: Path) -> None:

    first, second = free_port(), free_port()
    (tmp_path / "unbound.conf").write_text(UNBOUND.format(port=second, folder=tmp_path))
    corefile.write_text(COREFILE.format(above="", upstreams=f"127.0.0.1:{first} 127.0.0.1:{second}", options=""))
    command = installed("unbound")
    assert command is not None
    with (
        Program(command, "-d", "-c", str(tmp_path / "unbound.conf")),
        nsd(tmp_path / "nsd", first) as program,
        serving(corefile, port),
    ):
        until(lambda: dig(second, "www.example.org", "A", "+time=1").data, lambda data: data == GOOD)
        for _ in range(3):
            assert dig(port, "www.example.org").data == GOOD
        program.process.terminate()
        program.wait()
        for _ in range(5):
            assert dig(port, "www.example.org").data == GOOD
