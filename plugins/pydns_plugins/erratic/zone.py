"""A small zone to transfer."""

from __future__ import annotations

from struct import pack
from typing import Final

from pydns import names
from pydns.records import Class, Record, Type

_SOA: Final = (
    names.from_text("sns.dns.icann.org")
    + names.from_text("noc.dns.icann.org")
    + pack("!5I", 2018050825, 7200, 3600, 1209600, 3600)
)
_SERVERS: Final = (
    (b"\1a", bytes.fromhex("20010bd8000000000000000000000053")),
    (b"\1b", bytes.fromhex("20010500000000000000000000000054")),
)


def transfer(zone: bytes, *, whole: bool) -> tuple[Record, ...]:
    """The records of an AXFR; where it is not whole, without the SOA that ends it (RFC 5936 section 2.2)."""
    soa = Record(zone, Type.SOA, Class.IN, 0, _SOA)
    records = [soa]
    if len(zone) + 2 <= names.MAX_LENGTH:
        records += [Record(zone, Type.NS, Class.IN, 0, label + zone) for label, _ in _SERVERS]
        records += [Record(label + zone, Type.AAAA, Class.IN, 0, address) for label, address in _SERVERS]
    return (*records, soa) if whole else tuple(records)
