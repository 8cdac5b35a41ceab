"""Hand-made questions, a chain below that answers as it is told, and caches from lines of a Corefile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trio

from pydns import names
from pydns.corefile.tree import Directive, Key, Position, ServerBlock, Word
from pydns.plugin import House
from pydns.query import Address, Edns, Query
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns_plugins.cache import Cache

WWW = names.from_text("www.example.org")
ZONE = names.from_text("example.org")


def a(ttl: int = 300, owner: bytes = WWW, address: bytes = b"\xc0\x00\x02\x01") -> Record:
    return Record(owner, Type.A, Class.IN, ttl, address)


def cname(target: bytes, ttl: int = 300, owner: bytes = WWW) -> Record:
    return Record(owner, Type.CNAME, Class.IN, ttl, target)


def soa(ttl: int = 300, minimum: int = 300, owner: bytes = ZONE) -> Record:
    numbers = b"".join(number.to_bytes(4) for number in (1, 2, 3, 4, minimum))
    return Record(owner, Type.SOA, Class.IN, ttl, b"\2ns\0\5admin\0" + numbers)


def ns(ttl: int = 300) -> Record:
    return Record(ZONE, Type.NS, Class.IN, ttl, b"\2ns\0")


def question(
    name: bytes | str = WWW,
    type_: int = Type.A,
    *,
    class_: int = Class.IN,
    do: bool | None = None,
    cd: bool = False,
    rd: bool = True,
    ad: bool = False,
    co: bool = False,
    options: tuple[tuple[int, bytes], ...] = (),
    epoch: int = 0,
    transport: str = "udp",
    server: str = "",
) -> Query:
    """`do` None is a query without EDNS, unless there are options."""
    wire_name = names.from_text(name) if isinstance(name, str) else name
    flags = 0x0100 * rd | 0x0010 * cd | 0x0020 * ad
    wire = b"\x12\x34" + flags.to_bytes(2) + b"\0\1\0\0\0\0\0\0" + wire_name + type_.to_bytes(2) + class_.to_bytes(2)
    edns = None if do is None and not options else Edns(1232, 0, bool(do), options, co)
    peer = Address("192.0.2.9", 40000)
    client: Any = SimpleNamespace(transport=transport, peer=peer, local=Address("192.0.2.53", 53))
    query = Query(wire, wire_name.translate(names.LOWER), type_, class_, flags, len(wire), edns, client, epoch)
    query.server = server
    return query


Answer = Reply | Exception | Callable[[Query], Reply] | Callable[[Query], Awaitable[Reply]]


class Below:
    """The chain below: gives its answers one after the other, the last one again and again.

    `asked` are the queries that came down. While `gate` is there, they wait for it.
    """

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Query] = []
        self.gate: trio.Event | None = None

    async def __call__(self, query: Query) -> Reply:
        self.asked.append(query)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Reply):
            return answer
        made = answer(query)
        return made if isinstance(made, Reply) else await made


def directive(text: str) -> Directive:
    """A directive and its options from lines: the first is the directive's own."""
    first, *rest = (line.split() for line in text.strip().splitlines())

    def words(line: Sequence[str], number: int) -> list[Word]:
        return [Word(word, Position("Corefile", number, 1 + i)) for i, word in enumerate(line)]

    options = []
    for i, line in enumerate(rest):
        name, *args = words(line, 2 + i)
        options.append(Directive(name, tuple(args)))
    name, *args = words(first, 1)
    return Directive(name, tuple(args), tuple(options) if rest else None)


def block(*zones: str) -> ServerBlock:
    keys = [Key(Word(z, Position("Corefile", 1, 1)), "dns", names.from_text(z), 53) for z in zones or (".",)]
    return ServerBlock(tuple(keys), (), Path())


def make(text: str = "cache", *zones: str) -> Cache:
    """The plugin of these lines, in a house of its own."""
    (plugin,) = Cache.parse([directive(text)], block(*zones))
    plugin.house = House()
    return plugin


def ttls(reply: Reply) -> list[int]:
    """The TTLs of all its records, in their order."""
    from pydns.wire.scan import scan

    assert reply.wire is not None
    return [entry.ttl for entry in scan(reply.wire).entries]


def nxdomain(ttl: int = 300, minimum: int = 300) -> Reply:
    return Reply(authority=(soa(ttl, minimum),), rcode=Rcode.NXDOMAIN)


def nodata(ttl: int = 300, minimum: int = 300) -> Reply:
    return Reply(authority=(soa(ttl, minimum),))


def servfail() -> Reply:
    return Reply.failure(22, "no upstream answered", by="forward")


@pytest.fixture
def kit() -> SimpleNamespace:
    """All of the above."""
    return SimpleNamespace(
        Below=Below, WWW=WWW, ZONE=ZONE, a=a, block=block, cname=cname, directive=directive, make=make, nodata=nodata,
        ns=ns, nxdomain=nxdomain, question=question, servfail=servfail, soa=soa, ttls=ttls,
    )  # fmt: skip
