"""Answers of a zone for the direct lane (`pydns.packed`): slices of what stands in memory."""

from __future__ import annotations

from typing import Final

from pydns.packed import Packed
from pydns.records import Rcode, Type
from pydns.zone.additional import NAMES_AT
from pydns.zone.lookup import LOOK
from pydns.zone.node import BELOW, CUT, DNAME, FIRST, SET, WILDCARD
from pydns.zone.zone import Zone

_AA: Final = 0x0400
_NXDOMAIN: Final = _AA | int(Rcode.NXDOMAIN)
_QUESTION: Final = 0xC00C  # points to the question's name
_DECIDES: Final = CUT | DNAME | BELOW | WILDCARD
"""Flags of a name that have a say about names below it that do not exist."""

_RRSIG = int(Type.RRSIG)


def direct(zone: Zone, name: bytes, type_: int, by: str) -> Packed | None:
    """What `lookup.find` gives, where that is all whoever asks; None where it takes more to tell."""
    parts, mask = zone.parts, zone.mask
    node = parts[hash(name) & mask].get(name)
    if node is None:
        if zone.packed_denial is None:
            return None
        at = 0
        while node is None:  # the origin exists
            at += 1 + name[at]
            above = name[at:]
            node = parts[hash(above) & mask].get(above)
        if node[0] & _DECIDES:
            return None
        return _NXDOMAIN, 0, 1, _pointer(name, zone) + zone.packed_denial, by
    if node[0] & LOOK or type_ in NAMES_AT:
        return None
    at, size = FIRST, len(node)
    found = None
    while at < size:
        each, count, length = SET.unpack_from(node, at)
        at += 8
        if each == type_:
            found = _AA, count, 0, node[at : at + length], by
        elif each == _RRSIG:
            return None  # who sets DO gets more
        at += length
    if found is None and zone.packed_denial is not None:
        return _AA, 0, 1, _pointer(name, zone) + zone.packed_denial, by
    return found


def _pointer(name: bytes, zone: Zone) -> bytes:
    """What stands for the zone's name in an answer."""
    return (_QUESTION + len(name) - len(zone.origin)).to_bytes(2)
