"""What differs between two versions of a zone: one difference sequence of IXFR (RFC 1995 section 4)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, NamedTuple

from pydns.records import Class, Record, Type
from pydns.zone import node as nodes
from pydns.zone.rrset import serial_of
from pydns.zone.zone import Parts, Zone

MOST: Final = 50_000
"""Records of a difference that is worth keeping; beyond, a transfer of the whole zone is as good."""

_STEP: Final = 5000  # names that are looked at in one step; one that differs costs as much as thirty, and ends it
_IN, _SOA = int(Class.IN), int(Type.SOA)


class Delta(NamedTuple):
    """From the version with the SOA record `old` to that with `new`; the other two are without these."""

    old: Record
    removed: tuple[Record, ...]
    new: Record
    added: tuple[Record, ...]

    @property
    def old_serial(self) -> int:
        return serial_of(self.old.rdata)

    @property
    def new_serial(self) -> int:
        return serial_of(self.new.rdata)

    def names(self) -> frozenset[bytes]:
        """The names whose records differ."""
        return frozenset(record.owner for record in (self.old, *self.removed, *self.added))


def difference(old: Zone, new: Zone, most: int = MOST) -> Generator[None, None, Delta | None]:
    """In steps of a few milliseconds; None where more than `most` records differ."""
    removed: list[Record] = []
    added: list[Record] = []
    looked = 0
    theirs, mask = old.parts, old.mask
    for part in new.parts:
        for name, node in part.items():
            before = theirs[hash(name) & mask].get(name)
            if before != node:
                _compare(name, before, node, removed, added)
                if len(removed) + len(added) > most:
                    return None
                yield
            looked += 1
            if looked % _STEP == 0:
                yield
    yield from _gone(old.parts, new, removed)
    if len(removed) + len(added) > most:
        return None
    (old_soa,), (new_soa,) = old.soa.records(), new.soa.records()
    return Delta(old_soa, tuple(removed), new_soa, tuple(added))


def _gone(parts: Parts, new: Zone, removed: list[Record]) -> Generator[None, None, None]:
    """Records of names that do not exist any more."""
    looked = 0
    ours, mask = new.parts, new.mask
    for part in parts:
        for name, node in part.items():
            if name not in ours[hash(name) & mask]:
                _compare(name, node, None, removed, [])
                yield
            looked += 1
            if looked % _STEP == 0:
                yield


def _compare(name: bytes, old: bytes | None, new: bytes | None, removed: list[Record], added: list[Record]) -> None:
    before, after = _records(name, old), _records(name, new)
    removed.extend(record for key, record in before.items() if key not in after)
    added.extend(record for key, record in after.items() if key not in before)


def _records(name: bytes, node: bytes | None) -> dict[tuple[int, int, bytes], Record]:
    """The records of a name, save the SOA, by what tells them apart; letters of names within rdata too."""
    found = {}
    for type_, _, start, end in nodes.sets_of(node) if node is not None else ():
        if type_ != _SOA:
            for ttl, rdata in nodes.records(node or b"", start, end):
                found[type_, ttl, rdata] = Record(name, type_, _IN, ttl, rdata)
    return found
