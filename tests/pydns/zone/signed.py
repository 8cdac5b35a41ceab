"""Zones that look signed: NSEC or NSEC3 records at all names, which stand for signatures too."""

from __future__ import annotations

from collections.abc import Iterable

from pydns.dnssec.bitmap import bitmap
from pydns.dnssec.canonical import order
from pydns.dnssec.nsec3 import Parameters, label
from pydns.names import ancestors, is_within
from pydns.records import Record, Type
from pydns.zone.zone import Zone
from tests.pydns.zone.zones import ORIGIN, build, soa

PARAMETERS = Parameters(1, b"\xab")


def with_nsec(records: Iterable[Record]) -> list[Record]:
    """And an NSEC record at each name that has records and is no glue (RFC 4034 section 4)."""
    records = [soa(), *records]
    names = sorted(authoritative(records), key=order)
    following = [*names[1:], ORIGIN]
    return records + [
        Record(name, Type.NSEC, 1, 300, after + bitmap(types_at(records, name) | {47}))
        for name, after in zip(names, following, strict=True)
    ]


def with_nsec3(records: Iterable[Record], parameters: Parameters = PARAMETERS) -> list[Record]:
    """And an NSEC3 record for each such name, and for empty non-terminals (RFC 5155 section 7.1)."""
    records = [soa(), *records]
    names = set(authoritative(records))
    for name in tuple(names):
        names.update(above for above in ancestors(name) if is_within(above, ORIGIN))
    hashes = {parameters.hash(name): name for name in names}
    ordered = sorted(hashes)
    records.append(Record(ORIGIN, Type.NSEC3PARAM, 1, 0, parameters.rdata))
    return records + [
        Record(
            label(digest) + ORIGIN,
            Type.NSEC3,
            1,
            300,
            parameters.nsec3(after, bitmap(types_at(records, hashes[digest]))),
        )
        for digest, after in zip(ordered, [*ordered[1:], ordered[0]], strict=True)
    ]


def authoritative(records: Iterable[Record]) -> set[bytes]:
    records = tuple(records)
    cuts = {record.owner for record in records if record.type in (Type.NS, Type.DNAME) and record.owner != ORIGIN}
    dname = any(record.type == Type.DNAME and record.owner == ORIGIN for record in records)
    return {
        record.owner
        for record in records
        if not any(record.owner != cut and is_within(record.owner, cut) for cut in cuts)
        and not (dname and record.owner != ORIGIN)
    }


def types_at(records: Iterable[Record], name: bytes) -> set[int]:
    return {record.type for record in records if record.owner == name}


def nsec(*records: Record) -> Zone:
    return build(with_nsec(records))


def nsec3(*records: Record) -> Zone:
    return build(with_nsec3(records))
