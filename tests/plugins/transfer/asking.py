"""A transfer plugin beside one that holds a zone, and a client that asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import dns.message
import dns.rrset
import dns.zone
import trio

from pydns import names
from pydns.corefile.tree import Directive, ServerBlock
from pydns.plugin import CallNext, House, Plugin
from pydns.query import Query
from pydns.reply import Messages, Reply
from pydns.steps import whole
from pydns.zone.builder import Builder
from pydns.zone.holder import Held, HoldsZones
from pydns.zone.zone import Zone
from pydns_plugins.transfer import Transfer
from tests.plugins.asking import block, directives
from tests.pydns.serving import Asker, Serving, serving

ORIGIN = "example.org."


def zone_from(text: str, origin: str) -> Zone:
    """A zone of a master file, read by dnspython."""
    builder = Builder(names.from_text(origin))
    read = dns.zone.from_text(text, origin=origin, relativize=False, check_origin=False)
    for name, ttl, rdata in read.iterate_rdatas():
        builder.add(name.to_wire().lower(), int(rdata.rdtype), ttl, rdata.to_wire())
    return whole(builder.finish())


def zone(serial: int = 1, *lines: str) -> Zone:
    head = f"@ 300 SOA ns h {serial} 7200 3600 1209600 300\n@ 300 NS ns\nns 300 A 192.0.2.1\n"
    return zone_from(head + "\n".join(lines), ORIGIN)


class Holder(Plugin, HoldsZones):
    """Holds what it is given."""

    name = "holder"

    def __init__(self, *held: Held) -> None:
        self.zones = list(held)

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return ()

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return Reply(by=self.name, rcode=5)

    def held(self) -> Sequence[Held]:
        return tuple(self.zones)


class Client(Asker):
    """Takes all messages of an answer, or holds them where it `waits`."""

    def __init__(self, peer: str = "192.0.2.9", transport: str = "tcp", *, waits: bool = False) -> None:
        super().__init__(peer, transport)
        self.waits = waits
        self.messages: list[Messages] = []

    def follow(self, messages: Messages) -> None:
        self.messages.append(messages)

    def read(self) -> list[bytes]:
        found = []
        for messages in self.messages:
            while True:
                try:
                    found.append(messages.__next__())
                except StopIteration:
                    break
            messages.close()
        return found


class Site:
    """A server with both plugins."""

    def __init__(self, nursery: trio.Nursery, text: str, *held: Held, before: Sequence[Plugin] = ()) -> None:
        (self.transfer,) = Transfer.parse(directives(text), block("example.org"))
        self.holder = Holder(*held)
        plugins = (*before, self.transfer, self.holder)
        self.house = House()
        for plugin in plugins:
            plugin.house = self.house
        self.house.generations.append((plugins,))
        self.server: Serving = serving(nursery, *plugins)

    def counted(self, outcome: str, type_: str = "AXFR") -> float:
        return self.house.metrics.counter("pydns_transfer_requests_total", "").value(type_, outcome)

    @property
    def under_way(self) -> float:
        return self.house.metrics.gauge("pydns_transfer_under_way", "").value()

    async def ask(self, wire: bytes, client: Client | None = None) -> list[dns.message.Message]:
        """All messages of the answer."""
        client = client or Client()
        first = await self.server.ask(wire, client)
        assert first is not None
        wires = [first, *([] if client.waits else client.read())]
        return [dns.message.from_wire(each, one_rr_per_rrset=True, keyring=False) for each in wires]


def axfr(name: str = ORIGIN, *, edns: int | None = None) -> bytes:
    return dns.message.make_query(name, "AXFR", use_edns=0 if edns else None, payload=edns).to_wire()


def ixfr(serial: int | None, name: str = ORIGIN, *, edns: int | None = None) -> bytes:
    query = dns.message.make_query(name, "IXFR", use_edns=0 if edns else None, payload=edns)
    if serial is not None:
        query.authority.append(dns.rrset.from_text(name, 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    return query.to_wire()


def held(*versions: Zone) -> Held:
    found = Held(names.from_text(ORIGIN))
    for each in versions:
        found.publish(each)
    return found


def spoken(messages: Sequence[dns.message.Message]) -> list[str]:
    """The records as `www A`; of a SOA its serial."""
    found = []
    for message in messages:
        for rrset in message.answer:
            owner = rrset.name.to_text().removesuffix(ORIGIN).rstrip(".") or "@"
            what = f"SOA {rrset[0].serial}" if rrset.rdtype == 6 else str(rrset.rdtype.name)
            found.append(f"{owner} {what}")
    return found
