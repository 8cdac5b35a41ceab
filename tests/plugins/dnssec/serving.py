"""A dnssec plugin with keys, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from pydns import names
from pydns.dnssec.algorithm import Algorithm
from pydns.plugin import House
from pydns.query import Edns, Query
from pydns.records import Class, Record, Type
from pydns.steps import whole
from pydns.testing import query
from pydns.zone.builder import Builder
from pydns.zone.holder import Held, HoldsZones
from pydns.zone.zone import Zone
from pydns_plugins.dnssec import Dnssec
from pydns_plugins.dnssec.options import Options
from tests.pydns.dnssec.signing import key

ZONE = names.from_text("example.org")
WWW = names.from_text("www.example.org")
DO = Edns(1232, 0, True, ())
A = Record(WWW, Type.A, Class.IN, 300, b"\xc0\0\2\1")
SOA = Record(ZONE, Type.SOA, Class.IN, 60, b"\2ns" + ZONE + b"\1h" + ZONE + bytes(20))


class Holder(HoldsZones):
    def __init__(self, *zones: Zone) -> None:
        self._held = []
        for zone in zones:
            held = Held(zone.origin)
            held.publish(zone)
            self._held.append(held)

    def held(self) -> list[Held]:
        return self._held


def zone(origin: bytes, *records: tuple[str, int, bytes]) -> Zone:
    builder = Builder(origin)
    builder.add(origin, Type.SOA, 300, SOA.rdata)
    for name, type_, rdata in records:
        builder.add(names.from_text(name), type_, 300, rdata)
    return whole(builder.finish())


def asking(name: str = "www.example.org", type_: str = "A", *, do: bool = True) -> Query:
    return query(name, type_, edns=DO if do else None)


def plugin(house: House | None = None, **options: object) -> Dnssec:
    found = Dnssec(Options((ZONE,), **options))  # type: ignore[arg-type]  # as Options takes them
    found.house = house or House()
    found.signatures.change([key(Algorithm.ED25519)])
    return found


@asynccontextmanager
async def signing(found: Dnssec) -> AsyncIterator[Dnssec]:
    """Its signatures are made."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(found.signatures.run)
        yield found
        nursery.cancel_scope.cancel()
