"""What a transfer says: a whole zone, or what changed since the version that the client has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from pydns.errors import WireError
from pydns.records import Type
from pydns.wire.opened import sections
from pydns.zone.rrset import is_later, serial_of
from pydns_plugins.transfer.packing import Chunk, of_record, of_zone

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.zone.difference import Delta
    from pydns.zone.holder import Held
    from pydns.zone.zone import Zone


class Content(NamedTuple):
    """`kind` is what is said in the log and counted: `AXFR`, `IXFR`, `current`."""

    kind: str
    records: int
    chunks: Iterable[Chunk]


def whole(zone: Zone) -> Content:
    return Content("AXFR", zone.records + 1, of_zone(zone))


def since(held: Held, zone: Zone, serial: int) -> Content:
    """What changed since that serial; the SOA alone where nothing did, the whole zone where that is not known.

    Or where it is shorter (RFC 1995 section 4).
    """
    if serial == zone.serial or is_later(serial, zone.serial):
        return Content("current", 1, (of_record(zone.soa.records()[0]),))
    deltas = held.since(serial)
    if not deltas or deltas[-1].new_serial != zone.serial:
        return whole(zone)
    records = 2 + sum(len(delta.removed) + len(delta.added) + 2 for delta in deltas)
    if records > zone.records:
        return whole(zone)
    return Content("IXFR", records, of_deltas(zone, deltas))


def of_deltas(zone: Zone, deltas: Sequence[Delta]) -> Iterator[Chunk]:
    """Difference sequences between two SOA records of the newest version (RFC 1995 section 4)."""
    (soa,) = zone.soa.records()
    yield of_record(soa)
    for delta in deltas:
        for record in chain((delta.old,), delta.removed, (delta.new,), delta.added):
            yield of_record(record)
    yield of_record(soa)


def serial_in(query: Query) -> int:
    """The serial of the version that an IXFR query's sender has (RFC 1995 section 3). Raises WireError."""
    _, authority, _ = sections(query.origin.wire)
    if len(authority) == 1:
        ((owner, type_, _, _, rdata),) = authority
        if type_ == Type.SOA and owner == query.name and len(rdata) >= 22:
            return serial_of(rdata)
    raise WireError("an IXFR query without the SOA record that its sender has")
