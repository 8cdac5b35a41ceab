"""Messages of transfers, written by hand."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import TypeVar

from pydns.names import from_text
from pydns.records import Record, Type
from pydns.wire.scan import FIXED, HEADER

T = TypeVar("T")

ORIGIN = from_text("example.org")
ID = 4711
QR, AA, TC = 0x8000, 0x0400, 0x0200


def soa(serial: int, owner: str = "example.org", minimum: int = 300) -> Record:
    numbers = b"".join(number.to_bytes(4) for number in (serial, 7200, 3600, 1209600, minimum))
    rdata = from_text("ns.example.org") + from_text("hostmaster.example.org") + numbers
    return Record(from_text(owner), Type.SOA, 1, 3600, rdata)


def ns(owner: str = "example.org") -> Record:
    return Record(from_text(owner), Type.NS, 1, 3600, from_text("ns.example.org"))


def a(owner: str, address: int = 1, ttl: int = 300) -> Record:
    return Record(from_text(owner), Type.A, 1, ttl, bytes((192, 0, 2, address)))


def packed(record: Record) -> bytes:
    """Without compression."""
    return record.owner + FIXED.pack(*record[1:4], len(record.rdata)) + record.rdata


def message(
    *records: Record, type_: int = Type.AXFR, id_: int = ID, flags: int = QR | AA, question: bytes | None = None
) -> bytes:
    """An answer; `question` is the whole section."""
    asked = ORIGIN + type_.to_bytes(2) + b"\0\1" if question is None else question
    head = HEADER.pack(id_, flags, 1 if asked else 0, len(records), 0, 0)
    return head + asked + b"".join(map(packed, records))


def split(records: Sequence[Record], sizes: Iterable[int]) -> list[tuple[Record, ...]]:
    """The records in groups of these sizes, what is left in one more."""
    groups, at = [], 0
    for size in sizes:
        if at + size >= len(records):
            break
        groups.append(tuple(records[at : at + size]))
        at += size
    return [*groups, tuple(records[at:])]


def all_steps(steps: Generator[None, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
