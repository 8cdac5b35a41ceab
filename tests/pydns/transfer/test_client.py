"""Asking a primary over real sockets on loopback."""

from __future__ import annotations

from random import Random

import pytest
import trio
from trio.testing import MockClock

from pydns.names import from_text
from pydns.records import Type
from pydns.transfer.client import ask_soa, transfer
from pydns.transfer.errors import TransferError
from pydns.transfer.incoming import Limits, Style
from pydns.tsig.key import Key
from pydns.zone.zone import Zone
from tests.pydns.transfer.messages import ORIGIN, a, soa
from tests.pydns.transfer.primary import FakePrimary, zone

WWW, MAIL = a("www.example.org"), a("mail.example.org", 2)
KEY = Key.from_text("key.example", "c2VjcmV0")
OTHER = Key.from_text("key.example", "b3RoZXI=")


async def test_the_serial_is_asked_over_udp() -> None:
    async with FakePrimary().running() as peer:
        peer.zone = zone(7)
        assert (await ask_soa(peer.primary(), ORIGIN)).serial == 7
        assert peer.asked == [Type.SOA]


async def test_a_primary_may_have_an_ipv6_address() -> None:
    async with FakePrimary("::1").running() as peer:
        peer.zone = zone(7)
        assert (await ask_soa(peer.primary(), ORIGIN)).serial == 7
        assert (await transfer(peer.primary(), ORIGIN, None)).serial == 7


async def test_a_cut_answer_is_asked_for_over_tcp() -> None:
    async with FakePrimary().running() as peer:
        peer.zone, peer.cut = zone(7), True
        assert (await ask_soa(peer.primary(), ORIGIN)).serial == 7
        assert peer.asked == [Type.SOA, Type.SOA]


async def test_a_silent_primary_is_asked_again_and_then_given_up(quick_clock: MockClock) -> None:
    async with FakePrimary().running() as peer:
        peer.silent = True
        with pytest.raises(TransferError, match="nothing came"):
            await ask_soa(peer.primary(), ORIGIN)
        assert peer.asked == [Type.SOA] * 4


async def test_a_primary_that_answers_over_tcp_alone_is_asked_there() -> None:
    async with FakePrimary().running() as peer:
        peer.zone, peer.refuses_udp = zone(7), True
        assert (await ask_soa(peer.primary(), ORIGIN)).serial == 7
        assert peer.asked == [Type.SOA, Type.SOA]


async def test_a_primary_behind_a_firewall_that_rejects_udp_is_asked_over_tcp() -> None:
    peer = FakePrimary()
    peer.has_udp = False
    async with peer.running():
        peer.zone = zone(7)
        assert (await ask_soa(peer.primary(), ORIGIN)).serial == 7
        assert peer.asked == [Type.SOA]


async def test_a_primary_that_refuses_is_told() -> None:
    async with FakePrimary().running() as peer:
        with pytest.raises(TransferError, match="REFUSED"):
            await ask_soa(peer.primary(), ORIGIN)
        with pytest.raises(TransferError, match="does it allow us"):
            await transfer(peer.primary(), ORIGIN, None)


async def test_nobody_there_is_told() -> None:
    async with FakePrimary().running() as peer:
        gone = peer.primary()
    for asking in (ask_soa(gone, ORIGIN), transfer(gone, ORIGIN, None)):
        with pytest.raises(TransferError, match="refused"):
            await asking


async def whole(peer: FakePrimary) -> Zone:
    found = (await transfer(peer.primary(), ORIGIN, None)).zone
    assert found is not None
    return found


async def test_a_whole_zone_comes_by_axfr() -> None:
    async with FakePrimary().running() as peer:
        peer.zone = zone(7, WWW)
        found = await whole(peer)
        assert (found.serial, found.records) == (7, 3)
        assert found.rrset(WWW.owner, Type.A) is not None


async def test_changes_come_by_ixfr() -> None:
    async with FakePrimary().running() as peer:
        peer.zone = zone(7, WWW)
        before = await whole(peer)
        peer.changes = [soa(8), soa(7), WWW, soa(8), MAIL, soa(8)]
        found = await transfer(peer.primary(), ORIGIN, before)
        assert found.zone is not None
        assert (found.style, found.zone.serial, found.zone.records) == (Style.CHANGES, 8, 3)
        assert found.zone.rrset(WWW.owner, Type.A) is None
        assert found.delta is not None
        assert (found.delta.removed, found.delta.added) == ((WWW,), (MAIL,))


async def test_changes_that_are_too_many_to_be_kept_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydns.transfer.client.MOST", 3)  # the two SOA records are among them
    async with FakePrimary().running() as peer:
        peer.zone = zone(1, WWW)
        ours = await whole(peer)
        peer.changes = [soa(2), soa(1), WWW, soa(2), MAIL, soa(2)]
        found = await transfer(peer.primary(), ORIGIN, ours)
    assert (found.style, found.serial, found.delta) == (Style.CHANGES, 2, None)
    assert found.zone is not None
    assert found.zone.rrset(MAIL.owner, Type.A) is not None


async def test_a_primary_without_ixfr_gives_the_whole_zone() -> None:
    async with FakePrimary().running() as peer:
        peer.zone = zone(7, WWW)
        before = await whole(peer)
        peer.zone = zone(8, MAIL)
        found = await transfer(peer.primary(), ORIGIN, before)
        assert (found.style, found.serial) == (Style.WHOLE, 8)
        assert peer.asked[1:] == [Type.IXFR, Type.AXFR]


