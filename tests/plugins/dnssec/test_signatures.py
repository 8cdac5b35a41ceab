from __future__ import annotations

import time

import pytest
import trio
import trio.testing

from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.rrsig import Lifetime
from pydns.records import Record
from pydns_plugins.dnssec import signatures
from pydns_plugins.dnssec.signatures import BACKDATED, RENEWED, VALID, Signatures, Unsigned
from tests.plugins.dnssec.serving import ZONE, A
from tests.pydns.dnssec.signing import key


def unsigned(number: int) -> Unsigned:
    return Unsigned((A._replace(rdata=number.to_bytes(4)),), ZONE)


async def made(found: Signatures, *numbers: int) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(found.run)
        await found.make([unsigned(number) for number in numbers])
        nursery.cancel_scope.cancel()


def of(capacity: int = 100) -> Signatures:
    found = Signatures(capacity)
    found.change([key(Algorithm.ED25519)])
    return found


async def test_it_holds_for_eight_days(monkeypatch: pytest.MonkeyPatch) -> None:
    found = of()
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.5)
    await made(found, 1)
    (record,) = found.find(unsigned(1)) or ()
    lifetime = Lifetime(record.rdata)
    assert (lifetime.inception, lifetime.expiration) == (1_800_000_000 - BACKDATED, 1_800_000_000 + VALID)


async def test_it_is_made_anew_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    found = of()
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    await made(found, 1)
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0 + VALID - RENEWED - 1)
    assert found.find(unsigned(1)) is not None
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0 + VALID - RENEWED)
    assert found.find(unsigned(1)) is None


async def test_it_is_made_anew_where_the_clock_was_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    found = of()
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    await made(found, 1)
    for earlier, holds in ((BACKDATED, True), (BACKDATED + 1, False)):
        monkeypatch.setattr(time, "time", lambda earlier=earlier: 1_800_000_000.0 - earlier)
        assert (found.find(unsigned(1)) is not None) is holds


async def test_those_unused_for_longest_go() -> None:
    found = of(3)
    await made(found, 1, 2, 3)
    found.find(unsigned(1))
    await made(found, 4)
    assert [number for number in (1, 2, 3, 4) if found.find(unsigned(number))] == [1, 3, 4]


async def test_much_work_is_done_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    found = of()
    clock = iter(range(10**6))
    monkeypatch.setattr(signatures.time, "perf_counter", lambda: next(clock) * 0.0015)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(others)
        nursery.start_soon(found.run)
        await found.make([unsigned(number) for number in range(20)])
        nursery.cancel_scope.cancel()
    assert turns >= 10


async def test_few_are_made_at_once_and_then_no_more_in_this_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    found = of()
    clock = iter(range(10**6))
    async with trio.open_nursery() as nursery:
        assert found.at_once(unsigned(0)) is None  # nobody runs it
        nursery.start_soon(found.run)
        await trio.testing.wait_all_tasks_blocked()
        monkeypatch.setattr(signatures.time, "perf_counter", lambda: next(clock) * 0.0005)
        at_once = [number for number in range(20) if found.at_once(unsigned(number))]
        await trio.testing.wait_all_tasks_blocked()
        assert found.at_once(unsigned(21)) is not None
        nursery.cancel_scope.cancel()
    assert at_once == list(range(4))


async def test_each_key_signs() -> None:
    keys = [key(Algorithm.ED25519), key(Algorithm.ECDSAP256SHA256)]
    found = signatures.sign(unsigned(1), keys, 1, 2)
    assert [Lifetime(record.rdata).tag for record in found] == [each.tag for each in keys]
    assert all(isinstance(record, Record) for record in found)
