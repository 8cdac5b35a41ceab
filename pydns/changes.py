"""What changed, and since when: how a stored answer learns that its source has new data.

A source reports a change in the same step that publishes its new data. Each change gets the next epoch. Whoever stores
an answer stores the epoch at which its query began, so a change that came while the chain waited counts as well. A
look-up compares one integer; only when it differs are the changes since then held against the entry's names.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from pydns.names import ancestors

KEPT_CHANGES: Final = 256
"""Changes remembered. An entry older than all of them is dropped, which is right and only costs a question."""

MAX_NAMES: Final = 20_000
"""A change of more names than this is taken as a change of everything, so that memory stays bounded."""


class _Change:
    """Names that changed, zones that changed whole, or everything."""

    __slots__ = ("above", "everything", "names", "zones")

    def __init__(self, names: frozenset[bytes], zones: frozenset[bytes], everything: bool) -> None:
        self.names = names
        self.zones = zones
        self.everything = everything
        # An entry for an ancestor of a changed name goes too: an NXDOMAIN there denied the name (RFC 8020).
        self.above = frozenset(above for name in names for above in ancestors(name))

    def touches(self, name: bytes) -> bool:
        if self.everything or name in self.above:
            return True
        return any(above in self.names or above in self.zones for above in ancestors(name))


class Changes:
    """The changes of one process. Read `epoch` when a query begins; ask `touched_since` when an entry is found."""

    __slots__ = ("_kept", "epoch")

    def __init__(self) -> None:
        self.epoch = 0
        self._kept: deque[_Change] = deque(maxlen=KEPT_CHANGES)

    def names(self, names: Iterable[bytes]) -> None:
        """These names have other records than before, came, or went."""
        changed = frozenset(names)
        if changed:
            self._add(_Change(changed, frozenset(), False) if len(changed) <= MAX_NAMES else _EVERYTHING)

    def zone(self, zone: bytes) -> None:
        """Everything at and below `zone` may be different."""
        self._add(_Change(frozenset(), frozenset((zone,)), False))

    def everything(self) -> None:
        self._add(_EVERYTHING)

    def _add(self, change: _Change) -> None:
        self.epoch += 1
        self._kept.append(change)

    def touched_since(self, epoch: int, names: Iterable[bytes]) -> bool:
        """True where a change after `epoch` concerns one of `names`: itself, its ancestor, or below it."""
        missed = self.epoch - epoch
        if missed > len(self._kept):
            return True
        asked = tuple(names)
        for i in range(len(self._kept) - missed, len(self._kept)):
            change = self._kept[i]
            if any(change.touches(name) for name in asked):
                return True
        return False


_EVERYTHING: Final = _Change(frozenset(), frozenset(), True)
