"""Answers of servers as far as they must agree: names folded and whole, records as sets, the chain in its order."""

from __future__ import annotations

import struct
from collections.abc import Container, Iterable
from typing import Final, NamedTuple, TypeAlias

from pydns import names
from pydns.records import Type, type_text

RR: TypeAlias = tuple[bytes, int, int, bytes]
"""Owner, type, TTL, rdata; the class is IN."""


class Message(NamedTuple):
    """A message as it came."""

    rcode: int
    authoritative: bool
    truncated: bool
    answer: tuple[RR, ...]
    authority: tuple[RR, ...]
    additional: tuple[RR, ...]


class Answer(NamedTuple):
    """What must be equal. A referral's `glue` are its addresses; authority and additional of others are optional."""

    rcode: int
    authoritative: bool
    chain: tuple[RR, ...]
    """CNAME and DNAME in the order in which they are followed, each once."""
    data: frozenset[RR]
    referral: frozenset[RR] = frozenset()
    glue: frozenset[RR] = frozenset()
    negative: frozenset[RR] = frozenset()
    """The SOA of a negative answer, and its RRSIG."""


_ALIASES: Final = (Type.CNAME, Type.DNAME)
_PROOFS: Final = (Type.NSEC, Type.NSEC3)


def comparable(message: Message, apexes: Container[bytes]) -> Answer:
    """Left out are the proofs of signed zones with their signatures, and the NS of a zone that answers itself."""
    chain = tuple(dict.fromkeys(rr for rr in message.answer if rr[1] in _ALIASES))
    data = frozenset(message.answer).difference(chain)
    authority = [rr for rr in message.authority if covered(rr) not in _PROOFS]
    soa = frozenset(rr for rr in authority if covered(rr) == Type.SOA)
    referral = frozenset(rr for rr in authority if covered(rr) in (Type.NS, Type.DS) and rr[0] not in apexes)
    glue: frozenset[RR] = frozenset()
    if any(rr[1] == Type.NS for rr in referral):
        glue = frozenset(rr for rr in message.additional if rr[1] in (Type.A, Type.AAAA))
    return Answer(message.rcode, message.authoritative, chain, data, referral, glue, soa)


def covered(rr: RR) -> int:
    """Its type, or that of the records which it signs."""
    return int.from_bytes(rr[3][:2]) if rr[1] == Type.RRSIG else rr[1]


def parse(wire: bytes) -> Message:
    """Raises ValueError or IndexError where it is none."""
    _, flags, questions, *counts = struct.unpack_from("!6H", wire)
    at = 12
    for _ in range(questions):
        at = _name(wire, at)[1] + 4
    sections: list[tuple[RR, ...]] = []
    extended = 0
    for count in counts:
        found: list[RR] = []
        for _ in range(count):
            owner, at = _name(wire, at)
            type_, _, ttl, length = struct.unpack_from("!HHIH", wire, at)
            at += 10
            if type_ == Type.OPT:
                extended = ttl >> 24 << 4
            else:
                found.append((owner, type_, ttl, _rdata(wire, type_, at, at + length)))
            at += length
        sections.append(tuple(found))
    if at != len(wire):
        raise ValueError(f"{len(wire) - at} octets too many")
    return Message(flags & 15 | extended, bool(flags & 0x0400), bool(flags & 0x0200), *sections)


_NAME_AT: Final[dict[int, int]] = {
    **dict.fromkeys((Type.NS, Type.CNAME, Type.PTR, Type.DNAME, Type.SOA, Type.NSEC), 0),
    **dict.fromkeys((Type.MX, Type.KX, Type.AFSDB, Type.SVCB, Type.HTTPS), 2),
    Type.SRV: 6,
    Type.RRSIG: 18,
}
"""Octets before the name in the data of types that have one."""


def _rdata(wire: bytes, type_: int, at: int, end: int) -> bytes:
    before = _NAME_AT.get(type_)
    if before is None:
        return wire[at:end]
    name, rest = _name(wire, at + before)
    if type_ == Type.SOA:
        mailbox, rest = _name(wire, rest)
        name += mailbox
    return wire[at : at + before] + name + wire[rest:end]


def _name(wire: bytes, at: int) -> tuple[bytes, int]:
    """A name whole and folded, and where what follows it begins."""
    parts: list[bytes] = []
    end = 0
    while length := wire[at]:
        if length >= 0xC0:
            end = end or at + 2
            target = (length & 0x3F) << 8 | wire[at + 1]
            if target >= at:
                raise ValueError("a pointer that leads onwards")
            at = target
        else:
            parts.append(wire[at : at + 1 + length])
            at += 1 + length
    return b"".join(parts).translate(names.LOWER) + b"\0", end or at + 1


def text(rrs: Iterable[RR]) -> list[str]:
    """For people."""
    return sorted(f"{names.to_text(rr[0])} {rr[2]} {type_text(rr[1])} {_rdata_text(rr[1], rr[3])}" for rr in rrs)


def _rdata_text(type_: int, rdata: bytes) -> str:
    before = _NAME_AT.get(type_)
    return rdata.hex() if before is None else f"{rdata[:before].hex()} {names.to_text(rdata[before:])}".strip()
