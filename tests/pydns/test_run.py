"""The process from within: how it starts and stops, and `pydns.listen.bound` with it."""

from __future__ import annotations

import logging
import socket

import pytest
import trio
import trio.testing

from pydns.errors import CorefileErrorGroup, StartError
from pydns.plugin import House
from pydns.run import Process
from pydns.setup import Place
from pydns.upstream.testing import ScriptedServer
from tests.e2e.programs import free_port
from tests.pydns.life import (
    BROKEN,
    FIRST,
    PLUGIN,
    Source,
    WriteFile,
    addresses,
    keep,
    port_of,
    rcode,
    reloaded,
    running,
    slow,
    until,
    wire,
)

pytestmark = pytest.mark.usefixtures("bounded")

# Start.


async def test_it_answers_when_it_has_started() -> None:
    async with running(Source(FIRST)) as process:
        assert await addresses(port_of(process)) == ["192.0.2.1"]


async def test_a_block_without_bind_listens_on_all_addresses() -> None:
    async with running(Source(". {\n whoami\n}")) as process:
        assert [await rcode(port_of(process), host=host) for host in ("127.0.0.1", "127.0.0.9", "::1")] == [0, 0, 0]


async def test_an_interface_stands_for_its_addresses() -> None:
    async with running(Source(". {\n bind lo\n whoami\n}")) as process:
        assert {"127.0.0.1", "::1"} <= {place.host for place in process.bound}


async def test_except_leaves_addresses_out() -> None:
    async with running(Source(". {\n bind lo {\n except ::1\n }\n whoami\n}")) as process:
        assert "::1" not in {place.host for place in process.bound}


@pytest.mark.parametrize(("text", "error"), [
    (BROKEN, "Corefile:3:2: unknown plugin 'host' (did you mean 'hosts'?)"),
    (". {\n bind none0\n}", "Corefile:2:7: 'none0' is neither an IP address nor an interface; there are "),
    (". {\n bind lo {\n except lo\n }\n}", "Corefile:2:7: bind leaves no address to listen on"),
    ("a {\n bind lo\n}\na {\n bind 127.0.0.1\n}", "Corefile:4:1: a. is served at dns://127.0.0.1:0 already"),
    ("a {\n bind ::1\n}\na {\n bind 0:0::1\n}", "Corefile:4:1: a. is served at dns://[::1]:0 already"),
    ("a {\n bind ::\n}\na {\n}", "Corefile:4:1: a. is served at dns://:0 already"),
])  # fmt: skip
async def test_an_error_of_the_corefile_ends_the_start(text: str, error: str) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        async with running(Source(text)):
            pass
    assert str(caught.value).startswith(error)


async def test_a_port_that_is_taken_ends_the_start() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"^cannot listen on 127.0.0.1:{port}: Address already in use "):
            async with running(Source(FIRST, port)):
                pass


@pytest.mark.parametrize(("line", "error"), [
    ("raise OSError('no disk')", "plugin own cannot start: OSError: no disk"),
    ("return 1 / 0", "plugin own cannot start: ZeroDivisionError: division by zero"),
])  # fmt: skip
async def test_a_plugin_that_cannot_start_ends_the_start(line: str, error: str, write: WriteFile) -> None:
    path = write("own.py", PLUGIN.replace("# run", line))
    with pytest.raises(StartError) as caught:
        async with running(Source(f". {{\n plugin {path}\n own\n}}")):
            pass
    assert str(caught.value) == error


async def test_a_start_that_fails_leaves_its_ports_free(write: WriteFile) -> None:
    path, port = write("own.py", PLUGIN.replace("# run", "raise OSError")), free_port()
    with pytest.raises(StartError):
        async with running(Source(f". {{\n plugin {path}\n own\n}}", port)):
            pass
    async with running(Source(FIRST, port)) as process:
        assert await addresses(port_of(process)) == ["192.0.2.1"]


async def test_a_house_of_ones_own_is_used() -> None:
    house = House()
    async with running(Source(FIRST), house) as process:
        assert process.house is house
        assert process.configuration.blocks[0].plugins[0].house is house


