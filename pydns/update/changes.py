"""What an update makes of a zone (RFC 2136 section 3.4.2)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

from pydns.names import to_text
from pydns.records import Class, Rcode, Record, Type
from pydns.update.errors import UpdateError
from pydns.zone import node as nodes
from pydns.zone.builder import MAX_RECORDS
from pydns.zone.difference import Delta
from pydns.zone.rrset import is_later, serial_of
from pydns.zone.zone import Zone

_STEP: Final = 100  # records that are looked at in one step
_IN, _ANY_CLASS = int(Class.IN), int(Class.ANY)
_NS, _CNAME, _SOA, _DNAME, _RRSIG, _ANY = (
    int(each) for each in (Type.NS, Type.CNAME, Type.SOA, Type.DNAME, Type.RRSIG, Type.ANY)
)
_WKS: Final = 11
_REPLACING: Final = frozenset((_CNAME, _SOA, _DNAME, _WKS))
"""Types of which one goes where another of its name comes (sections 1.1.5 and 3.4.2.2, RFC 6672)."""
_STAR: Final = b"\x01*"
_BESIDE_CNAME: Final = frozenset((_RRSIG, int(Type.NSEC), int(Type.KEY)))
"""Types that may stand beside a CNAME (RFC 4035 section 2.5, RFC 3007 section 3.1.1)."""


def changing(zone: Zone, changes: Sequence[Record]) -> Generator[None, None, Delta | None]:
    """What changes in the zone, its serial among it, in steps of a few milliseconds; None where nothing does.

    The changes are such as `read_update` gives. Raises UpdateError where the zone cannot have so much.
    """
    draft = _Draft(zone)
    for count, record in enumerate(changes, 1):
        if record.class_ == _IN:
            draft.add(record)
        elif record.class_ == _ANY_CLASS:
            draft.delete_rrset(record.owner, record.type)
        else:
            draft.delete(record)
        if count % _STEP == 0:
            yield
    return (yield from draft.finish())


def next_serial(serial: int) -> int:
    """The one behind it (RFC 1982), and never 0, which some take for none."""
    return (serial + 1) & 0xFFFF_FFFF or 1


class _Draft:
    """The names that an update touches: as they were, and as they are to be."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._origin = zone.origin
        self._before: dict[bytes, nodes.Sets] = {}
        self._after: dict[bytes, nodes.Sets] = {}
        self._ttls: dict[bytes, dict[int, int]] = {}  # those of the records that were added last

    def add(self, record: Record) -> None:
        """Section 3.4.2.2."""
        owner, type_, _, ttl, rdata = record
        sets = self._at(owner)
        if type_ == _CNAME:
            if any(rdatas and each != _CNAME and each not in _BESIDE_CNAME for each, rdatas in sets.items()):
                return
        elif sets.get(_CNAME) and type_ not in _BESIDE_CNAME:
            return
        if type_ == _SOA and (owner != self._origin or not self._may_follow(rdata)):
            return
        if type_ in (_NS, _DNAME) and owner[:2] == _STAR:
            return  # these mean nothing there (RFC 4592 sections 4.2 and 4.4), and BIND passes them over too
        rdatas = sets.setdefault(type_, {})
        if type_ in _REPLACING:
            for key in [key for key, (_, other) in rdatas.items() if type_ != _WKS or rdata[:5] == other[:5]]:
                del rdatas[key]
        rdatas[nodes.key_of(type_, rdata)] = ttl, rdata
        self._ttls.setdefault(owner, {})[type_] = ttl

    def delete_rrset(self, owner: bytes, type_: int) -> None:
        """Section 3.4.2.3: of the apex SOA and NS stay."""
        sets = self._at(owner)
        kept = (_SOA, _NS) if owner == self._origin else ()
        for each in list(sets) if type_ == _ANY else [type_]:
            if each not in kept:
                sets.pop(each, None)

    def delete(self, record: Record) -> None:
        """Section 3.4.2.4: not the SOA, nor the last NS of the apex."""
        owner, type_, _, _, rdata = record
        rdatas = self._at(owner).get(type_, {})
        if type_ == _SOA or (type_ == _NS and owner == self._origin and len(rdatas) < 2):
            return
        rdatas.pop(nodes.key_of(type_, rdata), None)

    def finish(self) -> Generator[None, None, Delta | None]:
        removed: list[Record] = []
        added: list[Record] = []
        for owner, after in self._after.items():
            self._level(owner, after)
            if sum(map(len, after.values())) > MAX_RECORDS:
                raise UpdateError(Rcode.REFUSED, f"{to_text(owner)} would have over {MAX_RECORDS} records")
            old, new = _records(owner, self._before[owner]), _records(owner, after)
            removed += [record for record in old if record not in new]
            added += [record for record in new if record not in old]
            yield
        (old_soa,) = self._zone.soa.records()
        new_soa = self._soa() or old_soa
        if not removed and not added and new_soa == old_soa:
            return None
        if not is_later(serial_of(new_soa.rdata), self._zone.serial):
            number = next_serial(self._zone.serial).to_bytes(4)
            new_soa = new_soa._replace(rdata=new_soa.rdata[:-20] + number + new_soa.rdata[-16:])
        return Delta(old_soa, tuple(removed), new_soa, tuple(added))

    def _level(self, owner: bytes, sets: nodes.Sets) -> None:
        """The TTL of the record that was added last is that of all of its RRset (RFC 2181 section 5.2)."""
        for type_, ttl in self._ttls.get(owner, {}).items():
            if type_ != _RRSIG:  # whose TTLs are those of what they sign
                rdatas = sets.get(type_, {})
                rdatas.update({key: (ttl, rdata) for key, (_, rdata) in rdatas.items()})

    def _soa(self) -> Record | None:
        """The SOA as it is to be, where the update touches the apex."""
        for ttl, rdata in self._after.get(self._origin, {}).get(_SOA, {}).values():
            return Record(self._origin, _SOA, _IN, ttl, rdata)
        return None

    def _may_follow(self, rdata: bytes) -> bool:
        """A SOA whose serial goes back is passed over."""
        known = self._soa()
        serial = self._zone.serial if known is None else serial_of(known.rdata)
        return serial_of(rdata) == serial or is_later(serial_of(rdata), serial)

    def _at(self, owner: bytes) -> nodes.Sets:
        found = self._after.get(owner)
        if found is None:
            node = self._zone.node(owner)
            before = self._before[owner] = nodes.opened(node) if node is not None else {}
            found = self._after[owner] = {type_: dict(rdatas) for type_, rdatas in before.items()}
        return found


def _records(owner: bytes, sets: nodes.Sets) -> dict[Record, None]:
    """All but the SOA, in their order."""
    return {
        Record(owner, type_, _IN, ttl, rdata): None
        for type_, rdatas in sets.items()
        if type_ != _SOA
        for ttl, rdata in rdatas.values()
    }
