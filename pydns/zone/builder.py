"""Makes a zone of records that come one by one, in any order, best all of a name together."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from pydns.errors import ZoneError
from pydns.names import is_within, to_text
from pydns.records import Type
from pydns.steps import letting_go
from pydns.zone import node as nodes
from pydns.zone.zone import LARGE, Zone, divided

MAX_RECORDS: Final = 20_000
"""Records of one name. More would have a query wait while they are packed, and few would fit a message."""

_STEP: Final = 2000  # names that are looked at in one step, those above others among them
_BULKY: Final = 512  # octets of a node that is not made anew for each record
_STAR: Final = b"\x01*"
_SOA = int(Type.SOA)


class Builder:
    """Takes all records of a zone by `add`, and `finish` makes the zone. It is of no use afterwards."""

    def __init__(self, origin: bytes) -> None:
        self.origin = origin
        self.records = 0
        """Records added so far, duplicates left out."""
        self._parts: list[dict[bytes, bytes]] = [{origin: nodes.EMPTY}]
        self._mask = 0
        self._names = 1
        self._owner = origin
        self._gathered: list[tuple[int, int, bytes]] = []  # type, TTL, rdata: what came of `_owner` in one go
        self._bulky: dict[bytes, list[tuple[int, int, bytes]]] = {}  # what is added to large nodes at the end
        self._parent = origin  # of the last names that came, and how many these are
        self._came = 0
        self._occludes = False  # there is a cut or a DNAME

    def add(self, owner: bytes, type_: int, ttl: int, rdata: bytes) -> None:
        """One record. A second one like it is left out; an RRset gets the lowest of its TTLs (RFC 2181 section 5.2).

        Raises ZoneError, here or when the next name comes, for a record that this zone cannot have.
        """
        if owner != self._owner:
            self._settle()
            self._owner = owner
        self._gathered.append((type_, ttl, rdata))

    def finish(self) -> Generator[None, None, Zone]:
        """The zone, made in steps of a few milliseconds. Raises ZoneError."""
        self._settle()
        self._count_children()
        for owner, gathered in self._bulky.items():
            self._merge(owner, gathered)
            yield
        if self._occludes:
            yield from self._mark_below()
        parts, self._parts = tuple(self._parts), []  # who still holds the builder must not hold the zone
        zone = Zone(self.origin, parts, self._names, self.records)
        if zone.denials is not None:
            yield from zone.denials.ordering()
        return zone

    def abandon(self) -> Generator[None, None, None]:
        """There will be no zone: what was added is let go in steps."""
        self._bulky.clear()
        return letting_go(self._parts)

    def _settle(self) -> None:
        """Puts what was gathered of one name into its node."""
        gathered, owner = self._gathered, self._owner
        if not gathered:
            return
        parent = owner[1 + owner[0] :]
        if parent != self._parent and owner != self.origin:
            if not is_within(parent, self.origin) or not owner[0]:
                raise ZoneError(f"{to_text(owner)} is not within {to_text(self.origin)}")
            self._count_children()
            self._parent = parent
        part = self._parts[hash(owner) & self._mask]
        node = part.get(owner)
        if node is None:
            self._begin(owner, parent)
            node = self._made(owner, gathered)
            if node is not None:
                if node[0]:
                    self._occludes = True
                self._parts[hash(owner) & self._mask][owner] = node
                self.records += len(gathered)
                gathered.clear()
                return
        self._gathered = []
        if node is not None and len(node) > _BULKY:
            bulk = self._bulky.setdefault(owner, [])
            bulk += gathered
            if len(bulk) > MAX_RECORDS:
                raise ZoneError(f"{to_text(owner)} has over {MAX_RECORDS} records")
        else:
            self._merge(owner, gathered)

    @staticmethod
    def _made(owner: bytes, gathered: list[tuple[int, int, bytes]]) -> bytes | None:
        """The node of a new name, where that is a simple one, as most are."""
        if len(gathered) > 1:
            return nodes.of_one_type(gathered)
        ((type_, ttl, rdata),) = gathered
        if type_ == _SOA:
            raise _misplaced(owner)
        return nodes.of_one(type_, ttl, rdata, False)

    def _begin(self, owner: bytes, parent: bytes) -> None:
        """A name comes to be."""
        self._came += 1
        self._names += 1
        if owner[:2] == _STAR:
            self._count(parent, 0, nodes.WILDCARD)
        if self._names > LARGE and not self._mask:
            self._parts = divided(self._parts[0])
            self._mask = len(self._parts) - 1

    def _count_children(self) -> None:
        if self._came:
            self._count(self._parent, self._came, 0)
            self._came = 0

    def _count(self, name: bytes, came: int, flags: int) -> None:
        """A name has more children than before. It may come to be by that, and so may those above it."""
        while True:
            part = self._parts[hash(name) & self._mask]
            node = part.get(name)
            old_flags, children = nodes.HEAD.unpack_from(node) if node is not None else (0, 0)
            head = nodes.HEAD.pack(old_flags | flags, children + came)
            part[name] = head if node is None else head + node[nodes.FIRST :]
            if node is not None:
                return
            self._names += 1
            came, flags = 1, nodes.WILDCARD if name[:2] == _STAR else 0
            name = name[1 + name[0] :]

    def _merge(self, owner: bytes, gathered: list[tuple[int, int, bytes]]) -> None:
        if len(gathered) > MAX_RECORDS:
            raise ZoneError(f"{to_text(owner)} has over {MAX_RECORDS} records")
        part = self._parts[hash(owner) & self._mask]
        node = part.get(owner, nodes.EMPTY)
        sets = nodes.opened(node)
        for type_, ttl, rdata in gathered:
            rdatas = sets.setdefault(type_, {})
            key = nodes.key_of(type_, rdata)
            known = rdatas.get(key)
            if known is None:
                rdatas[key] = ttl, rdata
                self.records += 1
            elif ttl < known[0]:
                rdatas[key] = ttl, known[1]
        apex = owner == self.origin
        if not apex and _SOA in sets:
            raise _misplaced(owner)
        flags, children = nodes.HEAD.unpack_from(node)
        try:
            node = part[owner] = nodes.packed(flags, children, sets, apex)
        except ZoneError as error:
            raise ZoneError(f"{to_text(owner)}: {error}") from None
        if node[0] & (nodes.CUT | nodes.DNAME):
            self._occludes = True

    def _mark_below(self) -> Generator[None, None, None]:
        """Marks names that stand below a cut or a DNAME."""
        origin = self.origin
        apex_occludes = self._parts[hash(origin) & self._mask][origin][0] & nodes.DNAME
        looked = 0
        for part in self._parts:
            for name, node in part.items():  # values are replaced, which does not disturb it
                looked += 1
                if looked >= _STEP:
                    looked = 0
                    yield
                if name == origin:
                    continue
                parent = name[1 + name[0] :]
                while parent != origin:
                    if self._parts[hash(parent) & self._mask][parent][0] & (nodes.CUT | nodes.DNAME | nodes.BELOW):
                        part[name] = bytes((node[0] | nodes.BELOW,)) + node[1:]
                        break
                    parent = parent[1 + parent[0] :]
                    looked += 1
                else:
                    if apex_occludes:
                        part[name] = bytes((node[0] | nodes.BELOW,)) + node[1:]


def _misplaced(owner: bytes) -> ZoneError:
    return ZoneError(f"{to_text(owner)} has a SOA record and is not the apex")
