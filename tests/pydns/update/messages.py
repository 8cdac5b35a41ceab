"""UPDATE messages as their senders write them, and the words of nsupdate for their records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import pack

from pydns.records import Class, Record, type_from_text
from tests.pydns.zone.zones import ORIGIN, absolute, record

ANY, NONE = int(Class.ANY), int(Class.NONE)


def message(prerequisites: Sequence[Record] = (), changes: Sequence[Record] = (), *, zone: bytes = ORIGIN) -> bytes:
    """For a SOA zone section."""
    head = pack("!6H", 1053, 5 << 11, 1, len(prerequisites), len(changes), 0)
    return head + zone + b"\0\6\0\1" + b"".join(map(packed, (*prerequisites, *changes)))


def packed(each: Record) -> bytes:
    return each.owner + pack("!HHIH", each.type, each.class_, each.ttl, len(each.rdata)) + each.rdata


def exists(owner: str, type_: str = "ANY") -> Record:
    """`prereq yxdomain`, or with a type `prereq yxrrset`."""
    return Record(absolute(owner), type_from_text(type_), ANY, 0, b"")


def lacks(owner: str, type_: str = "ANY") -> Record:
    """`prereq nxdomain`, or with a type `prereq nxrrset`."""
    return Record(absolute(owner), type_from_text(type_), NONE, 0, b"")


def equals(owner: str, type_: str, *rdatas: bytes | str) -> list[Record]:
    """`prereq yxrrset` with data."""
    return [record(owner, type_, rdata, 0) for rdata in rdatas]


def add(owner: str, type_: str, rdata: bytes | str, ttl: int = 600) -> Record:
    return record(owner, type_, rdata, ttl)


def delete(owner: str, type_: str = "ANY", rdata: bytes | str | None = None) -> Record:
    """All of a name, all of a type, or one record."""
    if rdata is None:
        return exists(owner, type_)
    return record(owner, type_, rdata, 0)._replace(class_=NONE)


def address(last: int) -> bytes:
    return bytes((192, 0, 2, last))


def of_classes(records: Iterable[Record]) -> list[int]:
    return [each.class_ for each in records]
