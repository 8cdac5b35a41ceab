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

MAX_NAMES: Final = 5_000
"""A change of more names than this is taken as a change of everything, so that no query waits for it long."""

KEPT_NAMES: Final = 100_000
"""Names in all changes remembered together, so that memory stays bounded: some 30 MiB."""


class _Change:
    """Names that changed, and zones that changed whole."""

    __slots__ = ("above", "names", "zones")

    def __init__(self, names: frozenset[bytes], zones: frozenset[bytes]) -> None:
        self.names = names
        self.zones = zones
        # An entry for an ancestor of what changed goes too: an NXDOMAIN there denied all below it (RFC 8020).
        above: set[bytes] = set()
        for name in names | zones:
            for ancestor in ancestors(name):
                if ancestor in above:
                    break  # and so are all above it
                above.add(ancestor)
        self.above = above

    def touches(self, name: bytes, within: frozenset[bytes]) -> bool:
        """`within`: the name and its ancestors."""
        return name in self.above or not (within.isdisjoint(self.names) and within.isdisjoint(self.zones))


class Changes:
    """The changes of one process. Read `epoch` when a query begins; ask `touched_since` when an entry is found."""

    __slots__ = ("_kept", "_names", "epoch")

    def __init__(self) -> None:
        self.epoch = 0
        self._kept: deque[_Change] = deque()
        self._names = 0  # in `_kept`

    def names(self, names: Iterable[bytes]) -> None:
        """These names have other records than before, came, or went."""
        changed = frozenset(names)
        if len(changed) > MAX_NAMES:
            self.everything()
        elif changed:
            self._add(_Change(changed, frozenset()))

    def zone(self, zone: bytes) -> None:
        """Everything at and below `zone` may be different."""
        self._add(_Change(frozenset(), frozenset((zone,))))

    def everything(self) -> None:
        # Whatever is older than all that is remembered counts as touched.
        self.epoch += 1
        self._kept.clear()
        self._names = 0

    def _add(self, change: _Change) -> None:
        self.epoch += 1
        self._kept.append(change)
        self._names += len(change.names)
        while len(self._kept) > KEPT_CHANGES or self._names > KEPT_NAMES:
            self._names -= len(self._kept.popleft().names)

    def touched_since(self, epoch: int, names: Iterable[bytes]) -> bool:
        """True where a change after `epoch` concerns one of `names`: itself, its ancestor, or below it."""
        missed = self.epoch - epoch
        if missed > len(self._kept):
            return True
        if not missed:
            return False
        # Each name's ancestors once, not once a change: a name may have 127 labels.
        asked = [(name, frozenset(ancestors(name))) for name in names]
        for i in range(len(self._kept) - missed, len(self._kept)):
            change = self._kept[i]
            if any(change.touches(name, within) for name, within in asked):
                return True
        return False
