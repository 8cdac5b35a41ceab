"""What is known outlives the process, in a file: it is answered where the API is lost at the start."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from pydns.names import from_text
from pydns.plugin import House
from pydns.records import Ede
from pydns_plugins.kubernetes import Kubernetes
from pydns_plugins.kubernetes import snapshot as module
from tests.plugins.asking import block, directives
from tests.plugins.kubernetes.conftest import Ask
from tests.pydns.cluster.shown import data
from tests.pydns.kubernetes.standin import MemoryTransport, StandIn

NAME = "web.default.svc.cluster.local"
OPTIONS = ("endpoint http://api.test", "pods verified", "startup_timeout 3s")


@pytest.fixture
def standin() -> StandIn:
    found = StandIn()
    found.load_recording()
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cluster.snapshot"


@pytest.fixture(autouse=True)
def work_at_once(monkeypatch: pytest.MonkeyPatch, libraries_are_there: None) -> None:
    """A clock that jumps does not wait for threads."""

    async def run_sync(function: object, *args: object, **more: object) -> object:
        await trio.lowlevel.checkpoint()
        return function(*args)  # type: ignore[operator]  # it is one

    monkeypatch.setattr(trio.to_thread, "run_sync", run_sync)


@pytest.fixture
def clock() -> MockClock:
    return MockClock(autojump_threshold=0)


def parse(standin: StandIn, file: Path, *options: str) -> Kubernetes:
    lines = "".join(f"\n  {option}" for option in (*OPTIONS, f"snapshot {file}", *options))
    (found,) = Kubernetes.parse(directives(f"kubernetes cluster.local in-addr.arpa{lines}"), block())
    found.transport = lambda: MemoryTransport(standin)
    found.house = House()
    return found


async def run_for(seconds: float, plugin: Kubernetes) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(plugin.run)
        await trio.sleep(seconds)
        nursery.cancel_scope.cancel()


def gauge(plugin: Kubernetes, name: str) -> float:
    list(plugin.house.metrics.read())
    return plugin.house.metrics.gauge(name, "", "source").value("http://api.test")


async def test_a_restart_without_the_api_answers(
    standin: StandIn, file: Path, nursery: trio.Nursery, ask: Ask, clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    await run_for(1, parse(standin, file))
    age(file, 500)
    standin.down = True
    plugin = parse(standin, file)
    heard: list[object] = []
    plugin.listeners.append(heard.append)
    await nursery.start(plugin.run)
    assert trio.current_time() == pytest.approx(4)
    assert [data(each) for each in (await ask(plugin, NAME)).answer] == ["10.96.1.10"]
    assert (await ask(plugin, "10-244-0-21.default.pod.cluster.local")).answer
    assert plugin.ready()
    assert heard == [None]
    assert gauge(plugin, "pydns_kubernetes_age_seconds") == pytest.approx(500, abs=60)
    assert "cluster.snapshot, 500 s old" in caplog.text.replace("501", "500")
    standin.delete("services", "default", "web")
    standin.down = False
    epoch = plugin.house.changes.epoch
    await trio.sleep(5)
    assert not (await ask(plugin, NAME)).answer
    assert plugin.house.changes.touched_since(epoch, [from_text(NAME)])
    assert gauge(plugin, "pydns_kubernetes_age_seconds") == 0


async def test_it_is_written_once_a_minute_at_most_and_marked_as_true(
    standin: StandIn, file: Path, nursery: trio.Nursery, clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[float] = []
    marked: list[float] = []
    replace, utime = os.replace, os.utime
    monkeypatch.setattr(module.os, "replace", lambda *args: (written.append(trio.current_time()), replace(*args)))
    monkeypatch.setattr(module.os, "utime", lambda path: (marked.append(trio.current_time()), utime(path)))
    standin.bookmarks = 10
    plugin = parse(standin, file)
    await nursery.start(plugin.run)
    for i in range(100):
        standin.put("namespaces", {"metadata": {"name": f"n{i}"}})
        await trio.sleep(1)
    await trio.sleep(210)
    assert written == [pytest.approx(each, abs=2) for each in (0, 60, 120)]
    assert marked == [pytest.approx(each, abs=2) for each in (240, 300)]
    assert gauge(plugin, "pydns_kubernetes_snapshot_timestamp_seconds") == pytest.approx(time.time(), abs=60)
    standin.down = True
    standin.cut()
    await trio.sleep(300)
    assert len(marked) <= 3  # what is not heard is not said to be true
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def damaged(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"service"', b'"Service"', 1))


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-300])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def removed(file: Path) -> None:
    file.unlink()


def age(file: Path, seconds: float) -> None:
    os.utime(file, (time.time() - seconds,) * 2)


@pytest.mark.parametrize(("harm", "options", "told"), [
    (damaged, (), "is damaged, or was not written to its end"),
    (cut_off, (), "is damaged, or was not written to its end"),
    (emptied, (), "is damaged, or was not written to its end"),
    (removed, (), "cannot be read: No such file or directory"),
    (lambda _: None, ("endpoint_pod_names",), "was written by another version, or for other options"),
    (lambda _: None, ("labels a=b",), "was written by another version, or for other options"),
])  # fmt: skip
async def test_a_file_that_cannot_be_used_is_told(
    harm: object, options: tuple[str, ...], told: str, standin: StandIn, file: Path, nursery: trio.Nursery, ask: Ask,
    clock: MockClock, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    await run_for(1, parse(standin, file))
    harm(file)  # type: ignore[operator]  # it is a function
    standin.down = True
    plugin = parse(standin, file, *options)
    await nursery.start(plugin.run)
    assert (await ask(plugin, NAME)).errors[0][0] == Ede.NOT_READY
    assert told in caplog.text


async def test_one_that_cannot_be_written_is_told_once(
    standin: StandIn, tmp_path: Path, nursery: trio.Nursery, ask: Ask, clock: MockClock,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    plugin = parse(standin, tmp_path / "none" / "file")
    await nursery.start(plugin.run)
    await trio.sleep(300)
    assert caplog.text.count("cannot be written") == 1
    assert (await ask(plugin, NAME)).answer


async def test_what_an_heir_has_is_newer_than_the_file(
    standin: StandIn, file: Path, nursery: trio.Nursery, ask: Ask, clock: MockClock
) -> None:
    old = parse(standin, file)
    await run_for(1, old)
    emptied(file)
    standin.down = True
    new = parse(standin, file)
    new.inherit(old)
    await nursery.start(new.run)
    assert (await ask(new, NAME)).answer
