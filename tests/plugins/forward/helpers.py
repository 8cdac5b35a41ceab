from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from pydns import names
from pydns.corefile.tree import Directive, Key, Position, ServerBlock, Word
from pydns.later import Later
from pydns.plugin import House, Turn
from pydns.query import Address, Edns, Query
from pydns.reply import Reply
from pydns.upstream.testing import Asked, Script, ScriptedServer
from pydns.watch import Watcher
from pydns_plugins.forward import Forward


class Client:
    def __init__(self, transport: str) -> None:
        self.transport = transport
        self.peer = Address("192.0.2.99", 5353)
        self.local = Address("127.0.0.1", 53)


def ask_for(
    name: str = "www.example.org",
    type_: int = 1,
    *,
    transport: str = "udp",
    edns: Edns | None = None,
    flags: int = 0x0100,
) -> Query:
    """A query as the listener hands it on; the name's spelling is kept in `wire`."""
    spelled = b"".join(bytes((len(label),)) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"
    wire = b"\x12\x34" + flags.to_bytes(2) + b"\0\1\0\0\0\0\0\0" + spelled + type_.to_bytes(2) + b"\0\1"
    return Query(wire, names.from_text(name), type_, 1, flags, len(wire), edns, Client(transport), 0)


def block_of(*lines: str, root: Path = Path(".")) -> ServerBlock:
    """A server block for the root zone; of each text the first line is a directive, the others its options."""
    directives = []
    number = 1
    for text in lines:
        first, *rest = text.strip().splitlines()
        options = tuple(_directive(line, number + i) for i, line in enumerate(rest, 1))
        head = _directive(first, number)
        directives.append(Directive(head.name, head.args, options if rest else None))
        number += len(rest) + 1
    key = Key(Word(".", Position("Corefile", 1, 1)), "dns", names.ROOT, 53)
    return ServerBlock((key,), tuple(directives), root)


def _directive(line: str, number: int) -> Directive:
    name, *args = (Word(word, Position("Corefile", number, i)) for i, word in enumerate(line.split(), 1))
    return Directive(name, tuple(args))


def parse(*lines: str, root: Path = Path(".")) -> list[Forward]:
    block = block_of(*lines, root=root)
    return list(Forward.parse(block.named("forward"), block))


async def end_of_chain(query: Query) -> Reply:
    return Reply(rcode=2, by="end")


Ask = Callable[[Query], Awaitable[Reply]]

ways = {"at once": False}
"""Whether a forward is asked at once first, as the server does; see conftest.py."""


@asynccontextmanager
async def running(*forwards: Forward, house: House | None = None) -> AsyncIterator[Ask]:
    """The forwards, started and chained in their order."""
    house = house or House()
    async with trio.open_nursery() as nursery:
        if house.watcher is None:
            house.watcher = Watcher()
            await nursery.start(house.watcher.run)
        ask: Ask = end_of_chain
        for forward in forwards:
            forward.house = house
            await nursery.start(forward.run)
        for forward in reversed(forwards):
            ask = _link(forward, ask)
        yield ask
        nursery.cancel_scope.cancel()


def _link(forward: Forward, next_: Ask) -> Ask:
    async def link(query: Query) -> Reply:
        found = forward.at_once(query) if ways["at once"] else Turn.SERVE
        if isinstance(found, Later):
            came = trio.Event()
            found.then = lambda _: came.set()
            await came.wait()
            reply = found.reply()
            if reply is not None:
                return reply
        return await forward.serve(query, next_)  # type: ignore[arg-type]  # a coroutine function is what it is

    return link


async def serving(nursery: trio.Nursery, *scripts: Script) -> list[ScriptedServer]:
    servers = [ScriptedServer(script) for script in scripts]
    for server in servers:
        await nursery.start(server.run)
    return servers


def says(address: str = "192.0.2.1", **options: object) -> Script:
    async def script(asked: Asked) -> None:
        await asked.send(asked.answer(address, **options))  # type: ignore[arg-type]  # as answer() takes them

    return script


async def silent(asked: Asked) -> None:
    """No answer."""


def holds(reply: Reply, address: str) -> bool:
    return reply.wire is not None and socket.inet_aton(address) in reply.wire
