import pytest
import trio

from pydns_plugins.auto.turns import Turns


async def test_each_comes_once_in_the_order_in_which_they_came() -> None:
    turns = Turns()
    for what in (b"a", b"b", b"a"):
        turns.add(what)
    assert [await turns.next(), await turns.next()] == [b"a", b"b"]


async def test_what_is_busy_waits_until_it_is_done() -> None:
    turns = Turns()
    turns.add(b"a")
    assert await turns.next() == b"a"
    turns.add(b"a")
    with pytest.raises(trio.TooSlowError), trio.fail_after(0.01):
        await turns.next()
    turns.add(b"b")
    assert await turns.next() == b"b"
    turns.done(b"a")
    assert await turns.next() == b"a"


async def test_who_waits_is_woken(autojump_clock: trio.testing.MockClock) -> None:
    turns = Turns()
    got: list[bytes] = []

    async def work() -> None:
        got.append(await turns.next())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        nursery.start_soon(work)
        await trio.testing.wait_all_tasks_blocked()
        turns.add(b"a")
        turns.add(b"b")
    assert sorted(got) == [b"a", b"b"]
