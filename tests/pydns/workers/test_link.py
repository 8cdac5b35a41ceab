from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from pydns.errors import StartError
from pydns.workers.link import Link


class Side:
    """What one side answers, and what it was told."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.some = trio.Event()
        self.release = trio.Event()

    async def double(self, number: int) -> int:
        return 2 * number

    async def slow(self) -> str:
        await self.release.wait()
        return "at last"

    async def failing(self) -> None:
        raise StartError("no room")

    async def broken(self) -> None:
        raise ZeroDivisionError("by zero")

    def told(self, *what: Any) -> None:
        self.heard.append(what)
        self.some.set()

    def wrong(self) -> None:
        raise ValueError("wrong")


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[Link, Link, Side]]:
    """Two ends that run, and what stands behind the second."""
    side = Side()
    calls = {call.__name__: call for call in (side.double, side.slow, side.failing, side.broken)}
    ends = socket.socketpair()
    ours, theirs = Link(ends[0], {}, {}), Link(ends[1], calls, {"told": side.told, "wrong": side.wrong})
    async with trio.open_nursery() as nursery:
        await nursery.start(ours.run)
        await nursery.start(theirs.run)
        with trio.fail_after(10):
            yield ours, theirs, side
        nursery.cancel_scope.cancel()


async def test_a_call_is_answered() -> None:
    async with linked() as (ours, _, _):
        assert await ours.call("double", 21) == 42


async def test_one_call_does_not_wait_for_another() -> None:
    async with linked() as (ours, _, side), trio.open_nursery() as nursery:
        found: list[str] = []

        async def wait() -> None:
            found.append(await ours.call("slow"))

        nursery.start_soon(wait)
        assert await ours.call("double", 1) == 2
        assert not found
        side.release.set()


@pytest.mark.parametrize(
    ("name", "error"),
    [("failing", "no room"), ("broken", "ZeroDivisionError: by zero"), ("unknown", "KeyError: 'unknown'")],
)
async def test_a_call_that_fails_says_why(name: str, error: str) -> None:
    async with linked() as (ours, _, _):
        with pytest.raises(StartError, match=error):
            await ours.call(name)
        assert await ours.call("double", 2) == 4


async def test_what_is_told_is_heard_in_its_order() -> None:
    async with linked() as (ours, _, side):
        for number in range(5):
            ours.tell("told", number)
        await ours.call("double", 1)
        assert side.heard == [(number,) for number in range(5)]


@pytest.mark.parametrize("name", ["wrong", "unknown"])
async def test_what_cannot_be_heard_is_the_end_of_nothing(name: str) -> None:
    async with linked() as (ours, _, _):
        ours.tell(name)
        assert await ours.call("double", 2) == 4


async def test_who_waits_learns_of_the_end() -> None:
    async with linked() as (ours, theirs, _), trio.open_nursery() as nursery:

        async def wait() -> None:
            with pytest.raises(StartError, match="it has ended"):
                await ours.call("slow")

        nursery.start_soon(wait)
        await ours.call("double", 1)
        theirs.end()


async def test_after_the_end_calls_fail_and_words_are_lost() -> None:
    async with linked() as (ours, theirs, _):
        theirs.end()
        with pytest.raises(StartError, match="it has ended"):
            await ours.call("slow")
        ours.tell("told", 1)
        with pytest.raises(StartError, match="it has ended"):
            await ours.call("double", 1)


async def test_octets_that_are_no_message_end_the_link(caplog: pytest.LogCaptureFixture) -> None:
    ours, theirs = socket.socketpair()
    theirs.send(b"\0\0\0\4\0\xff\xff\xff\xff")
    with trio.fail_after(10), theirs:
        await Link(ours, {}, {}).run()
    assert "unreadable message" in caplog.text


async def test_a_call_that_nobody_waits_for_any_more_is_forgotten() -> None:
    async with linked() as (ours, _, side):
        with trio.move_on_after(0.01):
            await ours.call("slow")
        side.release.set()
        assert await ours.call("double", 2) == 4
