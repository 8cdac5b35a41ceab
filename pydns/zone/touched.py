"""Which names are answered otherwise than before, where a zone has changed."""

from __future__ import annotations

from typing import Final

from pydns.zone.difference import Delta
from pydns.zone.zone import Zone, mark

MOST: Final = 1000
"""Records that change at once and are still told by name; for more, all that was answered of the zone is forgotten."""

_STAR: Final = b"\x01*"


def touched(old: Zone, new: Zone, delta: Delta) -> frozenset[bytes] | None:
    """Names that are touched with all above and below them (see `pydns.changes`); None: the whole zone is."""
    if len(delta.removed) + len(delta.added) > MOST or delta.old.rdata[:-20] != delta.new.rdata[:-20]:
        return None
    if (delta.old.ttl, delta.old.rdata[-16:]) != (delta.new.ttl, delta.new.rdata[-16:]):
        return None  # more of the SOA than its serial, of which negative answers tell
    found = set()
    for owner in {record.owner for record in (*delta.removed, *delta.added)}:
        top = _top(old, new, owner)
        if top[:2] == _STAR:
            top = top[2:]  # names beside it are answered from it
        if top == new.origin:
            return None
        found.add(top)
    if found or old.serial != new.serial:
        found.add(mark(new.origin))
    return frozenset(found)


def _top(old: Zone, new: Zone, name: bytes) -> bytes:
    """The highest name that came to be or went with this one, or it itself.

    Of what lies below such a name another wildcard decides than before.
    """
    top = name
    while name != new.origin and (old.node(name) is None) != (new.node(name) is None):
        top = name
        name = name[1 + name[0] :]
    return top
