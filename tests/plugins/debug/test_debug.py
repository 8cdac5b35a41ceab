from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import trio

from pydns import logs
from pydns.errors import CorefileError
from pydns.logs import LineWriter, configure
from pydns.plugin import House
from pydns.query import Query
from pydns.reply import Reply
from pydns.testing import query
from pydns_plugins.debug import Debug
from tests.plugins.asking import block, directives


@pytest.fixture(autouse=True)
def information() -> Iterator[None]:
    """The level that a server starts with; afterwards the loggers are as they were."""
    root, base = logging.getLogger(), logging.getLogger("pydns")
    handlers, level, configured = root.handlers[:], base.level, logs._level.configured
    configure(LineWriter(), logging.INFO)
    yield
    root.handlers[:] = handlers
    base.setLevel(level)
    logs._level.configured = configured


def debug(house: House, text: str = "debug") -> Debug:
    (plugin,) = Debug.parse(directives(text), block())
    plugin.house = house
    return plugin


def level() -> int:
    return logging.getLogger("pydns.hosts").getEffectiveLevel()


async def test_everything_is_logged_while_it_lives() -> None:
    levels = [level()]
    async with trio.open_nursery() as nursery:
        await nursery.start(debug(House()).run)
        levels.append(level())
        nursery.cancel_scope.cancel()
    levels.append(level())
    assert levels == [logging.INFO, logging.DEBUG, logging.INFO]


async def test_the_house_knows_while_it_lives() -> None:
    house = House()
    async with trio.open_nursery() as nursery:
        await nursery.start(debug(house).run)
        assert house.debug
        nursery.cancel_scope.cancel()
    assert not house.debug


async def test_a_reload_leaves_no_moment_without_it() -> None:
    house = House()
    async with trio.open_nursery() as new:
        async with trio.open_nursery() as old:
            await old.start(debug(house).run)
            await new.start(debug(house).run)
            old.cancel_scope.cancel()
        assert house.debug
        assert level() == logging.DEBUG
        new.cancel_scope.cancel()


async def test_queries_pass_it_by() -> None:
    reply = Reply(by="next")

    async def below(query: Query) -> Reply:
        return reply

    assert await debug(House()).serve(query(), below) is reply
    assert not Debug.opcodes


def test_it_may_stand_twice() -> None:
    assert len(Debug.parse(directives("debug\ndebug"), block())) == 1


@pytest.mark.parametrize("text", ["debug on", "debug\n level info"])
def test_it_takes_no_arguments_and_no_block(text: str) -> None:
    with pytest.raises(CorefileError, match=r"^Corefile:1:"):
        debug(House(), text)
