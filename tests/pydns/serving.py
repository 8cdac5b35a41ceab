"""A server without sockets: plugins and messages in, messages out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import dnslib
import trio

from pydns import names
from pydns.chain import fold, fold_at_once, fold_packed
from pydns.corefile.tree import Directive, ServerBlock
from pydns.crew import Crew
from pydns.plugin import CallNext, House, Plugin
from pydns.query import Address, Query
from pydns.records import Class, Opcode, Record, Type
from pydns.reply import Reply
from pydns.router import Route, Router
from pydns.server import Server
from pydns.settings import Settings

LABEL = "dns://:53"

Serve = Callable[[Query, CallNext], Awaitable[Reply]]


class Asker:
    """A client that keeps what it is sent."""

    def __init__(self, peer: str = "192.0.2.9", transport: str = "udp") -> None:
        self.peer = Address(peer, 40212)
        self.local = Address("192.0.2.53", 53)
        self.transport = transport
        self.family = 4
        self.sent: list[bytes | None] = []
        self._first = trio.Event()

    def lasting(self) -> Asker:
        return self

    def send(self, answer: bytes | None) -> None:
        self.sent.append(answer)
        self._first.set()

    async def answer(self) -> bytes | None:
        with trio.fail_after(30):
            await self._first.wait()
        (answer,) = self.sent
        return answer


class Doing(Plugin):
    """A plugin that does what a function says."""

    name = "doing"

    def __init__(
        self,
        serve: Serve,
        *,
        opcodes: Iterable[int] = (Opcode.QUERY,),
        classes: Iterable[int] = (Class.IN,),
        reads_options: Iterable[int] = (),
    ) -> None:
        self.opcodes = frozenset(opcodes)  # type: ignore[misc] # each instance has its own here
        self.classes = frozenset(classes)  # type: ignore[misc]
        self.reads_options = frozenset(reads_options)  # type: ignore[misc]
        self._serve = serve

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return ()  # it stands in no Corefile

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await self._serve(query, call_next)


class Giving(Doing):
    """Gives one reply, whatever is asked, and counts."""

    name = "giving"

    def __init__(self, reply: Reply | Callable[[], Reply], **declared: Any) -> None:
        super().__init__(self._give, **declared)
        self.reply = reply
        self.asked = 0

    async def _give(self, query: Query, call_next: CallNext) -> Reply:
        self.asked += 1
        return self.reply() if callable(self.reply) else self.reply


def route(*plugins: Plugin, filters: Sequence[Callable[[Query], bool]] = ()) -> Route:
    opcodes = {opcode for plugin in plugins for opcode in plugin.opcodes}
    settings = Settings()
    for plugin in plugins:
        plugin.configure(settings)
    return Route(
        {opcode: fold(plugins, opcode) for opcode in opcodes},
        frozenset(number for plugin in plugins for number in plugin.classes),
        frozenset(code for plugin in plugins for code in plugin.reads_options),
        filters,
        settings.observers,
        fold_at_once(plugins, Opcode.QUERY),
        None,
        *fold_packed(plugins),
    )


class Serving:
    """A server over a crew that runs in `nursery`, and what is asked of it."""

    def __init__(self, nursery: trio.Nursery, routes: Mapping[str, Sequence[Route]], **limits: Any) -> None:
        self.house = House()
        self.crew = Crew(nursery, **limits)
        self.house.crowded = self.crew.crowded
        nursery.start_soon(self.crew.sweep)
        self.server = Server(LABEL, router(routes), self.crew, self.house)

    def take(self, wire: bytes, client: Asker | None = None) -> Asker:
        """Hands a message in, as a listener does; the client is asked for the answer."""
        client = client or Asker()
        self.server.take(wire, client, trio.current_time())
        self.server.go()
        return client

    async def ask(self, wire: bytes, client: Asker | None = None) -> bytes | None:
        return await self.take(wire, client).answer()

    async def opened(self, wire: bytes, client: Asker | None = None) -> dnslib.DNSRecord:
        answer = await self.ask(wire, client)
        assert answer is not None
        return dnslib.DNSRecord.parse(answer)

    def counted(self, name: str, *labels: str) -> float:
        return next((metric.value(*labels) for metric in self.house.metrics.read() if metric.name == name), 0)


def router(routes: Mapping[str, Sequence[Route]]) -> Router:
    return Router({names.from_text(zone): found for zone, found in routes.items()})


def serving(nursery: trio.Nursery, *plugins: Plugin, **limits: Any) -> Serving:
    """A server with one block for everything."""
    return Serving(nursery, {".": [route(*plugins)]}, **limits)


def address(last: int = 1, owner: str = "www.example.org", ttl: int = 60) -> Record:
    return Record(names.from_text(owner), Type.A, Class.IN, ttl, bytes((192, 0, 2, last)))


def extended_errors(answer: bytes) -> list[tuple[int, str]]:
    """The extended DNS errors of a message (RFC 8914)."""
    found = []
    for record in dnslib.DNSRecord.parse(answer).ar:
        if record.rtype == Type.OPT:
            found += [(int.from_bytes(o.data[:2]), o.data[2:].decode()) for o in record.rdata if o.code == 15]
    return found


def rcode(answer: bytes | None) -> int:
    """With the bits that stand in the OPT record (RFC 6891 section 6.1.3)."""
    assert answer is not None
    high = [record.ttl >> 24 for record in dnslib.DNSRecord.parse(answer).ar if record.rtype == Type.OPT]
    return (high[0] << 4 if high else 0) | answer[3] & 15
