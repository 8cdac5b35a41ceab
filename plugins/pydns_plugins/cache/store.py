"""A bounded table of entries: so many of them, so many bytes, the least recently used go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydns_plugins.cache.entry import Entry
    from pydns_plugins.cache.key import Key


class Store:
    """Entries by key. Adding, finding and evicting take constant time.

    `bytes` is what the entries take, by `Entry.size`; neither it nor the number of entries is ever over its bound.
    `held`: entries and bytes by the server that stored them.
    """

    __slots__ = ("_entries", "bytes", "capacity", "get", "held", "most_bytes", "used")

    def __init__(self, capacity: int, most_bytes: int) -> None:
        self.capacity = capacity
        self.most_bytes = most_bytes
        self.bytes = 0
        self.held: dict[str, tuple[int, int]] = {}
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        # The dictionary's own functions: a call less on each hit.
        self.get = self._entries.get
        self.used = self._entries.move_to_end

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Key]:
        """The keys, the least recently used first."""
        return iter(self._entries)

    def put(self, key: Key, entry: Entry) -> int:
        """Keeps an entry in place of what stood there; says how many others had to go.

        An entry that alone is over the bounds is not kept, and what stood there goes.
        """
        self.remove(key)
        if not self.capacity or entry.size > self.most_bytes:
            return 0
        evicted = 0
        while len(self._entries) >= self.capacity or self.bytes + entry.size > self.most_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._count(oldest, -1)
            evicted += 1
        self._entries[key] = entry
        self._count(entry, 1)
        return evicted

    def remove(self, key: Key) -> None:
        """Forgets an entry, where it is there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._count(entry, -1)

    def _count(self, entry: Entry, number: int) -> None:
        octets = number * entry.size
        self.bytes += octets
        entries_held, octets_held = self.held.get(entry.server, (0, 0))
        self.held[entry.server] = entries_held + number, octets_held + octets
