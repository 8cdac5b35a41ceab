from collections.abc import Callable, Generator
from typing import Any

import pytest
import trio

from pydns.zone.master.driver import read_on_loop, read_whole
from pydns.zone.master.reading import Reading

READING = Reading(1, 0, 0, (), ("db",))


def fail() -> None:
    raise OSError("it cannot")


def steps(seen: list[Any]) -> Generator[Callable[[], Any] | None, Any, Reading]:
    seen.append((yield None))
    seen.append((yield lambda: 42))
    try:
        yield fail
    except OSError as error:
        seen.append(str(error))
    return READING


def test_steps_are_taken_and_what_they_want_is_done() -> None:
    seen: list[Any] = []
    assert read_whole(steps(seen)) is READING
    assert seen == [None, 42, "it cannot"]


async def test_the_same_on_the_loop() -> None:
    seen: list[Any] = []
    assert await read_on_loop(steps(seen)) is READING
    assert seen == [None, 42, "it cannot"]


async def test_others_have_their_turn_meanwhile() -> None:
    def endless() -> Generator[Callable[[], Any] | None, Any, Reading]:
        while True:
            yield None

    with trio.move_on_after(0.01) as scope:
        await read_on_loop(endless())
    assert scope.cancelled_caught


async def test_what_is_no_fault_of_a_file_is_raised() -> None:
    def broken() -> Generator[Callable[[], Any] | None, Any, Reading]:
        yield fail
        return READING

    with pytest.raises(OSError, match="it cannot"):
        await read_on_loop(broken())
