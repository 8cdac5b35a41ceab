import socket
from collections import Counter
from itertools import islice

import pytest
import trio
import trio.testing

from pydns.upstream.sockets import Sockets, random_ids, random_octets
from tests.pydns.life import until


def test_ids_are_two_octets_and_spread_over_all_values() -> None:
    # RFC 5452 section 9.2
    ids = list(islice(random_ids(), 20_000))
    assert {len(identity) for identity in ids} == {2}
    assert len(set(ids)) > 16_000  # of 65,536 that many differ in 20,000 draws, but for one chance in billions
    assert len({identity[0] for identity in ids}) == 256


def test_octets_are_spread_evenly() -> None:
    counts = Counter(islice(random_octets(), 256 * 100))
    assert len(counts) == 256
    assert max(counts.values()) < 200


async def test_closed_sockets_are_not_ready() -> None:
    sockets = Sockets()
    assert not sockets.ready
    sockets.open()
    assert sockets.ready
    sockets.shut()
    assert not sockets.ready


async def test_the_sweep_tidies_while_nothing_is_awaited(autojump_clock: trio.testing.MockClock) -> None:
    times: list[float] = []
    sockets = Sockets()
    sockets.tidies.append(times.append)
    sockets.open()
    with trio.move_on_after(3.5):
        await sockets.run()
    sockets.shut()
    assert len(times) == 3


async def test_an_error_over_one_socket_disturbs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    read: list[int] = []

    def fail(_: int) -> None:
        one.recv(1)
        raise RuntimeError("a fault of ours")

    def take(_: int) -> None:
        read.extend(two.recv(1))

    sockets = Sockets()
    sockets.open()
    (one, to_one), (two, to_two) = socket.socketpair(), socket.socketpair()
    with to_one, to_two:
        sockets.add(one, fail)
        sockets.add(two, take)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sockets.run)
            to_one.send(b"1")
            await until(lambda: caplog.text, lambda text: "a fault of ours" in text)
            to_two.send(b"2")
            await until(lambda: read, bool)
            nursery.cancel_scope.cancel()
        sockets.close(one)
        sockets.close(two)
    sockets.shut()


async def test_what_is_to_be_sent_is_flushed_once_at_the_end_of_the_tick() -> None:
    flushed: list[str] = []
    sockets = Sockets()
    sockets.open()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sockets.run)
        await trio.testing.wait_all_tasks_blocked()
        sockets.send_later(lambda: flushed.append("one"))
        sockets.send_later(lambda: flushed.append("other"))
        assert flushed == []
        await trio.testing.wait_all_tasks_blocked()
        assert flushed == ["one", "other"]
        nursery.cancel_scope.cancel()
    sockets.shut()


async def test_what_was_to_be_sent_while_nobody_ran_is_flushed_at_the_start() -> None:
    """A reload hands a pool on, and its first run ends before the second begins."""
    flushed: list[str] = []
    sockets = Sockets()
    sockets.open()
    for i in range(2):
        sockets.send_later(lambda i=i: flushed.append(str(i)))  # type: ignore[misc]  # as it is now
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sockets.run)
            await trio.testing.wait_all_tasks_blocked()
            sockets.send_later(lambda: flushed.append("running"))
            await trio.testing.wait_all_tasks_blocked()
            sockets.send_later(lambda: flushed.append("armed as it ends"))
            nursery.cancel_scope.cancel()
    sockets.shut()
    assert flushed[:2] == ["0", "running"]
    assert flushed.count("running") == 2
    assert "1" in flushed