@pytest.mark.parametrize(
    "changes",
    [
        [soa(8), soa(7), MAIL, soa(8), soa(8)],
        [soa(8), soa(6), soa(8), soa(8)],
        [soa(8), soa(7), WWW, WWW, soa(8), soa(8)],
        [soa(8), soa(7, minimum=1), soa(8), soa(8)],
        [soa(8)],
    ],
    ids=["what goes is not there", "another serial", "goes twice", "another SOA of that serial", "one SOA"],
)
async def test_changes_that_do_not_fit_are_made_up_for_by_axfr(changes: list[object]) -> None:
    async with FakePrimary().running() as peer:
        peer.zone = zone(7, WWW)
        before = await whole(peer)
        peer.zone, peer.changes = zone(8, MAIL), changes  # type: ignore[assignment]  # they are records
        found = await transfer(peer.primary(), ORIGIN, before)
        assert found.zone is not None
        assert (found.style, found.zone.records, before.serial) == (Style.WHOLE, 3, 7)


async def test_a_current_zone_stays() -> None:
    async with FakePrimary().running() as peer:
        peer.zone = zone(7)
        before = await whole(peer)
        peer.changes = [soa(7)]
        found = await transfer(peer.primary(), ORIGIN, before)
        assert (found.zone, found.style) == (None, Style.CURRENT)


async def test_an_older_zone_is_not_taken() -> None:
    async with FakePrimary().running() as peer:
        peer.zone = zone(7)
        before = await whole(peer)
        peer.zone = zone(6, MAIL)
        for changes in (None, [*peer.zone, peer.zone[0]]):
            peer.changes = changes
            with pytest.raises(TransferError, match="older than ours"):
                await transfer(peer.primary(), ORIGIN, before)


async def test_a_transfer_that_breaks_off_is_told() -> None:
    async with FakePrimary().running() as peer:
        peer.zone, peer.ends = zone(7), False
        with pytest.raises(TransferError, match="ended in the midst"):
            await whole(peer)


async def test_a_primary_that_says_nothing_is_given_up(quick_clock: MockClock) -> None:
    async with FakePrimary().running() as peer:
        peer.silent = True
        with pytest.raises(TransferError, match="nothing came in 30 s"):
            await whole(peer)


async def test_a_transfer_without_end_is_given_up(quick_clock: MockClock) -> None:
    async with FakePrimary().running() as peer:
        peer.silent = True
        with pytest.raises(TransferError, match="no end in 5 s"):
            await transfer(peer.primary(), ORIGIN, None, Limits(seconds=5))


@pytest.mark.parametrize("records", [[soa(7)], [soa(7), a("example.org")._replace(type=0)]], ids=["bare", "type 0"])
async def test_what_is_no_zone_is_told(records: list[object]) -> None:
    async with FakePrimary().running() as peer:
        peer.zone = [soa(7, "example.org"), *records]  # type: ignore[list-item]  # they are records
        with pytest.raises(TransferError):
            await whole(peer)


async def test_both_sides_sign() -> None:
    async with FakePrimary().running() as peer:
        peer.zone, peer.key = zone(7, WWW), KEY
        assert (await ask_soa(peer.primary(KEY), ORIGIN)).serial == 7
        assert (await transfer(peer.primary(KEY), ORIGIN, None)).messages == 2


async def test_a_wrong_key_is_told() -> None:
    async with FakePrimary().running() as peer:
        peer.zone, peer.key = zone(7), OTHER
        for asking in (ask_soa(peer.primary(KEY), ORIGIN), transfer(peer.primary(KEY), ORIGIN, None)):
            with pytest.raises(TransferError, match="TSIG: the peer says BADSIG"):
                await asking


async def test_an_unsigned_transfer_is_not_taken() -> None:
    async with FakePrimary().running() as peer:
        peer.zone = zone(7)
        with pytest.raises(TransferError, match="TSIG: a message without a signature"):
            await transfer(peer.primary(KEY), ORIGIN, None)


async def test_a_primary_of_another_zone_is_told() -> None:
    async with FakePrimary().running() as peer:
        peer.zones[from_text("example.net")] = zone(7)
        with pytest.raises(TransferError, match="no SOA record of the zone"):
            await ask_soa(peer.primary(), from_text("example.net"))


async def test_others_have_their_turn_meanwhile() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with FakePrimary().running() as peer, trio.open_nursery() as nursery:
        peer.zone = zone(7, *(a(f"n{i}.example.org") for i in range(1200)))
        nursery.start_soon(count)
        await whole(peer)
        nursery.cancel_scope.cancel()
    assert turns > 5


@pytest.mark.parametrize("seed", range(30))
async def test_a_primary_may_say_anything(seed: int) -> None:
    """Octets of its messages are changed at random; then what comes is a zone, or is told."""
    chance = Random(seed)
    async with FakePrimary().running() as peer:
        peer.zone = zone(7, WWW)
        before = await whole(peer)
        peer.zone, peer.changes = zone(8, MAIL), [soa(8), soa(7), WWW, soa(8), MAIL, soa(8)]

        def garble(message: bytes) -> bytes:
            changed = bytearray(message)
            for _ in range(chance.randrange(4)):
                changed[chance.randrange(2, len(changed))] = chance.randrange(256)
            return bytes(changed)

        peer.garble = garble
        for ours in (None, before):
            for _ in range(10):
                try:
                    found = await transfer(peer.primary(), ORIGIN, ours, Limits(seconds=5, idle=0.2))
                except TransferError:
                    continue
                assert found.zone is None or found.zone.origin == ORIGIN
