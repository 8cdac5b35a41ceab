"""The seam to dnslib: whole messages as objects, for the cases that are not worth a reader of our own."""

from __future__ import annotations

import dnslib

from pydns.errors import WireError
from pydns.records import Record, Type
from pydns.wire.scan import Entry, read_name, scan

_NAMES_AT: dict[int, tuple[int, int]] = {
    # type: octets ahead of the names, number of names, for the types whose names may come compressed (RFC 3597)
    Type.NS: (0, 1),
    Type.CNAME: (0, 1),
    Type.PTR: (0, 1),
    Type.DNAME: (0, 1),
    Type.SOA: (0, 2),
    Type.MX: (2, 1),
    Type.AFSDB: (2, 1),
    Type.KX: (2, 1),
    Type.RP: (0, 2),
    Type.SRV: (6, 1),
}


def open_message(wire: bytes) -> dnslib.DNSRecord:
    """The message as dnslib's objects. Raises WireError."""
    scan(wire)  # dnslib follows lying counts and pointers for long
    try:
        return dnslib.DNSRecord.parse(wire)
    except Exception as error:  # noqa: BLE001,RUF100 -- dnslib raises struct.error and others besides its own
        raise WireError(f"dnslib cannot read it: {error}") from error


def sections(wire: bytes) -> tuple[tuple[Record, ...], tuple[Record, ...], tuple[Record, ...]]:
    """Answer, authority and additional records, names in them decompressed. Raises WireError."""
    found: tuple[list[Record], list[Record], list[Record]] = ([], [], [])
    for entry in scan(wire).entries:
        owner, _ = read_name(wire, entry.owner)
        found[entry.section - 1].append(Record(owner, entry.type, entry.class_, entry.ttl, rdata(wire, entry)))
    return tuple(found[0]), tuple(found[1]), tuple(found[2])


def rdata(wire: bytes, entry: Entry) -> bytes:
    """A record's rdata with its names decompressed. Raises WireError."""
    ahead, count = _NAMES_AT.get(entry.type, (0, 0))
    if not count:
        return wire[entry.rdata : entry.end]
    offset = entry.rdata + ahead
    parts = [wire[entry.rdata : offset]]
    for _ in range(count):
        name, offset = read_name(wire, offset)
        parts.append(name)
    if offset > entry.end:
        raise WireError("a name runs out of its rdata")
    parts.append(wire[offset : entry.end])
    return b"".join(parts)


def record_text(record: Record) -> str:
    """A record's rdata as people write it; `\\# length hex` (RFC 3597) where dnslib does not know it."""
    try:
        packed = record.rdata
        buffer = dnslib.DNSBuffer(packed)
        kind = dnslib.RDMAP.get(dnslib.QTYPE.get(record.type), None)
        if kind is not None:
            return str(kind.parse(buffer, len(packed)))
    except Exception:  # noqa: BLE001,RUF100 -- dnslib raises struct.error and others besides its own
        pass
    return f"\\# {len(record.rdata)} {record.rdata.hex()}"
