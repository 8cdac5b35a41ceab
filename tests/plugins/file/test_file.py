"""Zones from master files, in a server."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import trio

from pydns import names
from pydns.plugin import House, Plugin
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.testing import plugins_of, query
from pydns.zone.zone import Zone
from pydns_plugins.file import File
from tests.pydns.zone.files import Published, house, master, replace


def file_of(corefile: str) -> File:
    (plugin,) = [each for each in plugins_of(corefile) if isinstance(each, File)]
    return plugin


def put(path: Path, *lines: str, serial: int = 1) -> Path:
    path.write_text(master(serial, *lines))
    return path


async def started(plugin: File, nursery: trio.Nursery, shared: House | None = None) -> File:
    plugin.house = shared or await house(nursery)
    plugin.house.generations.append(((plugin,),))
    with trio.fail_after(30):
        await nursery.start(plugin.run)
    return plugin


def said(plugin: Plugin, name: str, type_: str = "A") -> tuple[int, list[str]]:
    reply = plugin.at_once(query(name, type_))
    assert isinstance(reply, Reply)
    return reply.rcode, [names.to_text(each.owner) for each in reply.answer]


async def test_each_zone_has_its_file(tmp_path: Path, nursery: trio.Nursery) -> None:
    one, two = put(tmp_path / "one", "www A 192.0.2.1"), put(tmp_path / "two", "ftp A 192.0.2.1")
    plugin = await started(file_of(f". {{\nfile {one} one.test uno.test\nfile {two} two.test\n}}"), nursery)
    assert said(plugin, "www.one.test") == (0, ["www.one.test."])
    assert said(plugin, "www.uno.test") == (0, ["www.uno.test."])
    assert said(plugin, "www.two.test") == (Rcode.NXDOMAIN, [])
    assert len(plugin.held()) == 3
    assert plugin.ready()
    nursery.cancel_scope.cancel()


async def test_fallthrough_is_a_directives_own(tmp_path: Path, nursery: trio.Nursery) -> None:
    path = put(tmp_path / "db")
    corefile = f". {{\nfile {path} one.test {{\nfallthrough\n}}\nfile {path} two.test x.one.test\n}}"
    plugin = await started(file_of(corefile), nursery)
    assert not isinstance(plugin.at_once(query("www.one.test")), Reply)
    assert said(plugin, "www.two.test") == (Rcode.NXDOMAIN, [])
    assert said(plugin, "www.x.one.test") == (Rcode.NXDOMAIN, [])
    assert plugin.stops() == [names.from_text("two.test"), names.from_text("x.one.test")]
    nursery.cancel_scope.cancel()


async def test_a_broken_zone_leaves_the_others_alone(tmp_path: Path, nursery: trio.Nursery) -> None:
    good, bad = put(tmp_path / "good"), tmp_path / "bad"
    plugin = await started(file_of(f". {{\nfile {good} one.test\nfile {bad} two.test\n}}"), nursery)
    assert said(plugin, "one.test", "SOA") == (0, ["one.test."])
    reply = plugin.at_once(query("two.test"))
    assert isinstance(reply, Reply)
    text = "file: two.test. has no good file: cannot be read: No such file or directory"
    assert reply.errors == ((Ede.NOT_READY, text),)
    assert plugin.ready()
    nursery.cancel_scope.cancel()


async def test_a_reload_goes_on_with_what_was_read(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "db", serial=5)
    old = await started(file_of(f". {{\nfile {path} one.test two.test\n}}"), nursery)
    monkeypatch.setattr("pydns.zone.loader.read_zone", None)  # nothing is read again
    new = await started(file_of(f"one.test {{\nfile {path}\nhosts\n}}"), nursery, old.house)
    assert new.held() == old.held()[:1]
    assert said(new, "one.test", "SOA") == (0, ["one.test."])
    nursery.cancel_scope.cancel()


async def test_another_file_is_read_anew_at_a_reload(tmp_path: Path, nursery: trio.Nursery) -> None:
    one, two = put(tmp_path / "one"), put(tmp_path / "two", "www A 192.0.2.1")
    old = await started(file_of(f"one.test {{\nfile {one}\n}}"), nursery)
    new = await started(file_of(f"one.test {{\nfile {two}\n}}"), nursery, old.house)
    assert said(new, "www.one.test") == (0, ["www.one.test."])
    assert said(old, "www.one.test") == (Rcode.NXDOMAIN, [])
    nursery.cancel_scope.cancel()


async def test_the_start_does_not_wait_long_for_a_zone(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "db"
    path.write_text(master(1, "$INCLUDE more"))
    go_on = trio.Event()
    read = trio.to_thread.run_sync

    async def waiting(*args: object, **options: object) -> object:
        await go_on.wait()
        return await read(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("pydns.zone.plugin.PATIENCE", 0.01)
    monkeypatch.setattr("pydns.zone.loader.trio.to_thread.run_sync", waiting)
    plugin = file_of(f"one.test {{\nfile {path}\n}}")
    published = Published(plugin.held()[0])
    await started(plugin, nursery)
    assert said(plugin, "one.test")[0] == Rcode.SERVFAIL
    assert not plugin.ready()
    go_on.set()
    replace(path, master(2))
    await published.serial(2)
    with trio.fail_after(30):
        while not plugin.ready():  # noqa: ASYNC110 -- it tells nobody
            await trio.sleep(0.01)
    nursery.cancel_scope.cancel()


async def test_zones_that_go_have_no_metrics(tmp_path: Path, nursery: trio.Nursery) -> None:
    path = put(tmp_path / "db")
    shared = await house(nursery)
    serials = shared.metrics.gauge("pydns_zone_serial", "", "plugin", "zone").values
    old, new = (file_of(f". {{\nfile {path} {zones}\n}}") for zones in ("one.test two.test", "two.test"))
    async with trio.open_nursery() as before:
        await started(old, before, shared)
        await started(new, nursery, shared)
        assert {zone for _, zone in serials} == {"one.test.", "two.test."}
        before.cancel_scope.cancel()
    assert {zone for _, zone in serials} == {"two.test."}
    nursery.cancel_scope.cancel()


async def test_two_blocks_of_one_configuration_share_nothing(tmp_path: Path, nursery: trio.Nursery) -> None:
    path = put(tmp_path / "db")
    one, two = (file_of(f"one.test {{\nfile {path}\n}}") for _ in range(2))
    shared = await house(nursery)
    shared.generations.append(((one,), (two,)))
    for plugin in (one, two):
        plugin.house = shared
        await nursery.start(plugin.run)
    assert one.held()[0] is not two.held()[0]
    nursery.cancel_scope.cancel()


def zones_of_serial(serial: int) -> int:
    return sum(isinstance(each, Zone) and each.serial == serial for each in gc.get_objects())


async def test_a_zone_that_is_replaced_is_freed_at_once(tmp_path: Path, nursery: trio.Nursery) -> None:
    path = put(tmp_path / "db", serial=101)
    plugin = await started(file_of(f"one.test {{\nfile {path}\n}}"), nursery)
    published = Published(plugin.held()[0])
    gc.collect()
    gc.disable()  # it may be long until the collector comes by
    try:
        for serial in (102, 103, 104):
            replace(path, master(serial))
            await published.serial(serial)
            with trio.fail_after(30):
                while zones_of_serial(serial - 1):  # noqa: ASYNC110 -- nobody tells of it
                    await trio.sleep(0.01)
    finally:
        gc.enable()
    nursery.cancel_scope.cancel()
