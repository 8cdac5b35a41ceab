"""An RRset: the records of one name and type (RFC 2181 section 5)."""

from __future__ import annotations

from typing import NamedTuple

from pydns.records import Class, Record

_IN = int(Class.IN)


class RRset(NamedTuple):
    """Always of class IN. `owner` is a name as in `pydns.names`; names within rdata keep the letters as written.

    Signatures of one name that differ in their TTLs are several RRsets: each has the TTL of what it signs (RFC 4034
    section 3).
    """

    owner: bytes
    type: int
    ttl: int
    rdatas: tuple[bytes, ...]

    def records(self) -> tuple[Record, ...]:
        owner, type_, ttl, rdatas = self
        return tuple([Record(owner, type_, _IN, ttl, rdata) for rdata in rdatas])


def serial_of(soa: bytes) -> int:
    """The serial in the rdata of a SOA record."""
    return int.from_bytes(soa[-20:-16])


def minimum_of(soa: bytes) -> int:
    """The MINIMUM in the rdata of a SOA record: the TTL of negative answers, at most (RFC 2308 section 4)."""
    return int.from_bytes(soa[-4:])


def is_later(serial: int, than: int) -> bool:
    """Serial arithmetic (RFC 1982 section 3.2). Where two are half the circle apart neither is later."""
    return 0 < (serial - than) & 0xFFFF_FFFF < 0x8000_0000
