"""Hosts plugins for tests: parsed from the lines of a Corefile, with a house whose file watcher runs."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from pydns.corefile.tree import Directive, Key, Position, ServerBlock, Word
from pydns.names import from_text
from pydns.plugin import House
from pydns.query import Address, Query
from pydns.records import type_from_text
from pydns.reply import Reply
from pydns_plugins.hosts import Hosts

Parse = Callable[..., Hosts]
Ask = Callable[..., Awaitable[Reply]]


class Someone:
    """A client; hosts never looks at it."""

    transport = "udp"
    peer = Address("192.0.2.53", 4242)
    local = Address("192.0.2.1", 53)


def words(line: str, number: int) -> list[Word]:
    found, column = [], 1
    for text in line.split():
        column = line.index(text, column - 1) + 1
        found.append(Word(text, Position("Corefile", number, column)))
        column += len(text)
    return found


def directives(text: str) -> list[Directive]:
    """`hosts ...` lines, each with the indented lines below it as its block."""
    found: list[Directive] = []
    for number, line in enumerate(text.splitlines(), 1):
        name, *args = words(line, number)
        if line.startswith(" "):
            last = found.pop()
            found.append(Directive(last.name, last.args, (*(last.block or ()), Directive(name, tuple(args)))))
        else:
            found.append(Directive(name, tuple(args)))
    return found


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    def parse(text: str, zone: str = ".") -> Hosts:
        key = Key(Word(zone, Position("Corefile", 1, 1)), "dns", from_text(zone), None)
        (hosts,) = Hosts.parse(directives(text), ServerBlock((key,), (), tmp_path))
        return hosts

    return parse


@pytest.fixture
async def started(parse: Parse, house: House, nursery: trio.Nursery) -> Callable[..., Awaitable[Hosts]]:
    async def started(text: str, zone: str = ".") -> Hosts:
        hosts = parse(text, zone)
        hosts.house = house
        with trio.fail_after(30):
            await nursery.start(hosts.run)
        return hosts

    return started


@pytest.fixture
def ask() -> Ask:
    async def went_on(query: Query) -> Reply:
        return Reply(by="next")

    async def ask(hosts: Hosts, name: str | bytes, type_: str = "A", class_: int = 1) -> Reply:
        wire = from_text(name) if isinstance(name, str) else name
        number = type_from_text(type_)
        question = wire + number.to_bytes(2) + class_.to_bytes(2)
        message = b"\0\1\1\0\0\1\0\0\0\0\0\0" + question
        query = Query(message, wire, number, class_, 0x0100, len(message), None, Someone(), 0)
        return await hosts.serve(query, went_on)

    return ask
