"""Zones that come and go with the files of a folder."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
import trio

from pydns import names
from pydns.plugin import House, Turn
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.steps import letting_go
from pydns.testing import plugins_of, query
from pydns.zone.following import Following
from pydns.zone.zone import LARGE, PARTS, Zone
from pydns_plugins.auto import Auto
from tests.pydns.zone.files import house, master


def auto_of(corefile: str) -> Auto:
    (plugin,) = [each for each in plugins_of(corefile) if isinstance(each, Auto)]
    return plugin


def put(path: Path, *lines: str, serial: int = 1) -> Path:
    """By rename out of a hidden file, so that no half is seen."""
    new = path.with_name(f".{path.name}")
    new.write_text(master(serial, *lines))
    return new.replace(path)


async def started(plugin: Auto, nursery: trio.Nursery, shared: House | None = None) -> Auto:
    plugin.house = shared or await house(nursery)
    plugin.house.generations.append(((plugin,),))
    with trio.fail_after(30):
        await nursery.start(plugin.run)
    return plugin


async def until(condition: Callable[[], object]) -> None:
    """What no listener tells of: a look comes from a thread."""
    with trio.fail_after(30):
        while not condition():  # noqa: ASYNC110 -- there is no event to wait for
            await trio.sleep(0.01)


def said(plugin: Auto, name: str, type_: str = "A") -> int | None:
    reply = plugin.at_once(query(name, type_))
    if reply is Turn.NEXT:
        return None
    assert isinstance(reply, Reply)
    return reply.rcode


def zones(plugin: Auto) -> list[str]:
    return sorted(names.to_text(held.origin) for held in plugin.held())


async def test_each_file_is_a_zone(tmp_path: Path, nursery: trio.Nursery) -> None:
    put(tmp_path / "db.one.test", "www A 192.0.2.1")
    (tmp_path / "sub").mkdir()
    put(tmp_path / "sub" / "db.two.test", "www A 192.0.2.1")
    put(tmp_path / "README")
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\n}}"), nursery)
    assert zones(plugin) == ["one.test.", "two.test."]
    assert [said(plugin, name) for name in ("www.one.test", "www.two.test", "x.two.test")] == [0, 0, Rcode.NXDOMAIN]
    assert said(plugin, "www.three.test") is None
    assert plugin.ready()
    nursery.cancel_scope.cancel()


async def test_only_zones_within_the_directives_are_served(tmp_path: Path, nursery: trio.Nursery) -> None:
    for name in ("db.one.test", "db.test", "db.example"):
        put(tmp_path / name)
    plugin = await started(auto_of(f". {{\nauto one.test {{\ndirectory {tmp_path}\n}}\n}}"), nursery)
    assert zones(plugin) == ["one.test."]
    nursery.cancel_scope.cancel()


async def test_zones_come_change_and_go(tmp_path: Path, nursery: trio.Nursery) -> None:
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\n}}"), nursery)
    assert plugin.ready()
    heard: list[bytes] = []
    plugin.newcomers.append(lambda held: heard.append(held.origin))
    path = put(tmp_path / "db.one.test", "www A 192.0.2.1")
    await until(lambda: said(plugin, "www.one.test") == 0)
    put(path, "ftp A 192.0.2.1", serial=2)
    await until(lambda: said(plugin, "ftp.one.test") == 0)
    (held,) = plugin.held()
    path.unlink()
    await until(lambda: said(plugin, "www.one.test") is None)
    assert held.zone is None
    assert heard == [names.from_text("one.test")]
    assert plugin.house.metrics.gauge("pydns_zone_serial", "", "plugin", "zone").values == {}
    nursery.cancel_scope.cancel()


async def test_zones_that_a_reload_takes_away_have_no_metrics(tmp_path: Path, nursery: trio.Nursery) -> None:
    shared = await house(nursery)
    serials = shared.metrics.gauge("pydns_zone_serial", "", "plugin", "zone").values
    put(tmp_path / "db.one.test")
    put(tmp_path / "db.two.test")
    old, new = (auto_of(f". {{\nauto {zones} {{\ndirectory {tmp_path}\n}}\n}}") for zones in ("test", "two.test"))
    async with trio.open_nursery() as before:
        await started(old, before, shared)
        await started(new, nursery, shared)
        assert {zone for _, zone in serials} == {"one.test.", "two.test."}
        before.cancel_scope.cancel()
    assert {zone for _, zone in serials} == {"two.test."}
    nursery.cancel_scope.cancel()


async def test_what_is_included_may_change_while_a_zone_is_read(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, common = tmp_path / "zones", tmp_path / "common"
    folder.mkdir()
    common.write_text("old A 192.0.2.1\n")
    include = f"$INCLUDE {common}"
    put(folder / "db.one.test", include)
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {folder}\n}}\n}}"), nursery)
    go_on = trio.Event()
    look_through = Following.look_through

    async def waiting(following: Following, zone: Zone) -> None:
        if zone.origin == names.from_text("two.test"):
            await go_on.wait()
        await look_through(following, zone)

    monkeypatch.setattr(Following, "look_through", waiting)
    put(folder / "db.two.test", include)
    await until(lambda: said(plugin, "old.two.test") == 0)
    common.write_text("new A 192.0.2.1\n")
    await until(lambda: said(plugin, "new.one.test") == 0)
    go_on.set()
    await until(lambda: said(plugin, "new.two.test") == 0)
    nursery.cancel_scope.cancel()


async def test_a_large_zone_that_goes_is_let_go_in_steps(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    def note(parts: list[object]) -> Generator[None, None, None]:
        left.append(len(parts))
        return letting_go(parts)

    monkeypatch.setattr("pydns_plugins.auto.letting_go", note)
    path = put(tmp_path / "db.one.test", *(f"h{i} A 192.0.2.1" for i in range(LARGE)))
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\n}}"), nursery)
    await until(lambda: said(plugin, "h1.one.test") == 0)
    path.unlink()
    await until(lambda: left)
    assert left == [PARTS]
    assert said(plugin, "h1.one.test") is None
    nursery.cancel_scope.cancel()


async def test_a_file_that_is_back_at_once_was_never_gone(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pydns_plugins.auto.GRACE", 1000)
    path = put(tmp_path / "db.one.test", "www A 192.0.2.1")
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\n}}"), nursery)
    path.unlink()
    await until(lambda: plugin._gone)
    assert said(plugin, "www.one.test") == 0
    put(path, "ftp A 192.0.2.1", serial=2)
    await until(lambda: said(plugin, "ftp.one.test") == 0)
    assert not plugin._gone
    nursery.cancel_scope.cancel()


async def test_a_folder_that_is_gone_takes_no_zone_along(
    tmp_path: Path, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "zones"
    folder.mkdir()
    put(folder / "db.one.test", "www A 192.0.2.1")
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {folder}\n}}\n}}"), nursery)
    shutil.rmtree(folder)
    await until(lambda: "the folder cannot be read: its zones stay as they are" in caplog.text)
    assert said(plugin, "www.one.test") == 0
    folder.mkdir()
    put(folder / "db.two.test", "www A 192.0.2.1")
    await until(lambda: said(plugin, "www.two.test") == 0)
    await until(lambda: said(plugin, "www.one.test") is None)
    nursery.cancel_scope.cancel()


async def test_a_folder_may_come_later(tmp_path: Path, nursery: trio.Nursery) -> None:
    folder = tmp_path / "zones"
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {folder}\n}}\n}}"), nursery)
    assert plugin.ready()
    folder.mkdir()
    put(folder / "db.one.test")
    await until(lambda: said(plugin, "one.test", "SOA") == 0)
    nursery.cancel_scope.cancel()


async def test_the_mount_of_a_config_map_is_followed(tmp_path: Path, nursery: trio.Nursery) -> None:
    def version(number: int, *files: str) -> None:
        """As the kubelet writes it."""
        folder = tmp_path / f"..{number}"
        folder.mkdir()
        for file in files:
            (folder / file).write_text(master(number))
            if not (tmp_path / file).is_symlink():
                (tmp_path / file).symlink_to(f"..data/{file}")
        (tmp_path / "..data_tmp").symlink_to(folder.name)
        os.rename(tmp_path / "..data_tmp", tmp_path / "..data")

    def serial(name: str) -> int | None:
        found = plugin.holding(names.from_text(name))
        return found.zone.serial if found is not None and found.zone is not None else None

    version(1, "db.one.test")
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\n}}"), nursery)
    assert zones(plugin) == ["one.test."]
    version(2, "db.one.test", "db.two.test")
    await until(lambda: (serial("one.test"), serial("two.test")) == (2, 2))
    nursery.cancel_scope.cancel()


async def test_a_broken_file_leaves_its_zone_and_the_others_alone(tmp_path: Path, nursery: trio.Nursery) -> None:
    good, bad = put(tmp_path / "db.one.test"), put(tmp_path / "db.two.test")
    plugin = auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\n}}")
    bad.write_text("no zone")
    await started(plugin, nursery)
    assert plugin.ready()
    reply = plugin.at_once(query("two.test"))
    assert isinstance(reply, Reply)
    assert reply.errors == ((Ede.NOT_READY, "auto: two.test. has no good file: 1 error"),)
    good.write_text("no zone")
    put(bad)
    await until(lambda: said(plugin, "two.test", "SOA") == 0)
    assert said(plugin, "one.test", "SOA") == 0
    nursery.cancel_scope.cancel()


async def test_two_files_of_one_zone_are_told(
    tmp_path: Path, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "pydns")
    one, two, odd = tmp_path / "a.db.one.test", tmp_path / "b.db.one.test", tmp_path / "db.x..y"
    for path in (one, two, odd):
        put(path)
    (tmp_path / "self").symlink_to(".")  # what it leads to is no other file
    corefile = f". {{\nauto {{\ndirectory {tmp_path}\n}}\nauto {{\ndirectory {tmp_path}\n}}\n}}"
    plugin = await started(auto_of(corefile), nursery)
    assert zones(plugin) == ["one.test."]
    assert plugin.following[names.from_text("one.test")].file.path == str(one)
    assert {record.getMessage() for record in caplog.records} == {
        f"{two}: one.test. is read from {one} already",
        f"{one}: one.test. is another auto directive's already",
        f"{odd}: its name gives no zone: empty label in 'x..y'",
    }
    one.unlink()  # then the other one's turn has come
    await until(lambda: plugin.following[names.from_text("one.test")].file.path == str(two))
    assert said(plugin, "one.test", "SOA") == 0
    nursery.cancel_scope.cancel()


async def test_what_a_zone_includes_is_followed(tmp_path: Path, nursery: trio.Nursery) -> None:
    (tmp_path / "zones").mkdir()
    common = tmp_path / "common"
    common.write_text("www A 192.0.2.1\n")
    for zone in ("one", "two"):
        put(tmp_path / "zones" / f"db.{zone}.test", "$INCLUDE ../common")
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}/zones\n}}\n}}"), nursery)
    assert [said(plugin, f"www.{zone}.test") for zone in ("one", "two")] == [0, 0]
    new = tmp_path / "common.new"
    new.write_text("ftp A 192.0.2.1\n")
    new.replace(common)
    await until(lambda: [said(plugin, f"ftp.{zone}.test") for zone in ("one", "two")] == [0, 0])
    nursery.cancel_scope.cancel()


async def test_fallthrough_is_a_directives_own(tmp_path: Path, nursery: trio.Nursery) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        put(tmp_path / folder / f"db.{folder}.test")
    corefile = f". {{\nauto {{\ndirectory {tmp_path}/a\nfallthrough\n}}\nauto {{\ndirectory {tmp_path}/b\n}}\n}}"
    plugin = await started(auto_of(corefile), nursery)
    assert (said(plugin, "x.a.test"), said(plugin, "x.b.test")) == (None, Rcode.NXDOMAIN)
    nursery.cancel_scope.cancel()


async def test_reload_0_reads_once(tmp_path: Path, nursery: trio.Nursery) -> None:
    put(tmp_path / "db.one.test")
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}\nreload 0\n}}\n}}"), nursery)
    assert zones(plugin) == ["one.test."]
    assert not plugin.house.files._follows
    nursery.cancel_scope.cancel()


async def test_a_reload_goes_on_with_what_was_read(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "db.one.test", serial=5)
    old = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\n}}"), nursery)
    monkeypatch.setattr("pydns.zone.loader.read_zone", None)  # nothing is read again
    new = await started(auto_of(f"test {{\nhosts\nauto {{\ndirectory {tmp_path}\n}}\n}}"), nursery, old.house)
    assert new.held() == old.held()
    assert said(new, "one.test", "SOA") == 0
    nursery.cancel_scope.cancel()


async def test_a_file_that_cannot_be_read_is_tried_again(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydns.zone import loader

    monkeypatch.setattr("pydns_plugins.auto.RETRY", 0.01)
    failures = iter(range(3))
    read_file = loader.read_file

    def fail(path: str) -> bytes:
        if next(failures, None) is not None:
            raise OSError(5, "Input/output error")
        return read_file(path)

    monkeypatch.setattr(loader, "read_file", fail)
    put(tmp_path / "db.one.test")
    plugin = await started(auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\n}}"), nursery)
    await until(lambda: said(plugin, "one.test", "SOA") == 0)
    nursery.cancel_scope.cancel()


def test_files_are_examined(tmp_path: Path) -> None:
    bad = tmp_path / "db.one.test"
    bad.write_text(master(1, "x A y"))
    put(tmp_path / "db.two.test")
    plugin = auto_of(f". {{\nauto {{\ndirectory {tmp_path}\n}}\nauto {{\ndirectory {tmp_path}/none\n}}\n}}")
    assert [str(fault) for fault in plugin.examine()] == [
        f"{bad}:4:5: A, the address: 'y' is no IPv4 address",
        f"{tmp_path}/none: warning: the folder cannot be read",
    ]