async def test_it_says_which_configuration_runs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with running(Source(FIRST)) as process:
        await until(lambda: caplog.text, lambda text: process.configuration.digest in text)
    assert f"Running configuration SHA512 = {process.configuration.digest}" in caplog.text


# Stop.


async def test_stop_ends_it(nursery: trio.Nursery) -> None:
    process = Process(Source(FIRST))
    await nursery.start(process.run)
    process.stop()
    await process.stopped.wait()


async def test_stop_answers_what_is_under_way(nursery: trio.Nursery) -> None:
    upstream = ScriptedServer(slow(release := trio.Event()))
    await nursery.start(upstream.run)
    process = Process(Source(f". {{\n bind 127.0.0.1\n forward . {upstream.endpoint}\n}}"))
    await nursery.start(process.run)
    found: list[list[str]] = []
    async with trio.open_nursery() as asking:
        asking.start_soon(keep, found, port_of(process))
        await until(lambda: upstream.asked, bool)
        process.stop()
        await trio.testing.wait_all_tasks_blocked()
        assert not process.stopped.is_set()
        release.set()
    await process.stopped.wait()
    assert found == [["192.0.2.1"]]
    nursery.cancel_scope.cancel()


async def test_stop_answers_what_is_under_way_at_an_address_that_went(nursery: trio.Nursery) -> None:
    upstream, port = ScriptedServer(slow(release := trio.Event())), free_port()
    await nursery.start(upstream.run)
    source = Source(f".:{port} {{\n bind 127.0.0.1\n forward . {upstream.endpoint}\n}}")
    process = Process(source)
    await nursery.start(process.run)
    found: list[list[str]] = []
    async with trio.open_nursery() as asking:
        asking.start_soon(keep, found, port)
        await until(lambda: upstream.asked, bool)
        source.text = FIRST
        await reloaded(process)
        process.stop()
        await trio.testing.wait_all_tasks_blocked()
        release.set()
    await process.stopped.wait()
    assert found == [["192.0.2.1"]]
    nursery.cancel_scope.cancel()


async def test_stop_takes_what_came_before_it(nursery: trio.Nursery) -> None:
    process = Process(Source(FIRST))
    await nursery.start(process.run)
    with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
        await sock.connect(("127.0.0.1", port_of(process)))
        sock._sock.send(wire())  # type: ignore[attr-defined]  # at once, so that nobody can have read it yet
        process.stop()
        with trio.fail_after(5):
            assert await sock.recv(4096)


