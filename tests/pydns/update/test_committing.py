"""Updates one after the other, several in one write."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import trio
import trio.testing

from pydns.records import Rcode, Record
from pydns.update.committing import Committing
from pydns.update.entries import read_entries
from pydns.update.errors import UpdateError
from pydns.update.grants import Grant
from pydns.update.message import Update
from pydns.zone.difference import Delta
from pydns.zone.holder import Held
from pydns.zone.zone import Zone
from tests.pydns.update.messages import add, address, delete, exists, lacks
from tests.pydns.zone.zones import ORIGIN, absolute, record, soa, zone_of

ALL = (Grant(absolute("key")),)


class Disk:
    """Each write waits until it `may`; then it is kept, or fails."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.begun = 0
        self.fails = False
        self.may = threading.Event()
        self.may.set()
        self.before: Callable[[], None] = lambda: None

    def append(self, octets: bytes) -> None:
        self.begun += 1
        self.before()
        assert self.may.wait(10)
        if self.fails:
            raise OSError("no room")
        self.writes.append(octets)


class Site:
    def __init__(self, zone: Zone | None) -> None:
        self.disk = Disk()
        self.held = Held(ORIGIN)
        self.held.publish(zone)
        self.published: list[int] = []
        self.committing = Committing(self.held, self.disk.append, self._publish)

    def _publish(self, zone: Zone, delta: Delta) -> None:
        self.held.publish(zone, delta)
        self.published.append(delta.new_serial)

    async def update(self, *changes: Record, when: Record | None = None) -> int:
        """The rcode."""
        try:
            await self.committing.update(Update((when,) if when else (), changes), ALL)
        except UpdateError as error:
            return error.rcode
        return Rcode.NOERROR

    async def begun(self, count: int) -> None:
        with trio.fail_after(10):
            while self.disk.begun < count:  # noqa: ASYNC110 -- a thread begins it
                await trio.sleep(0.001)

    @property
    def zone(self) -> Zone:
        assert self.held.zone is not None
        return self.held.zone


@pytest.fixture
def site() -> Site:
    return Site(zone_of(record("www", "A", address(1))))


async def test_it_is_on_disk_and_then_in_force(site: Site) -> None:
    site.disk.before = lambda: site.published.append(0)
    assert await site.update(add("a", "A", address(2))) == Rcode.NOERROR
    assert site.published == [0, 2]
    ((delta,), _) = read_entries(site.disk.writes[0], 0)
    assert delta == Delta(soa(1), (), soa(2), (add("a", "A", address(2)),))


async def test_those_that_come_during_a_write_share_the_next(site: Site) -> None:
    site.disk.may.clear()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(site.update, add("a0", "A", address(2)))
        await site.begun(1)
        for i in range(1, 10):
            nursery.start_soon(site.update, add(f"a{i}", "A", address(2)))
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert not site.published
        site.disk.may.set()
    assert site.published == list(range(2, 12))
    assert len(site.disk.writes) == 2
    assert site.zone.serial == 11


async def test_an_update_sees_those_before_it(site: Site) -> None:
    site.disk.may.clear()
    rcodes: list[int] = []

    async def second() -> None:
        rcodes.append(await site.update(delete("www"), when=lacks("a")))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(site.update, add("a", "A", address(2)))
        await site.begun(1)
        nursery.start_soon(second)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert not rcodes  # it depends on what is not on disk yet
        site.disk.may.set()
    assert rcodes == [Rcode.YXDOMAIN]
    assert site.zone.node(absolute("www")) is not None


async def test_a_write_that_fails_changes_nothing(site: Site) -> None:
    site.disk.fails = True
    assert await site.update(add("a", "A", address(2))) == Rcode.SERVFAIL
    site.disk.fails = False
    assert await site.update(add("b", "A", address(2)), when=lacks("a")) == Rcode.NOERROR
    assert site.published == [2]


async def test_nor_do_those_that_build_on_it(site: Site) -> None:
    site.disk.may.clear()
    site.disk.fails = True
    rcodes: list[int] = []

    async def go(name: str) -> None:
        rcodes.append(await site.update(add(name, "A", address(2))))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(go, "a")
        await site.begun(1)
        nursery.start_soon(go, "b")
        nursery.start_soon(go, "c")
        await trio.testing.wait_all_tasks_blocked(0.01)
        site.disk.may.set()
    assert rcodes == [Rcode.SERVFAIL] * 3
    assert not site.published
    assert site.zone.serial == 1


async def test_who_gives_up_has_it_done_all_the_same(site: Site) -> None:
    site.disk.may.clear()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(site.update, add("a", "A", address(2)))
        await site.begun(1)
        nursery.cancel_scope.cancel()
        site.disk.may.set()
    assert site.published == [2]


async def test_the_zone_is_not_there() -> None:
    assert await Site(None).update(add("a", "A", address(2))) == Rcode.SERVFAIL


async def test_a_zone_that_comes_signed() -> None:
    signature = b"\0\6\x0d\2" + bytes(14) + b"\0" + bytes(64)
    assert await Site(zone_of(record("@", "RRSIG", signature))).update(add("a", "A", address(2))) == Rcode.REFUSED


async def test_what_changes_nothing_is_not_written(site: Site) -> None:
    assert await site.update(add("www", "A", address(1), 600), when=exists("www")) == Rcode.NOERROR
    assert not site.disk.writes


async def test_a_zone_that_cannot_be_is_refused(site: Site) -> None:
    texts = [add("a", "TXT", bytes((255,)) + bytes((i,)) * 255) for i in range(255)]
    assert await site.update(*texts) == Rcode.REFUSED
    assert await site.update(add("b", "A", address(2))) == Rcode.NOERROR


async def test_prerequisites_come_before_permission(site: Site) -> None:
    grants = (Grant(absolute("key"), name=b"", types=frozenset((16,)), save=False),)
    for when, rcode in ((exists("nobody"), Rcode.NXDOMAIN), (exists("www"), Rcode.REFUSED)):
        with pytest.raises(UpdateError) as caught:
            await site.committing.update(Update((when,), (add("a", "A", address(2)),)), grants)
        assert caught.value.rcode == rcode


async def test_many_at_once_are_all_there(site: Site) -> None:
    async with trio.open_nursery() as nursery:
        for i in range(100):
            nursery.start_soon(site.update, add(f"a{i}", "A", address(i)))
    assert site.zone.records == 102
    assert site.zone.serial == 101
    assert len(site.disk.writes) < 100
    assert site.held.history[-1].new_serial == 101
