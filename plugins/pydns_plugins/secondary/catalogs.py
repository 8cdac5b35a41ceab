"""Which catalog a zone comes from, as catalogs change: pure, so that every order of changes can be tried."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from pydns.names import to_text
from pydns.zone.catalog import Member

MOST: Final = 20_000
"""Zones of all catalogs of a server block together."""

_STEP: Final = 500  # members


class What(Enum):
    COMES = auto()
    GOES = auto()
    RESETS = auto()
    """It goes and comes anew: what we have of it is forgotten (RFC 9432 section 5.5)."""
    MOVES = auto()
    """Another catalog lists it now, and what we have of it stays (section 4.3.1)."""


class Change(NamedTuple):
    """`catalog`: the one that lists it now; for GOES the one that did."""

    what: What
    zone: bytes
    catalog: bytes


class Catalogs:
    """`owners`: from a member zone to its catalog and its label there.

    `admits` says which zones a catalog may bring; `configured` are those that the Corefile names, which none may.
    """

    def __init__(self, admits: Callable[[bytes, bytes], bool], configured: Collection[bytes]) -> None:
        self.owners: dict[bytes, tuple[bytes, bytes]] = {}
        self.complaints: list[str] = []
        """What was left out of the last change, and why."""
        self._admits = admits
        self._configured = frozenset(configured)
        self._latest: dict[bytes, Mapping[bytes, Member]] = {}

    def inherit(self, catalog: bytes, old: Catalogs) -> list[bytes]:
        """Goes on with one catalog where another one has come to. Gives its zones that it may still bring."""
        if catalog not in old._latest:
            return []
        self._latest[catalog] = old._latest[catalog]
        own = [zone for zone, (owner, _) in old.owners.items() if owner == catalog and self._may(catalog, zone)]
        self.owners.update((zone, old.owners[zone]) for zone in own)
        return own

    def _may(self, catalog: bytes, zone: bytes) -> bool:
        return zone not in self._configured and zone not in self.owners and self._admits(catalog, zone)

    def apply(self, catalog: bytes, members: Mapping[bytes, Member]) -> Generator[None, None, list[Change]]:
        """A catalog has these members now: what is to be done, for each zone in this order. In steps."""
        self.complaints = []
        self._latest[catalog] = members
        changes: list[Change] = []
        for zone in [zone for zone, (owner, _) in self.owners.items() if owner == catalog and zone not in members]:
            del self.owners[zone]
            changes.append(Change(What.GOES, zone, catalog))
            # Who listed it in vain as long as it was another's has it now.
            heir = next((other for other, theirs in self._latest.items() if zone in theirs), None)
            if heir is not None:
                changes += self._take(heir, self._latest[heir][zone])
        for i, member in enumerate(members.values()):
            changes += self._take(catalog, member)
            if not i % _STEP:
                yield
        return changes

    def _take(self, catalog: bytes, member: Member) -> list[Change]:
        zone, label = member.zone, member.label
        text = f"{to_text(zone)} of catalog {to_text(catalog)}"
        if zone in self._configured or zone == catalog:
            self.complaints.append(f"{text} is left out: the Corefile names that zone")
            return []
        if not self._admits(catalog, zone):
            self.complaints.append(f"{text} is left out: the Corefile does not admit it")
            return []
        owner = self.owners.get(zone)
        if owner is None:
            if len(self.owners) >= MOST:
                self.complaints.append(f"{text} is left out: there are {MOST} zones of catalogs already")
                return []
            self.owners[zone] = catalog, label
            return [Change(What.COMES, zone, catalog)]
        if owner == (catalog, label):
            return []
        if owner[0] != catalog:
            theirs = self._latest.get(owner[0], {}).get(zone)
            if theirs is None or theirs.moves_to != catalog:
                self.complaints.append(f"{text} is left out: it comes from catalog {to_text(owner[0])}")
                return []
        self.owners[zone] = catalog, label
        return [Change(What.RESETS if owner[1] != label else What.MOVES, zone, catalog)]