async def test_stop_is_bounded_in_time(nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydns.serving.GRACE", 0.1)
    upstream = ScriptedServer(slow(trio.Event()))
    await nursery.start(upstream.run)
    process = Process(Source(f". {{\n bind 127.0.0.1\n forward . {upstream.endpoint}\n}}"))
    await nursery.start(process.run)
    with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
        await sock.sendto(wire(), ("127.0.0.1", port_of(process)))
        await until(lambda: upstream.asked, bool)
        process.stop()
        await process.stopped.wait()
    nursery.cancel_scope.cancel()


async def test_a_second_stop_ends_a_lame_duck_and_a_third_the_draining(
    nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    upstream = ScriptedServer(slow(trio.Event()))
    await nursery.start(upstream.run)
    health = "health 127.0.0.1:0 {\n lameduck 1h\n }"
    process = Process(Source(f". {{\n bind 127.0.0.1\n {health}\n forward . {upstream.endpoint}\n}}"))
    await nursery.start(process.run)
    with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
        await sock.sendto(wire(), ("127.0.0.1", port_of(process)))
        await until(lambda: upstream.asked, bool)
        process.stop()
        await trio.testing.wait_all_tasks_blocked()
        process.stop()
        await until(lambda: caplog.messages, bool)
        assert caplog.messages == ["Told to stop once more: not waiting for plugins that want more time"]
        assert not process.stopped.is_set()
        process.stop()
        await process.stopped.wait()
    assert caplog.messages[1:] == ["Told to stop once more: not waiting for the last answers"]
    nursery.cancel_scope.cancel()


async def test_a_second_stop_loses_no_answer_after_a_lame_duck(nursery: trio.Nursery) -> None:
    upstream = ScriptedServer(slow(release := trio.Event()))
    await nursery.start(upstream.run)
    health = "health 127.0.0.1:0 {\n lameduck 1h\n }"
    process = Process(Source(f". {{\n bind 127.0.0.1\n {health}\n forward . {upstream.endpoint}\n}}"))
    await nursery.start(process.run)
    found: list[list[str]] = []
    async with trio.open_nursery() as asking:
        asking.start_soon(keep, found, port_of(process))
        await until(lambda: upstream.asked, bool)
        process.stop()
        await trio.testing.wait_all_tasks_blocked()
        process.stop()
        release.set()
    await process.stopped.wait()
    assert found == [["192.0.2.1"]]
    nursery.cancel_scope.cancel()


async def test_two_stops_at_once_are_one(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> None:
    process = Process(Source(FIRST))
    await nursery.start(process.run)
    process.stop()
    process.stop()
    await process.stopped.wait()
    assert caplog.messages == []


@pytest.mark.parametrize("line", ["await trio.sleep_forever()", "await trio.sleep(3600)"])
async def test_stop_during_a_reload_ends_it(line: str, nursery: trio.Nursery, write: WriteFile) -> None:
    path, source = write("own.py", PLUGIN.replace("# run", line)), Source(FIRST)
    process = Process(source)
    await nursery.start(process.run)
    source.text = f". {{\n plugin {path}\n own\n}}"
    process.reload()
    await until(lambda: source.loaded, lambda count: count > 1)
    process.stop()
    await process.stopped.wait()


async def test_stop_during_the_start_ends_it(nursery: trio.Nursery, write: WriteFile) -> None:
    path = write("own.py", PLUGIN.replace("# run", "await trio.sleep_forever()"))
    source = Source(f". {{\n plugin {path}\n own\n}}")
    process = Process(source)
    nursery.start_soon(process.run)
    await until(lambda: source.loaded, bool)
    process.stop()
    await process.stopped.wait()


async def test_stop_while_the_corefile_cannot_be_read_ends_it(nursery: trio.Nursery) -> None:
    """It may lie on a network file system that hangs."""
    source, began, release = Source(FIRST), trio.Event(), trio.Event()
    token = trio.lowlevel.current_trio_token()

    def load() -> object:
        if source.loaded:
            token.run_sync_soon(began.set)
            trio.from_thread.run(release.wait, trio_token=token)
        return source()

    process = Process(load)  # type: ignore[arg-type]  # it gives what a Source gives
    await nursery.start(process.run)
    process.reload()
    await began.wait()
    process.stop()
    with trio.fail_after(5):
        await process.stopped.wait()
        await until(lambda: nursery.child_tasks, lambda tasks: not tasks)
    release.set()


# Pages over HTTP.

HEALTH = ". {\n bind 127.0.0.1\n health 127.0.0.1:0\n whoami\n}"


async def test_plugins_are_told_the_port_that_a_page_really_has() -> None:
    async with running(Source(HEALTH)) as process:
        assert process.house.port_of("127.0.0.1", 0) == process.bound[Place("http", "127.0.0.1", 0)].port != 0


async def test_where_nothing_listens_there_is_no_port() -> None:
    source = Source(HEALTH)
    async with running(source) as process:
        source.text = FIRST
        await reloaded(process)
        assert process.house.port_of("127.0.0.1", 0) == 0


async def test_an_address_is_for_dns_or_for_pages() -> None:
    port = free_port()
    for host in ("127.0.0.1", "lo"):  # which addresses an interface has shows now
        text = HEALTH.replace(":0", f":{port}").replace("bind 127.0.0.1", f"bind {host}")
        with pytest.raises(
            CorefileErrorGroup, match=rf"^Corefile:3:9: a page at 127.0.0.1:{port} wants the TCP port of"
        ):
            async with running(Source(text, port)):
                pass


async def test_a_page_has_no_udp_socket() -> None:
    async with running(Source(HEALTH)) as process:
        assert process.bound[Place("http", "127.0.0.1", 0)].sockets.datagram == ()


async def test_a_page_s_port_that_is_taken_names_the_directive() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"^Corefile:3:9: cannot listen on 127.0.0.1:{port}.*another address"):
            async with running(Source(f". {{\n whoami\n health localhost:{port}\n}}")):
                pass
