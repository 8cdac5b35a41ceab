"""The order in which the NSEC or NSEC3 records of a signed zone stand, to find the one that covers a name."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Final

from pydns.dnssec.canonical import order
from pydns.dnssec.nsec3 import Parameters, label, read_parameters
from pydns.records import Type
from pydns.steps import whole
from pydns.zone import node as nodes

if TYPE_CHECKING:
    from pydns.zone.zone import Zone

MAX_ITERATIONS: Final = 500
"""Of a hash. With more, denials go without proofs: each would take milliseconds, and nobody takes such proofs for more
than insecure (RFC 9276 section 3.2)."""

_STEP: Final = 1000  # names in one step
_FEW: Final = 10  # names that change in one step: each moves all behind it
_NSEC, _NSEC3, _NSEC3PARAM = int(Type.NSEC), int(Type.NSEC3), int(Type.NSEC3PARAM)


class Denials:
    """Of one zone. `hashed` are NSEC3's parameters, None for NSEC.

    The order is made when the zone is, in steps, or else when it is first needed. It holds the names alone: what they
    are ordered by is made as it is looked up.
    """

    __slots__ = ("_mask", "_names", "_origin", "_parts", "hashed", "type")

    def __init__(self, zone: Zone, hashed: Parameters | None) -> None:
        self.hashed = hashed
        self.type = _NSEC if hashed is None else _NSEC3
        # Not the zone: only the collector would free the two then.
        self._origin, self._parts, self._mask = zone.origin, zone.parts, zone.mask
        self._names: list[bytes] | None = None

    def ordering(self) -> Generator[None, None, None]:
        """Makes the order, in steps of a few milliseconds."""
        chunks: list[list[bytes]] = []
        chunk: list[bytes] = []
        key = self._key
        looked = 0
        for part in self._parts:
            for name, node in part.items():
                looked += 1
                if self._denies(node):
                    chunk.append(name)
                if len(chunk) >= _STEP or looked % (8 * _STEP) == 0:
                    chunk.sort(key=key)
                    chunks.append(chunk)
                    chunk = []
                    yield
        chunk.sort(key=key)
        chunks.append(chunk)
        if len(chunks) == 1:
            self._names = chunk
            return
        names: list[bytes] = []
        for name in heapq.merge(*chunks, key=key):
            names.append(name)
            if len(names) % _STEP == 0:
                yield
        self._names = names

    def ordering_after(self, before: Denials | None, changed: Iterable[bytes]) -> Generator[None, None, None]:
        """The same, from the order of a zone in which no other names were different."""
        if before is None or before.hashed != self.hashed or before._names is None:
            yield from self.ordering()
            return
        names, key = before._names.copy(), self._key
        moved = 0
        for name in changed:
            was = before._denies(before._node(name))
            if was == self._denies(self._node(name)):
                continue
            if was:
                del names[bisect_left(names, _place(key, name), key=key)]
            else:
                names.insert(bisect_left(names, _place(key, name), key=key), name)
            moved += 1
            if moved % _FEW == 0:
                yield
                if moved > _STEP:
                    yield from self.ordering()
                    return
        self._names = names

    def matching(self, name: bytes) -> bytes | None:
        """The owner of the record that is about this very name."""
        if self.hashed is not None:
            name = label(self.hashed.hash(name)) + self._origin
        return name if self._denies(self._node(name)) else None

    def covering(self, name: bytes) -> bytes | None:
        """The owner of the record which says that nothing stands between it and the next one, where this name would."""
        names = self._names
        if names is None:
            whole(self.ordering())
            names = self._names
        if not names:
            return None
        if self.hashed is not None:
            return names[bisect_right(names, label(self.hashed.hash(name)) + self._origin) - 1]
        return names[bisect_right(names, order(name), key=order) - 1]

    def _node(self, name: bytes) -> bytes | None:
        return self._parts[hash(name) & self._mask].get(name)

    @property
    def _key(self) -> Callable[[bytes], bytes] | None:
        """What names are ordered by. Hashes are all of one length, and are ordered as they stand."""
        return order if self.hashed is None else None

    def _denies(self, node: bytes | None) -> bool:
        if node is None:
            return False
        place = nodes.place(node, self.type)
        if place is None or self.hashed is None:
            return place is not None
        # A chain of other parameters may be on its way in or out (RFC 5155 section 7.1).
        return any(read_parameters(rdata) == self.hashed for _, rdata in nodes.records(node, *place))


def _place(key: Callable[[bytes], bytes] | None, name: bytes) -> bytes:
    return name if key is None else key(name)


def denials_of(zone: Zone) -> Denials | None:
    """None where the zone is not signed, or nobody could use its proofs."""
    apex = zone.node(zone.origin) or nodes.EMPTY
    place = nodes.place(apex, _NSEC3PARAM)
    if place is not None:
        for _, rdata in nodes.records(apex, *place):
            parameters = read_parameters(rdata)
            if parameters is not None and parameters.iterations <= MAX_ITERATIONS and not rdata[1]:
                return Denials(zone, parameters)
    return Denials(zone, None) if nodes.place(apex, _NSEC) is not None else None
