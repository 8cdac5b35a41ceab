"""One zone and its primaries, which are asked over real sockets while the clock jumps."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from pydns.records import Type
from pydns.transfer.directory import Directory
from pydns.transfer.incoming import Limits
from pydns.transfer.timers import LEAST_REFRESH, LEAST_RETRY
from pydns_plugins.secondary.keeper import BREATH, QUIET, ROUNDS
from tests.plugins.secondary.site import Site, running, until_asked
from tests.pydns.transfer.messages import a, soa
from tests.pydns.transfer.primary import zone
from tests.pydns.transfer.test_packed import zone_of

SOA, AXFR, IXFR = Type.SOA, Type.AXFR, Type.IXFR
WWW = a("www.example.org")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    async with site.peers[0].running(), site.peers[1].running():
        yield site


async def test_a_zone_comes_at_once(quick_clock: MockClock, site: Site) -> None:
    site.peers[0].zone = zone(1)
    async with running(site.keeper()) as keeper:
        await keeper.tried.wait()
        await site.until_published(1)
    assert site.checks() == {"axfr": 1}


async def test_it_is_asked_for_again_when_that_is_due(quick_clock: MockClock, site: Site) -> None:
    site.peers[0].zone = zone(1)
    async with running(site.keeper()):
        await site.until_published(1)
        began = trio.current_time()
        site.peers[0].zone = zone(2)
        await site.until_published(2)
        assert 5400 <= trio.current_time() - began <= 7200 + BREATH
    assert site.peers[0].asked == [AXFR, SOA, IXFR, AXFR]


async def test_what_changed_comes_by_ixfr(quick_clock: MockClock, site: Site) -> None:
    peer = site.peers[0]
    peer.zone = zone(1)
    async with running(site.keeper()):
        await site.until_published(1)
        peer.zone, peer.changes = zone(2, WWW), [soa(2), soa(1), soa(2), WWW, soa(2)]
        await site.until_published(2)
    assert site.published[-1].rrset(WWW.owner, Type.A) is not None
    assert site.checks() == {"axfr": 1, "ixfr": 1}


async def test_a_notify_has_it_asked_for_now(quick_clock: MockClock, site: Site) -> None:
    peer = site.peers[0]
    peer.zone = zone(1)
    async with running(site.keeper()) as keeper:
        await site.until_published(1)
        began = trio.current_time()
        peer.zone = zone(2)
        assert keeper.notified(2, "127.0.0.1")
        await site.until_published(2)
        assert trio.current_time() - began <= 2 * BREATH


@pytest.mark.parametrize("when", ["before", "while it asks", "after"])
async def test_a_notify_about_a_reload_is_not_lost(when: str, quick_clock: MockClock, site: Site) -> None:
    peer = site.peers[0]
    peer.zone = zone(1)
    heir = site.keeper()
    async with running(site.keeper()) as keeper:
        await site.until_published(1)
        await trio.sleep(60)
        peer.zone, peer.silent = zone(2), True
        if when != "after":
            keeper.notified(2, "127.0.0.1")
        if when == "while it asks":
            await until_asked(peer, 2)
        heir.inherit(keeper)
        if when == "after":
            keeper.notified(2, "127.0.0.1")
    peer.silent = False
    async with running(heir):
        began = trio.current_time()
        await site.until_published(2)
        assert trio.current_time() - began <= 2 * BREATH


async def test_what_a_notify_told_of_is_tried_again_soon(quick_clock: MockClock, site: Site) -> None:
    peer = site.peers[0]
    peer.zone = zone(1)
    async with running(site.keeper()) as keeper:
        await site.until_published(1)
        peer.zone = None
        keeper.notified(2, "127.0.0.1")
        await until_asked(peer, 1 + 2 * ROUNDS)  # the SOA over UDP and over TCP, each time
        peer.zone = zone(2)
        began = trio.current_time()
        await site.until_published(2)
        assert trio.current_time() - began < 3


@pytest.mark.parametrize(("tries", "told"), [(QUIET, False), (QUIET + 1, True)])
async def test_a_missing_key_is_looked_for_soon(
    tries: int, told: bool, quick_clock: MockClock, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.peers[0].zone = zone(1)
    async with running(site.keeper()) as keeper:
        await site.until_published(1)
        site.peers[0].zone = zone(2)
        site.keyless = tries
        keeper.notified(2, "127.0.0.1")
        began = trio.current_time()
        await site.until_published(2)
        assert trio.current_time() - began < 10
    assert ("no primary gives it: no key" in caplog.text) is told


async def test_a_notify_of_what_we_have_asks_nobody(quick_clock: MockClock, site: Site) -> None:
    site.peers[0].zone = zone(2)
    async with running(site.keeper()) as keeper:
        await site.until_published(2)
        assert not keeper.notified(2, "127.0.0.1")
        assert not keeper.notified(1, "127.0.0.1")
        await trio.sleep(60)
    assert site.peers[0].asked == [AXFR]


async def test_many_notifies_are_few_questions(quick_clock: MockClock, site: Site) -> None:
    peer = site.peers[0]
    peer.zone = zone(1)
    async with running(site.keeper()) as keeper:
        await site.until_published(1)
        for _ in range(100):
            for _ in range(10):
                keeper.notified(None, "127.0.0.1")
            await trio.sleep(0.01)
        await trio.sleep(10)
    assert 1 <= peer.asked.count(SOA) <= 4


async def test_the_next_primary_is_asked_where_one_fails(quick_clock: MockClock, site: Site) -> None:
    site.peers[1].zone = zone(1)
    async with running(site.keeper(peers=2)):
        await site.until_published(1)
        site.peers[1].zone = zone(2)
        await site.until_published(2)  # of the one that was good
    assert site.peers[0].asked == [AXFR]


async def test_many_zones_do_not_wait_in_turn_for_a_silent_primary(quick_clock: MockClock, site: Site) -> None:
    site.peers[0].silent = True
    site.peers[1].zone = zone(1)
    keepers = [site.keeper(peers=2) for _ in range(20)]
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for keeper in keepers:
            nursery.start_soon(keeper.run)
        for keeper in keepers:
            await keeper.tried.wait()
        nursery.cancel_scope.cancel()
    assert len(site.published) == 20
    assert trio.current_time() - began <= Limits().idle + 1  # as long as one takes to give it up


async def test_one_that_is_behind_the_notify_leaves_it_to_the_next(quick_clock: MockClock, site: Site) -> None:
    site.peers[0].zone = site.peers[1].zone = zone(1)
    async with running(site.keeper(peers=2)) as keeper:
        await site.until_published(1)
        site.peers[1].zone = zone(2)
        keeper.notified(2, "192.0.2.1")
        await site.until_published(2)
    assert site.peers[0].asked == [AXFR, SOA]


async def test_an_older_zone_is_not_taken(quick_clock: MockClock, site: Site) -> None:
    site.peers[0].zone = zone(5)
    async with running(site.keeper()) as keeper:
        await site.until_published(5)
        site.peers[0].zone = zone(4)
        keeper.notified(None, "127.0.0.1")
        await until_asked(site.peers[0], 2)
        await trio.sleep(1)
        assert keeper.zone is not None
        assert keeper.zone.serial == 5
    assert site.checks().keys() == {"axfr", "failed"}


async def test_an_older_zone_is_better_than_one_that_has_expired(quick_clock: MockClock, site: Site) -> None:
    """As for NSD, Knot and BIND: a primary that was built anew may count from one again."""
    site.peers[0].zone = zone(5)
    async with running(site.keeper()) as keeper:
        await site.until_published(5)
        site.peers[0].zone = zone(1)
        keeper.expire()
        keeper.notified(None, "127.0.0.1")
        await site.until_published(1)
        await trio.sleep(1)
        assert not keeper.expired


async def test_without_a_zone_it_is_tried_again_soon(
    quick_clock: MockClock, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(site.keeper()) as keeper:
        await keeper.tried.wait()
        await trio.sleep(60)
        assert 6 <= len(site.peers[0].asked) <= 20
        site.peers[0].zone = zone(1)
        await site.until_published(1)
    told = [record for record in caplog.records if "no primary gives it" in record.message]
    assert len(told) == 1
    assert "REFUSED" in told[0].message


async def test_a_failure_is_tried_again_after_the_retry_time(quick_clock: MockClock, site: Site) -> None:
    zeros = soa(1).rdata[:-20] + b"".join(number.to_bytes(4) for number in (1, 0, 0, 0, 0))
    site.peers[0].zone = [soa(1)._replace(rdata=zeros)]
    async with running(site.keeper()) as keeper:
        await site.until_published(1)
        site.peers[0].zone = None
        began = trio.current_time()
        await until_asked(site.peers[0], 6)  # the zone, then thrice its SOA, over UDP and over TCP
        assert trio.current_time() - began >= 0.75 * (LEAST_REFRESH + 2 * LEAST_RETRY)
        assert keeper.expires - began <= LEAST_REFRESH + LEAST_RETRY


async def test_an_expired_zone_is_served_again_once_it_is_confirmed(quick_clock: MockClock, site: Site) -> None:
    site.peers[0].zone = zone(1)
    async with running(site.keeper()) as keeper:
        await site.until_published(1)
        keeper.expire()
        keeper.notified(None, "127.0.0.1")
        await until_asked(site.peers[0], 2)
        await trio.sleep(1)
        assert not keeper.expired
    assert [each.serial for each in site.published] == [1, 1]
    assert site.checks() == {"axfr": 1, "current": 1}


@pytest.mark.parametrize("serial", [3, 2])
async def test_a_primary_that_comes_back_is_asked_for_what_has_expired(
    serial: int, quick_clock: MockClock, site: Site
) -> None:
    site.peers[0].zone = zone(3)
    async with running(site.keeper()) as keeper:
        await site.until_published(3)
        site.published.clear()
        keeper.expire()
        site.peers[0].zone = zone(serial)
        began = trio.current_time()
        assert keeper.notified(serial, "127.0.0.1")
        await site.until_published(serial)
        assert trio.current_time() - began <= 2 * BREATH


async def test_it_is_kept_on_disk_and_served_from_there(quick_clock: MockClock, site: Site, tmp_path: Path) -> None:
    site.peers[0].zone = zone(3, WWW)
    async with running(site.keeper(tmp_path)):
        await site.until_published(3)
        while not (tmp_path / "example.org.zone").exists():  # noqa: ASYNC110 -- nobody tells of it
            await trio.sleep(0.1)
    site.peers[0].zone = None
    site.published.clear()
    async with running(site.keeper(tmp_path)) as keeper:
        await site.until_published(3)
        assert keeper.tried.is_set()
        await until_asked(site.peers[0], 2)
    assert site.peers[0].asked[1] == SOA


async def test_another_zone_of_the_same_serial_is_kept_too(quick_clock: MockClock, site: Site, tmp_path: Path) -> None:
    keeper = site.keeper(tmp_path)
    site.peers[0].zone = zone(1)
    async with running(keeper):
        await site.until_published(1)
        await keeper._take_up(zone_of(WWW), None)
        while keeper._saving.due < float("inf"):  # noqa: ASYNC110 -- nobody tells of it
            await trio.sleep(0.1)
    kept = await Directory(tmp_path).load(zone_of().origin)
    assert kept is not None
    assert kept.zone.rrset(WWW.owner, Type.A) is not None


async def test_what_expired_on_disk_is_not_served_until_it_is_confirmed(
    quick_clock: MockClock, site: Site, tmp_path: Path
) -> None:
    await Directory(tmp_path).save(zone_of(WWW), time.time() - 1209600 - 10)
    keeper = site.keeper(tmp_path)
    await keeper.begin()
    assert keeper.expired
    assert not site.published
    site.peers[0].zone = [soa(1)]
    async with running(keeper):
        await site.until_published(1)
    assert site.checks() == {"current": 1}


async def test_a_time_on_disk_that_is_yet_to_come_does_not_lengthen_its_life(
    quick_clock: MockClock, site: Site, tmp_path: Path
) -> None:
    await Directory(tmp_path).save(zone_of(WWW), time.time() + 10**7)
    keeper = site.keeper(tmp_path)
    await keeper.begin()
    assert keeper.expires - trio.current_time() <= 1209600


async def test_who_takes_over_asks_when_that_is_due(quick_clock: MockClock, site: Site) -> None:
    site.peers[0].zone = zone(1)
    async with running(site.keeper()) as old:
        await site.until_published(1)
        await trio.sleep(1)
    for metric in site.metrics.read():
        metric.values.clear()  # type: ignore[union-attr]  # it is no histogram
    new = site.keeper()
    new.inherit(old)
    assert new.tried.is_set()
    assert new.expires == site.expires
    assert site.metrics.gauge("pydns_secondary_serial", "", "zone").values == {("example.org.",): 1}
    async with running(new):
        await trio.sleep(60)
    assert site.peers[0].asked == [AXFR]


async def test_a_fault_of_ours_is_told_and_tried_again(
    quick_clock: MockClock, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.peers[0].zone = zone(1)
    site.fault = ZeroDivisionError()
    async with running(site.keeper()):
        await site.until_published(1)
    assert "ZeroDivisionError" in caplog.text


async def test_of_a_zone_that_goes_all_parts_are_left_to_be_let_go(site: Site) -> None:
    keeper = site.keeper()
    keeper.zone = zone_of(WWW)
    parts = list(keeper.zone.parts)
    assert keeper.left() == parts
    assert keeper.zone is None
