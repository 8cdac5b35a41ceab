"""Helpers for tests of plugins and of Corefiles: ask a plugin by hand, or run a whole server in the test's nursery.

reply = await ask(plugin, "www.example.org", "AAAA")
async with running_server(". { whoami }") as server:
    subprocess.run(["dig", "@127.0.0.1", "-p", str(server.port), "example.org"])
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import trio

from pydns import names
from pydns.corefile.parser import parse_file, parse_text
from pydns.corefile.tree import Corefile
from pydns.errors import CorefileErrorGroup, StartError, ungrouped
from pydns.plugin import House, Plugin
from pydns.query import Address, Edns, Query
from pydns.records import Class, type_from_text
from pydns.reply import Reply
from pydns.run import Process
from pydns.setup import load


class Someone(NamedTuple):
    """A client."""

    peer: Address = Address("192.0.2.9", 40212)
    transport: str = "udp"
    local: Address = Address("192.0.2.53", 53)
    family: int = 4


def query(
    name: str = "example.org",
    type_: str = "A",
    client: Someone = Someone(),  # noqa: B008 -- it is immutable
    *,
    flags: int = 0x0100,
    class_: int = Class.IN,
    edns: Edns | None = None,
    id_: int = 1053,
) -> Query:
    """A query as a listener makes it; `edns` shows in the attributes alone."""
    number = type_from_text(type_)
    wire = b"".join((id_.to_bytes(2), flags.to_bytes(2), b"\0\1\0\0\0\0\0\0", names.from_text(name)))
    wire += number.to_bytes(2) + class_.to_bytes(2)
    return Query(wire, names.from_text(name), number, class_, flags, len(wire), edns, client, 0)


class FakeNext:
    """The rest of a chain: gives `reply` to everything, and remembers what was `asked`."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply or Reply(by="next")
        self.asked: list[Query] = []

    async def __call__(self, query: Query) -> Reply:
        self.asked.append(query)
        return self.reply


async def ask(plugin: Plugin, name: str = "example.org", type_: str = "A", call_next: FakeNext | None = None) -> Reply:
    """The plugin's reply; `call_next` is what stands behind it."""
    return await plugin.serve(query(name, type_), call_next or FakeNext())


class RunningServer(NamedTuple):
    """A server in the test's own process. `port` is that of its first address."""

    process: Process
    port: int


def plugins_of(corefile: str, *, environ: Mapping[str, str] | None = None) -> tuple[Plugin, ...]:
    """The plugins of a Corefile's first block, in the order of the chain, each in a house of its own."""
    configuration = load(_parser(corefile, os.environ if environ is None else environ))
    house = House()
    for plugin in configuration.blocks[0].plugins:
        plugin.house = house
    return configuration.blocks[0].plugins


@asynccontextmanager
async def running_server(
    corefile: str | Path, *, port: int = 0, house: House | None = None, environ: Mapping[str, str] | None = None
) -> AsyncIterator[RunningServer]:
    """Runs a Corefile (its text, or its path, which is then followed) until the `with` block ends.

    `port` is for keys that name none; 0 is one that is free. Keys without `bind` listen on all addresses. Raises
    CorefileErrorGroup and StartError.
    """
    parse = _parser(corefile, os.environ if environ is None else environ)
    process = Process(lambda: load(parse, port), house)
    with ungrouped(CorefileErrorGroup, StartError):
        async with trio.open_nursery() as nursery:
            await nursery.start(process.run)
            yield RunningServer(process, next(iter(process.ports.values())))
            nursery.cancel_scope.cancel()


def _parser(corefile: str | Path, environ: Mapping[str, str]) -> Callable[[], Corefile]:
    if isinstance(corefile, Path):
        return lambda: parse_file(corefile, environ=environ)
    return lambda: parse_text(corefile, environ=environ)
