"""Messages made octet by octet, so that a test may put a defect where it likes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydns import names
from pydns.query import Address, Query
from pydns.records import Record, Type
from pydns.wire.edns import pack_options
from pydns.wire.question import read_question
from pydns.wire.scan import HEADER


class Someone(NamedTuple):
    """A client."""

    peer: Address = Address("192.0.2.9", 40212)
    transport: str = "udp"
    local: Address = Address("192.0.2.53", 53)


CLIENT = Someone()
WWW = names.from_text("www.example.org")


def question(name: str | bytes = WWW, type_: int = Type.A, class_: int = 1) -> bytes:
    owner = names.from_text(name) if isinstance(name, str) else name
    return owner + type_.to_bytes(2) + class_.to_bytes(2)


def message(
    asked: bytes = question(),
    *behind: bytes,
    flags: int = 0x0100,
    counts: Sequence[int] = (1, 0, 0, 0),
    id_: int = 0x1234,
) -> bytes:
    """A header, a question, and whatever stands behind it."""
    return HEADER.pack(id_, flags, *counts) + asked + b"".join(behind)


def opt(
    *options: tuple[int, bytes], size: int = 1232, version: int = 0, flags: int = 0, length: int | None = None
) -> bytes:
    """An OPT record, with `length` one that lies about its rdata."""
    rdata = pack_options(options)
    said = len(rdata) if length is None else length
    fixed = size.to_bytes(2) + bytes((0, version)) + flags.to_bytes(2) + said.to_bytes(2)
    return b"\0\0\x29" + fixed + rdata


def packed(record: Record) -> bytes:
    """A record without compression."""
    owner, type_, class_, ttl, rdata = record
    fixed = type_.to_bytes(2) + class_.to_bytes(2) + ttl.to_bytes(4) + len(rdata).to_bytes(2)
    return owner + fixed + rdata


def a(owner: str | bytes = WWW, last: int = 1, ttl: int = 60) -> Record:
    name = names.from_text(owner) if isinstance(owner, str) else owner
    return Record(name, Type.A, 1, ttl, bytes((192, 0, 2, last)))


def pointing(type_: int, owner: str, target: str, ahead: bytes = b"") -> Record:
    """A record whose rdata is a name, with `ahead` in front of it."""
    return Record(names.from_text(owner), type_, 1, 60, ahead + names.from_text(target))


def soa(owner: str = "example.org") -> Record:
    rdata = names.from_text("ns.example.org") + names.from_text("admin.example.org") + bytes(20)
    return Record(names.from_text(owner), Type.SOA, 1, 60, rdata)


def read(wire: bytes) -> Query:
    return read_question(wire, CLIENT, 7)


def asked_with(*options: tuple[int, bytes], flags: int = 0x0100, size: int = 1232, do: bool = False) -> Query:
    """A query with EDNS."""
    record = opt(*options, size=size, flags=0x8000 if do else 0)
    return read(message(question(), record, flags=flags, counts=(1, 0, 0, 1)))
