"""A services file that changes under a running watcher."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trio

from pydns.names import from_text
from pydns.plugin import House
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.kubernetes.conftest import Ask, Parse, Start
from tests.pydns.cluster.shown import data

IN_TIME = 2.0  # seconds in which a change is answered, on a machine that is busy


def change(file: Path, old: str, new: str) -> None:
    """As editors do it: another file, renamed over the first."""
    text = file.read_text()
    assert old in text
    beside = file.with_name("beside")
    beside.write_text(text.replace(old, new))
    beside.replace(file)


def modified(file: Path) -> float:
    return file.stat().st_mtime_ns / 1e9


async def answers(ask: Ask, plugin: Kubernetes, name: str, *expected: str) -> None:
    """Waits until `name` has these addresses."""

    async def found() -> list[str]:
        return [data(record) for record in (await ask(plugin, f"{name}.cluster.local")).answer]

    with trio.fail_after(IN_TIME):
        while await found() != [*expected]:  # noqa: ASYNC110 -- nothing tells of an answer that is to come
            await trio.sleep(0.01)


async def test_a_change_is_answered_and_tells_which_answers_are_old(
    started: Start, ask: Ask, file: Path, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    plugin = await started()
    epoch = house.changes.epoch
    change(file, "10.96.1.20", "10.96.1.21")
    await answers(ask, plugin, "idle.shop.svc", "10.96.1.21")

    def touched(name: str) -> bool:
        return house.changes.touched_since(epoch, [from_text(name)])

    assert touched("idle.shop.svc.cluster.local")
    assert touched("_x._tcp.idle.shop.svc.cluster.local")
    assert touched("20.1.96.10.in-addr.arpa")
    assert touched("21.1.96.10.in-addr.arpa")
    assert not touched("web.shop.svc.cluster.local")
    assert f"{file}: 4 namespaces, 18 services, 17 endpoints, 3 pods (+1 -1)" in caplog.messages


async def test_a_name_that_was_denied_is_answered_once_it_is_there(started: Start, ask: Ask, file: Path) -> None:
    plugin = await started()
    await answers(ask, plugin, "new.fresh.svc")
    change(file, "[pods.shop]", '[services.fresh.new]\ncluster_ip = "10.96.7.7"\n\n[pods.shop]')
    await answers(ask, plugin, "new.fresh.svc", "10.96.7.7")
    change(file, "[services.fresh.new]", "[services.fresh.old]")
    await answers(ask, plugin, "new.fresh.svc")


async def test_metrics_count_what_there_is(started: Start, ask: Ask, file: Path, house: House) -> None:
    plugin = await started()
    await answers(ask, plugin, "idle.shop.svc", "10.96.1.20")
    objects = house.metrics.gauge("pydns_kubernetes_objects", "", "source", "kind")
    kinds = ("namespaces", "services", "endpoints", "pods")
    assert [objects.value(str(file), kind) for kind in kinds] == [4, 18, 17, 3]
    changes = house.metrics.counter("pydns_kubernetes_changes_total", "", "source", "change")
    assert (changes.value(str(file), "added"), changes.value(str(file), "removed")) == (38, 0)
    timestamp = house.metrics.gauge("pydns_kubernetes_modified_timestamp_seconds", "", "source")
    assert timestamp.value(str(file)) == modified(file)


async def test_an_heir_answers_at_once_and_follows_on(
    started: Start, parse: Parse, ask: Ask, file: Path, house: House, nursery: trio.Nursery
) -> None:
    old = await started()
    heir = parse()
    heir.house = house
    heir.inherit(old)
    assert heir.ready()
    await answers(ask, heir, "idle.shop.svc", "10.96.1.20")
    await nursery.start(heir.run)
    epoch = house.changes.epoch
    change(file, "10.96.1.20", "10.96.1.21")
    await answers(ask, heir, "idle.shop.svc", "10.96.1.21")
    await answers(ask, old, "idle.shop.svc", "10.96.1.21")
    assert not house.changes.touched_since(epoch, [from_text("web.shop.svc.cluster.local")])
