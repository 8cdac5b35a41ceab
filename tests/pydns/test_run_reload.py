"""The process from within: another Corefile in place of the one that runs. tests/e2e/test_reload.py has more."""

from __future__ import annotations

import gc
import socket
import weakref

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from pydns.upstream.testing import ScriptedServer
from tests.e2e.programs import free_port
from tests.pydns.life import (
    BROKEN,
    FIRST,
    PLUGIN,
    SECOND,
    Source,
    WriteFile,
    addresses,
    answer,
    failed,
    failures,
    is_free,
    keep,
    port_of,
    rcode,
    reloaded,
    running,
    slow,
    until,
    value,
)

pytestmark = pytest.mark.usefixtures("bounded")


async def test_what_changed_is_taken_up() -> None:
    source = Source(FIRST)
    async with running(source) as process:
        await addresses(port_of(process))
        await addresses(port_of(process))  # from the second asking on, an answer is kept
        source.text = SECOND
        await reloaded(process)
        assert await addresses(port_of(process)) == ["192.0.2.2"]


async def test_an_address_that_stays_keeps_its_sockets() -> None:
    source = Source(FIRST)
    async with running(source) as process:
        bound = dict(process.bound)
        source.text = SECOND
        await reloaded(process)
        assert process.bound == bound


async def test_a_new_address_is_listened_on_and_an_old_one_closed() -> None:
    source, ports = Source(""), [free_port(), free_port()]
    source.text = f".:{ports[0]} {{\n bind 127.0.0.1\n whoami\n}}"
    async with running(source) as process:
        source.text = f".:{ports[1]} {{\n bind 127.0.0.1\n whoami\n}}"
        await reloaded(process)
        assert await rcode(ports[1]) == 0
        await until(lambda: is_free("127.0.0.1", ports[0]), bool)


@pytest.mark.parametrize(("before", "after"), [("", "bind 127.0.0.1"), ("bind 127.0.0.1", ""), ("", "bind 0.0.0.0")])
async def test_a_block_may_move_between_all_addresses_and_one(before: str, after: str) -> None:
    source = Source(f". {{\n {before}\n whoami\n}}", free_port())
    async with running(source) as process:
        source.text = f". {{\n {after}\n whoami\n}}"
        await reloaded(process)
        assert await rcode(source.port) == 0


async def test_a_port_is_taken_for_others_also_after_such_a_move() -> None:
    source = Source(". {\n whoami\n}", free_port())
    async with running(source) as process:
        source.text = ". {\n bind 127.0.0.1\n whoami\n}"
        await reloaded(process)
        assert not is_free("127.0.0.1", source.port)


async def test_a_broken_corefile_leaves_the_old_one_running(caplog: pytest.LogCaptureFixture) -> None:
    source = Source(FIRST)
    async with running(source) as process:
        source.text = BROKEN
        await failed(process)
        assert await addresses(port_of(process)) == ["192.0.2.1"]
    assert "Reload failed, the old configuration runs on: Corefile:3:2: unknown plugin 'host'" in caplog.text


async def test_an_empty_corefile_leaves_the_old_one_running() -> None:
    source = Source(FIRST)
    async with running(source) as process:
        source.text = ""
        await failed(process)
        assert await addresses(port_of(process)) == ["192.0.2.1"]


async def test_a_corefile_that_is_broken_for_long_is_told_once(
    caplog: pytest.LogCaptureFixture, mock_clock: MockClock
) -> None:
    mock_clock.autojump_threshold = 0.05
    source = Source(FIRST)
    async with running(source) as process:
        source.text = BROKEN
        await failed(process)
        await trio.sleep(60)
        assert failures(process) > 1
    assert caplog.text.count("Reload failed") == 1


async def test_each_reload_that_was_asked_for_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    source = Source(FIRST)
    async with running(source) as process:
        source.text = BROKEN
        await failed(process)
        await failed(process)
    assert caplog.text.count("Reload failed") == 2


