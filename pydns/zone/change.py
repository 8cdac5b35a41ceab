"""Makes a zone of another one and what differs: copy on write, so it costs what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Final

from pydns.errors import ZoneError
from pydns.names import is_within, to_text
from pydns.records import Record, Type, type_text
from pydns.zone import node as nodes
from pydns.zone.zone import LARGE, Zone, divided

if TYPE_CHECKING:
    from pydns.zone.zone import Parts

_GATHERED: Final = 10_000  # records that are sorted by their names in one step
_LOOK: Final = 200  # names that are looked at in one step, each with all above it
_STAR: Final = b"\x01*"
_OCCLUDES: Final = nodes.CUT | nodes.DNAME
_SOA = int(Type.SOA)


def changing(zone: Zone, removed: Iterable[Record], added: Iterable[Record]) -> Generator[None, None, Zone]:
    """See `Zone.changed`."""
    by_owner: dict[bytes, tuple[list[Record], list[Record]]] = {}
    for i, records in enumerate((removed, added)):
        for count, record in enumerate(records):
            by_owner.setdefault(record.owner, ([], []))[i].append(record)
            if count % _GATHERED == _GATHERED - 1:
                yield
    change = _Change(zone, len(by_owner))
    owners = tuple(by_owner)
    for owner in owners:
        change.apply(owner, *by_owner.pop(owner))  # what is done is let go of now, and not all of it at the end
        yield
    yield from change.mark_below()
    new = change.zone()
    if new.denials is not None:
        yield from new.denials.ordering_after(zone.denials, owners)
    return new


class _Change:
    def __init__(self, zone: Zone, owners: int) -> None:
        """`owners`: how many names change."""
        self._origin = zone.origin
        self._parts = list(zone.parts)
        self._mask = zone.mask
        self._own: set[int] = set()  # indexes of parts that are copied already
        if not self._mask and zone.names + owners > LARGE:  # now, while little is in it
            self._parts = divided(self._parts[0])
            self._mask = len(self._parts) - 1
            self._own.update(range(len(self._parts)))
        self._names = zone.names
        self._records = zone.records
        self._came: dict[bytes, None] = {}  # names that came to be
        self._cuts: list[bytes] = []  # names that began to occlude what stands below

    def zone(self) -> Zone:
        parts: Parts = tuple(self._parts)
        if self._names > LARGE and not self._mask:
            parts = tuple(divided(self._parts[0]))
        return Zone(self._origin, parts, self._names, self._records)

    def apply(self, owner: bytes, removed: list[Record], added: list[Record]) -> None:
        """Changes the records of one name."""
        if not is_within(owner, self._origin):
            raise ZoneError(f"{to_text(owner)} is not within {to_text(self._origin)}")
        node = self._get(owner)
        sets = nodes.opened(node) if node is not None else {}
        for record in removed:
            rdatas = sets.get(record.type, {})
            if rdatas.pop(nodes.key_of(record.type, record.rdata), None) is None:
                raise ZoneError(f"{to_text(owner)} has no such {type_text(record.type)} record to remove")
            self._records -= 1
        for record in added:
            rdatas = sets.setdefault(record.type, {})
            key = nodes.key_of(record.type, record.rdata)
            known = rdatas.get(key)
            if known is None:
                rdatas[key] = record.ttl, record.rdata
                self._records += 1
            elif record.ttl < known[0]:
                rdatas[key] = record.ttl, known[1]
        if owner != self._origin and sets.get(_SOA):
            raise ZoneError(f"{to_text(owner)} has a SOA record and is not the apex")
        flags, children = nodes.HEAD.unpack_from(node) if node is not None else (0, 0)
        try:
            new = nodes.packed(flags, children, sets, owner == self._origin)
        except ZoneError as error:
            raise ZoneError(f"{to_text(owner)}: {error}") from None
        if new[0] & _OCCLUDES and not flags & _OCCLUDES:
            self._cuts.append(owner)
        self._put(owner, node, new)

    def _put(self, name: bytes, old: bytes | None, new: bytes) -> None:
        """Puts a node, or takes the name away where nothing is left of it; the same for those above it."""
        while True:
            vacant = len(new) == nodes.FIRST and not nodes.HEAD.unpack(new)[1] and name != self._origin
            part = self._part(name)
            if not vacant:
                part[name] = new
            elif old is not None:
                del part[name]
            if vacant == (old is None):
                return
            self._names += -1 if vacant else 1
            if vacant:
                self._came.pop(name, None)
            else:
                self._came[name] = None
            star = name[:2] == _STAR
            name = name[1 + name[0] :]
            old = self._get(name)
            flags, children = nodes.HEAD.unpack_from(old) if old is not None else (0, 0)
            if star:
                flags = flags & ~nodes.WILDCARD if vacant else flags | nodes.WILDCARD
            head = nodes.HEAD.pack(flags, children - 1 if vacant else children + 1)
            new = head if old is None else head + old[nodes.FIRST :]

    def mark_below(self) -> Generator[None, None, None]:
        """Marks what stands below a cut or a DNAME that came. That one went need not be seen: the mark says "look"."""
        came: Counter[bytes] = Counter()
        looked = 0
        for name in self._came:
            came[name[1 + name[0] :]] += 1
            if self._is_below(name):
                self._mark(name)
            looked += 1
            if looked % _LOOK == 0:
                yield
        if not any(self._covers_old(cut, came[cut]) for cut in self._cuts):
            return
        for part in self._parts:
            below = []
            for name, node in part.items():
                if not node[0] & nodes.BELOW and name != self._origin and self._is_below(name):
                    below.append(name)
                looked += 1
                if looked % _LOOK == 0:
                    yield
            for name in below:
                self._mark(name)

    def _covers_old(self, cut: bytes, came: int) -> bool:
        """False where all that stands below came with this change, as glue does."""
        node = self._get(cut)
        if node is None or not node[0] & _OCCLUDES or node[0] & nodes.BELOW:
            return False
        children: int = nodes.HEAD.unpack_from(node)[1]
        return children > came

    def _is_below(self, name: bytes) -> bool:
        while name != self._origin:
            name = name[1 + name[0] :]
            node = self._get(name)
            if node is not None and node[0] & (_OCCLUDES | nodes.BELOW):
                return True
        return False

    def _mark(self, name: bytes) -> None:
        part = self._part(name)
        node = part[name]
        part[name] = bytes((node[0] | nodes.BELOW,)) + node[1:]

    def _get(self, name: bytes) -> bytes | None:
        return self._parts[hash(name) & self._mask].get(name)

    def _part(self, name: bytes) -> dict[bytes, bytes]:
        index = hash(name) & self._mask
        if index not in self._own:
            self._own.add(index)
            self._parts[index] = dict(self._parts[index])
        return self._parts[index]
