"""A zone follows its files."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trio
import trio.testing

from pydns.records import Rcode
from pydns.reply import Reply
from pydns.testing import query
from pydns.zone.following import Following
from pydns.zone.loader import ZoneFile
from tests.pydns.zone.files import Published, house, master, replace
from tests.pydns.zone.test_plugin import Zones
from tests.pydns.zone.zones import ORIGIN, absolute


class Followed:
    def __init__(self, path: Path, plugin: Zones) -> None:
        self.path = path
        self.plugin = plugin
        self.held = plugin.hold(ORIGIN)
        self.file = ZoneFile(path, ORIGIN)
        self.published = Published(self.held)
        self.tried = trio.Event()

    async def run(self, *, every: float = 1.0, mind_serial: bool = True) -> None:
        following = Following(self.plugin, self.held, self.file, mind_serial=mind_serial)
        await following.run(every, self.tried.set)

    def rcode(self, name: str) -> int:
        reply = self.plugin.at_once(query(name))
        assert isinstance(reply, Reply)
        return reply.rcode

    def metric(self, name: str) -> float:
        return self.plugin.house.metrics.gauge(name, "", "plugin", "zone").value("zones", "example.org.")


@pytest.fixture
async def following(nursery: trio.Nursery, tmp_path: Path) -> Followed:
    plugin = Zones()
    plugin.house = await house(nursery)
    path = tmp_path / "db"
    path.write_text(master(1))
    return Followed(path, plugin)


async def started(following: Followed, nursery: trio.Nursery, **options: bool) -> None:
    nursery.start_soon(lambda: following.run(**options))
    with trio.fail_after(30):
        await following.tried.wait()


async def test_it_is_loaded_and_followed(following: Followed, nursery: trio.Nursery) -> None:
    await started(following, nursery)
    assert following.rcode("www.example.org") == Rcode.NXDOMAIN
    replace(following.path, master(2, "www A 192.0.2.1"))
    await following.published.serial(2)
    assert following.rcode("www.example.org") == Rcode.NOERROR
    nursery.cancel_scope.cancel()


async def test_what_changed_is_told_in_the_same_step(following: Followed, nursery: trio.Nursery) -> None:
    await started(following, nursery)
    changes = following.plugin.house.changes
    epoch = changes.epoch
    replace(following.path, master(2, "www A 192.0.2.1"))
    await following.published.serial(2)
    assert changes.touched_since(epoch, [absolute("www")])
    assert not changes.touched_since(epoch, [absolute("ftp")])
    nursery.cancel_scope.cancel()


async def test_a_bad_file_leaves_the_zone_in_force(following: Followed, nursery: trio.Nursery) -> None:
    await started(following, nursery)
    replace(following.path, "nonsense\n")
    with trio.fail_after(30):
        while not following.file.complaint:  # noqa: ASYNC110 -- it publishes nothing to wait for
            await trio.sleep(0.01)
    assert following.rcode("example.org") == Rcode.NOERROR
    nursery.cancel_scope.cancel()


async def test_a_file_that_is_not_there_may_come(following: Followed, nursery: trio.Nursery) -> None:
    following.path.unlink()
    await started(following, nursery)
    assert following.rcode("example.org") == Rcode.SERVFAIL
    replace(following.path, master(5))
    await following.published.serial(5)
    nursery.cancel_scope.cancel()


async def test_what_is_included_is_followed(following: Followed, nursery: trio.Nursery) -> None:
    hosts = following.path.with_name("hosts")
    hosts.write_text("a A 192.0.2.1\n")
    following.path.write_text(master(1, "$INCLUDE hosts"))
    await started(following, nursery)
    replace(hosts, "b A 192.0.2.1\n")
    await following.published.until(lambda: following.rcode("b.example.org") == Rcode.NOERROR)
    assert following.rcode("a.example.org") == Rcode.NXDOMAIN
    nursery.cancel_scope.cancel()


async def test_the_target_of_a_symlink_may_be_swapped(following: Followed, nursery: trio.Nursery) -> None:
    volume = following.path.parent
    for stamp, serial in (("1", 1), ("2", 2)):
        (volume / stamp).mkdir()
        (volume / stamp / "db").write_text(master(serial))
    (volume / "..data").symlink_to("1")
    following.path.unlink()
    following.path.symlink_to("..data/db")
    await started(following, nursery)
    (volume / "..data_tmp").symlink_to("2")
    (volume / "..data_tmp").rename(volume / "..data")
    await following.published.serial(2)
    nursery.cancel_scope.cancel()


async def test_without_a_duration_it_is_read_once(following: Followed) -> None:
    with trio.fail_after(30):
        await following.run(every=0)
    assert following.rcode("example.org") == Rcode.NOERROR


@pytest.mark.parametrize(
    ("serial", "mind", "told"),
    [
        (7, True, "has changed and its serial 7 has not"),
        (5, True, "went back from 7 to 5"),
        (7, False, None),
        (8, True, None),
    ],
)
async def test_a_serial_that_does_not_grow_is_told(
    following: Followed,
    nursery: trio.Nursery,
    caplog: pytest.LogCaptureFixture,
    serial: int,
    mind: bool,
    told: str | None,
) -> None:
    following.path.write_text(master(7))
    await started(following, nursery, mind_serial=mind)
    replace(following.path, master(serial, "www A 192.0.2.1"))
    await following.published.until(lambda: following.rcode("www.example.org") == Rcode.NOERROR)
    await trio.testing.wait_all_tasks_blocked(0.01)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert ([] if told is None else [True]) == [told in warning for warning in warnings if told is not None]
    nursery.cancel_scope.cancel()


async def test_metrics_tell_of_it(following: Followed, nursery: trio.Nursery) -> None:
    await started(following, nursery)
    assert following.metric("pydns_zone_serial") == 1
    assert following.metric("pydns_zone_records") == 2
    assert following.metric("pydns_zone_faults") == 0
    assert following.metric("pydns_zone_loaded_timestamp_seconds") == following.file.loaded
    nursery.cancel_scope.cancel()


async def test_metrics_tell_of_a_bad_file(following: Followed, nursery: trio.Nursery) -> None:
    following.path.write_text(master(1, "www A x"))
    await started(following, nursery)
    assert following.metric("pydns_zone_faults") == 1
    assert following.metric("pydns_zone_complaints") == 1
    nursery.cancel_scope.cancel()