async def test_the_metrics_tell_the_truth_about_a_failed_reload() -> None:
    source = Source(FIRST)
    async with running(source) as process:
        digest = process.configuration.digest
        await until(lambda: value(process, "pydns_reload_last_successful"), lambda good: good == 1)
        source.text = BROKEN
        await failed(process)
        assert value(process, "pydns_reload_last_successful") == 0
        assert value(process, "coredns_reload_version_info", "sha512", digest) == 1


async def test_the_metrics_tell_the_truth_about_a_reload() -> None:
    source = Source(FIRST)
    async with running(source) as process:
        old = process.configuration.digest
        source.text = BROKEN
        await failed(process)
        source.text = SECOND
        await reloaded(process)
        await until(lambda: value(process, "pydns_reload_last_successful"), lambda good: good == 1)
        assert value(process, "coredns_reload_version_info", "sha512", process.configuration.digest) == 1
        assert value(process, "coredns_reload_version_info", "sha512", old) == 0


async def test_a_mended_corefile_is_taken_up_without_a_sign() -> None:
    source = Source(FIRST)
    async with running(source) as process:
        source.text = BROKEN
        await failed(process)
        source.text = SECOND
        await until(
            lambda: process.configuration.corefile.blocks[0].directives[1].block, lambda block: "2.2" in str(block)
        )
        assert await addresses(port_of(process)) == ["192.0.2.2"]


