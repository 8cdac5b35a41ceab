"""What stands at a name, as far as a zone of the same server block tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pydns.names import is_within
from pydns.records import Type
from pydns.zone import node as nodes
from pydns.zone.holder import Held, HoldsZones
from pydns.zone.zone import Zone
from pydns_plugins.dnssec.denial import LIES

if TYPE_CHECKING:
    from pydns.plugin import Plugin

_AT_CUT: Final = frozenset((int(Type.NS), int(Type.DS)))


_ONLY_SHAPE: Final = frozenset(("minimal", "transfer", "catalog", "loop", "sign"))
"""Plugins that may stand among those with zones and have no records of their own, or those of a zone."""


class Known:
    """The zones that other plugins of the block hold, of `below`: those that stand behind this one."""

    def __init__(self, below: Sequence[Plugin]) -> None:
        self._held: dict[bytes, Held] = {}
        holders = [plugin for plugin in below if isinstance(plugin, HoldsZones)]
        ahead = list(below)
        while ahead and ahead[-1] not in holders:
            ahead.pop()
        self._alone = all(plugin in holders or plugin.name in _ONLY_SHAPE for plugin in ahead)
        for holder in holders:
            for held in holder.held():
                self._add(held)
            holder.newcomers.append(self._add)

    def _add(self, held: Held) -> None:
        known = self._held.get(held.origin)
        if known is None or known.zone is None:
            self._held[held.origin] = held

    def zone(self, name: bytes) -> Zone | None:
        """The longest that is there and holds a name."""
        at = 0
        while True:
            held = self._held.get(name[at:])
            if held is not None and held.zone is not None:
                return held.zone
            if not name[at]:
                return None
            at += 1 + name[at]

    def types(self, name: bytes, origin: bytes) -> frozenset[int] | None:
        """The types at a name of a zone, its wildcard's where that answers for it; None where nobody can tell.

        Where a plugin ahead of the zone may have others, as *hosts* that falls through to it, those are among them that
        names may have at all.
        """
        zone = self.zone(origin)
        if zone is None or zone.origin != origin or not is_within(name, origin):
            return None
        node = zone.node(name)
        if node is None:
            encloser = name
            while node is None:
                encloser = encloser[1 + encloser[0] :]
                node = zone.node(encloser)
            node = zone.node(b"\1*" + encloser) if node[0] & nodes.WILDCARD else None
            if node is None:
                return None
        found = frozenset(type_ for type_, _, _, _ in nodes.sets_of(node))
        if node[0] & nodes.CUT:
            return found & _AT_CUT
        return found if self._alone else found | LIES

    def denial_ttl(self, origin: bytes) -> int | None:
        """The TTL of a zone's denials (RFC 9077 section 3); None where nobody can tell."""
        zone = self.zone(origin)
        return zone.negative[0].ttl if zone is not None and zone.origin == origin else None

    def is_signed(self, origin: bytes) -> bool:
        """Whether a zone was signed beforehand."""
        zone = self.zone(origin)
        return zone is not None and zone.origin == origin and is_signed(zone)

    def is_glue(self, name: bytes) -> bool:
        """Whether it stands below a cut, so that it is another zone's."""
        zone = self.zone(name)
        node = zone.node(name) if zone is not None else None
        while zone is not None and node is not None and node[0] & nodes.BELOW and name != zone.origin:
            name = name[1 + name[0] :]
            node = zone.node(name)
            if node is not None and node[0] & nodes.CUT:
                return True
        return False


def is_signed(zone: Zone) -> bool:
    """Whether its records came with signatures."""
    return len(zone.negative_signed) > len(zone.negative)
