"""A zone: immutable once made, and published whole."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Final

from pydns.errors import ZoneError
from pydns.names import to_text
from pydns.records import Record, Type
from pydns.steps import whole
from pydns.zone import node as nodes
from pydns.zone.denials import denials_of
from pydns.zone.rrset import RRset, minimum_of, serial_of
from pydns.zone.signatures import signatures

Parts = Sequence[dict[bytes, bytes]]
"""From name to node (see `pydns.zone.node`), divided by the name's hash. One, or a power of two."""

PARTS: Final = 256
"""Of a large zone: one dict of a million stops the loop for 30 ms as it grows, and a change copies only its parts."""

LARGE: Final = 4096
"""Names beyond which a zone is divided."""

_SOA, _RRSIG = int(Type.SOA), int(Type.RRSIG)
_MIN_SOA: Final = 22  # octets: two names of the root, five numbers


class Zone:
    """Made by `Builder.finish`, or of another one by `changed`. Names are those of `pydns.names`."""

    __slots__ = (
        "denials", "depends", "mask", "names", "negative", "negative_signed", "origin", "packed_denial", "parts",
        "records", "serial", "soa",
    )  # fmt: skip

    def __init__(self, origin: bytes, parts: Parts, names: int, records: int) -> None:
        """`names` and `records`: how many. Raises ZoneError where there is not one SOA record."""
        self.origin = origin
        self.parts = parts
        self.mask = len(parts) - 1
        self.names = names
        self.records = records
        soa = self.rrset(origin, _SOA)
        if soa is None:
            raise ZoneError(f"{to_text(origin)} has no SOA record")
        if len(soa.rdatas) > 1:
            raise ZoneError(f"{to_text(origin)} has {len(soa.rdatas)} SOA records")
        if len(soa.rdatas[0]) < _MIN_SOA:
            raise ZoneError(f"the SOA record of {to_text(origin)} is cut")
        self.soa: RRset = soa
        self.serial = serial_of(soa.rdatas[0])
        self.denials = denials_of(self)
        """Where proofs of denials are found; None where the zone is not signed."""
        self.depends = (mark(origin),)
        """What a negative answer depends on besides its name (see `mark`)."""
        # What stands in the authority section of negative answers, with the TTL of these (RFC 2308 section 3).
        ttl = min(soa.ttl, minimum_of(soa.rdatas[0]))
        (record,) = soa.records()
        self.negative: tuple[Record, ...] = (record._replace(ttl=ttl),)
        signed = signatures(self.node(origin) or nodes.EMPTY, origin, _SOA)
        self.negative_signed = (*self.negative, *(each._replace(ttl=min(each.ttl, ttl)) for each in signed))
        self.packed_denial: bytes | None = None
        """The SOA of negative answers less its owner, as it stands in a message; None where signatures go with it."""
        if not signed:
            self.packed_denial = nodes.RECORD.pack(0, _SOA, record.class_, ttl, len(record.rdata))[2:] + record.rdata

    def node(self, name: bytes) -> bytes | None:
        """What stands at a name; None where it does not exist."""
        return self.parts[hash(name) & self.mask].get(name)

    def rrset(self, name: bytes, type_: int) -> RRset | None:
        """The records of a name and type. Signatures of several TTLs are given with the lowest."""
        node = self.parts[hash(name) & self.mask].get(name)
        place = nodes.place(node, type_) if node is not None else None
        if node is None or place is None:
            return None
        found = tuple(nodes.records(node, *place))
        return RRset(name, type_, min(ttl for ttl, _ in found), tuple([rdata for _, rdata in found]))

    def rrsets_at(self, name: bytes) -> tuple[RRset, ...] | None:
        """All there is at a name: nothing at an empty non-terminal. None where the name does not exist."""
        node = self.node(name)
        return None if node is None else tuple(_rrsets(name, node))

    def rrsets(self) -> Iterator[RRset]:
        """Everything, occluded names and glue too, as AXFR says it (RFC 5936 section 2.2): the SOA once, and first."""
        yield self.soa
        for rrset in self.rrsets_at(self.origin) or ():
            if rrset.type != _SOA:
                yield rrset
        for part in self.parts:
            for name, node in part.items():
                if name != self.origin and len(node) > nodes.FIRST:
                    yield from _rrsets(name, node)

    def changed(self, removed: Iterable[Record], added: Iterable[Record]) -> Zone:
        """A zone with these differences. It shares with this one what did not change.

        Raises ZoneError where a record that is to go is not there, or the outcome is no zone.
        """
        return whole(self.changing(removed, added))

    def changing(self, removed: Iterable[Record], added: Iterable[Record]) -> Generator[None, None, Zone]:
        """As `changed`, in steps of a few milliseconds."""
        from pydns.zone.change import changing  # it makes zones

        return changing(self, removed, added)


def _rrsets(name: bytes, node: bytes) -> Iterator[RRset]:
    for type_, _, start, end in nodes.sets_of(node):
        by_ttl: dict[int, list[bytes]] = {}
        for ttl, rdata in nodes.records(node, start, end):
            by_ttl.setdefault(ttl, []).append(rdata)
        for ttl, rdatas in by_ttl.items():  # one, save for signatures
            yield RRset(name, type_, ttl, tuple(rdatas))


def mark(origin: bytes) -> bytes:
    """Stands for the SOA where it is told what changed: a name that nobody asks for.

    With the apex itself all names below it would be told to have changed.
    """
    return b"\1\0" + origin


def divided(part: dict[bytes, bytes]) -> list[dict[bytes, bytes]]:
    """The same names in `PARTS` dicts."""
    parts: list[dict[bytes, bytes]] = [{} for _ in range(PARTS)]
    for name, node in part.items():
        parts[hash(name) & (PARTS - 1)][name] = node
    return parts