async def test_a_port_that_is_taken_fails_until_it_is_free() -> None:
    source, other = Source(FIRST), free_port()
    async with running(source) as process:
        with socket.socket(type=socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", other))
            source.text = SECOND + f"\n.:{other} {{\n bind 127.0.0.1\n whoami\n}}"
            await failed(process)
            assert await addresses(port_of(process)) == ["192.0.2.1"]
        await until(lambda: len(process.bound), lambda count: count == 2)
        assert await addresses(port_of(process)) == ["192.0.2.2"]
        assert await rcode(other) == 0


async def test_where_one_of_several_ports_is_taken_none_is_kept() -> None:
    source, free, other = Source(FIRST), free_port(), free_port()
    async with running(source) as process:
        with socket.socket(type=socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", other))
            source.text = f".:{free} {{\n bind 127.0.0.1\n}}\n.:{other} {{\n bind 127.0.0.1\n}}"
            await failed(process)
            assert is_free("127.0.0.1", free)


@pytest.mark.parametrize("change", [
    ("# run", "raise OSError"),
    ("# inherit", "raise OSError"),
    ("# configure", "raise OSError"),
    ("return (cls(),)", "return None"),
    ("# opcodes", "opcodes = 7"),
    ("import trio", "raise SystemExit"),
    ("import trio", "import trio; trio = trio.nothing"),
])  # fmt: skip
async def test_a_plugin_that_fails_in_a_reload_leaves_the_old_one_running(
    change: tuple[str, str], write: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("own.py", PLUGIN)
    source = Source(f". {{\n plugin {path}\n own\n}}")
    # As for a plugin that is installed: the class is the same before and after.
    monkeypatch.setattr("pydns.generation._heirs", lambda new, old: [(new[0].plugins[0], old[0].plugins[0])])
    async with running(source) as process:
        write("own.py", PLUGIN.replace(*change))
        await failed(process)
        assert await rcode(port_of(process)) == 10


async def test_what_fails_for_no_known_reason_fails_the_reload_alone(caplog: pytest.LogCaptureFixture) -> None:
    source = Source(FIRST)
    broken = False

    def load() -> object:
        if broken:
            raise RecursionError("too deep")
        return source()

    async with running(load) as process:  # type: ignore[arg-type]  # it gives what a Source gives
        broken = True
        await failed(process)
        assert await addresses(port_of(process)) == ["192.0.2.1"]
    assert "Reload failed, the old configuration runs on: RecursionError: too deep" in caplog.text


async def test_an_unchanged_corefile_is_reloaded_where_that_is_asked_for() -> None:
    async with running(Source(FIRST)) as process:
        await reloaded(process)


async def test_many_reloads_at_once_are_few() -> None:
    source = Source(FIRST)
    async with running(source) as process:
        for _ in range(100):
            process.reload()
        await reloaded(process)
        for _ in range(100):
            process.reload()
            await trio.lowlevel.checkpoint()
        source.text = SECOND
        process.reload()
        # What was read before may come to run first.
        await until(lambda: repr(process.configuration.corefile), lambda text: "192.0.2.2" in text)
        assert await addresses(port_of(process)) == ["192.0.2.2"]
        assert source.loaded < 50


async def test_a_reload_that_comes_during_another_is_not_lost(write: WriteFile) -> None:
    path = write("own.py", PLUGIN.replace("# run", "await trio.sleep(0.2)"))
    source = Source(FIRST)
    async with running(source) as process:
        source.text = f". {{\n plugin {path}\n own\n}}"
        process.reload()
        await until(lambda: source.loaded, lambda count: count > 1)
        source.text = SECOND
        process.reload()
        await until(lambda: str(process.configuration.corefile.blocks), lambda text: "192.0.2.2" in text)
        assert await addresses(port_of(process)) == ["192.0.2.2"]


async def test_plugins_that_went_are_stopped(write: WriteFile) -> None:
    gone = write("gone", "")
    line = f"""task_status.started()
        try: await trio.sleep_forever()
        finally: open({str(gone)!r}, 'w').write('x')"""
    path = write("own.py", PLUGIN.replace("# run", line))
    source = Source(f". {{\n plugin {path}\n own\n}}")
    async with running(source) as process:
        source.text = FIRST
        await reloaded(process)
        await until(gone.read_text, bool)


@pytest.mark.parametrize("line", ["cache", "forward . 127.0.0.1", "errors", "log"])
async def test_what_went_is_freed_without_the_collector(line: str) -> None:
    """Which comes by seldom, while a hosts file of a million lines takes 75 MiB each time."""
    source = Source(f". {{\n bind 127.0.0.1\n {line}\n hosts\n}}")
    gc.disable()
    try:
        async with running(source) as process:
            await answer(port_of(process))
            gone = [weakref.ref(plugin) for plugin in process.configuration.blocks[0].plugins]
            source.text = FIRST
            await reloaded(process)
            # What `until` has in hand must hold nothing of them.
            await until(lambda: [type(left).__name__ for each in gone if (left := each())], lambda left: not left)
    finally:
        gc.enable()


async def test_a_query_under_way_is_answered_by_those_who_began_it(nursery: trio.Nursery) -> None:
    upstream = ScriptedServer(slow(release := trio.Event()))
    await nursery.start(upstream.run)
    source = Source(f". {{\n bind 127.0.0.1\n forward . {upstream.endpoint}\n}}")
    found: list[list[str]] = []
    async with running(source) as process, trio.open_nursery() as asking:
        asking.start_soon(keep, found, port_of(process))
        await until(lambda: upstream.asked, bool)
        source.text = SECOND
        await reloaded(process)
        release.set()
    assert found == [["192.0.2.1"]]
    nursery.cancel_scope.cancel()


async def test_no_query_of_a_burst_is_lost_over_reloads() -> None:
    source = Source(FIRST)
    seen: set[str] = set()
    async with running(source) as process, trio.open_nursery() as nursery:
        port, count = port_of(process), 0

        async def ask() -> None:
            nonlocal count
            while True:
                seen.update(await addresses(port))
                count += 1

        for _ in range(8):
            nursery.start_soon(ask)
        for i in range(10):
            before = count
            source.text = FIRST if i % 2 else SECOND
            await reloaded(process)
            await until(lambda: count, lambda now, before=before: now > before + 20)  # type: ignore[misc]
        nursery.cancel_scope.cancel()
    assert seen == {"192.0.2.1", "192.0.2.2"}


async def test_a_failure_is_tried_again_with_back_off(mock_clock: MockClock) -> None:
    mock_clock.autojump_threshold = 0.05
    source = Source(FIRST)
    async with running(source) as process:
        source.text = BROKEN
        await failed(process)
        began, counts = trio.current_time(), failures(process)
        await trio.sleep(60)
        tries = failures(process) - counts
    assert began < 5
    assert 6 <= tries <= 11  # 1, 2, 4 and then 8 seconds apart
