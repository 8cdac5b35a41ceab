"""What a hosts directive serves at one moment: all its files and inline entries. It is made whole and swapped whole."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from struct import Struct
from typing import Final, NamedTuple

from pydns.names import address_of_reverse
from pydns.packed import Packed
from pydns.records import Class, Record, Type
from pydns_plugins.hosts.reader import Reading
from pydns_plugins.hosts.spelling import spelled_address, text, wildcard, wire
from pydns_plugins.hosts.table import MAX_ADDRESSES, MAX_NAMES, Table

_KEPT: Final = 256  # names whose records are kept: for who asks for A and at once for AAAA; more would cost more

AA: Final = 0x0400
_RECORD: Final = Struct("!HHHIH")
_A, _AAAA, _PTR, _IN = int(Type.A), int(Type.AAAA), int(Type.PTR), int(Class.IN)


class Source(NamedTuple):
    """One file, or the inline entries, as read.

    * `label`: its path
    * `origins`: for inline entries the `Corefile:LINE` of each line, else empty
    * `table`: an index of its own where it is large
    """

    label: str
    reading: Reading
    origins: Sequence[str] = ()
    table: Table | None = None

    def place(self, line: int) -> str:
        return self.origins[line - 1] if self.origins else f"{self.label}:{line}"


class Part:
    """A table, and the sources whose texts it holds one after the other."""

    __slots__ = ("_lines", "_sources", "_starts", "table")

    def __init__(self, table: Table, sources: Sequence[Source]) -> None:
        self.table = table
        self._sources = tuple(sources)
        self._starts = list(accumulate((len(source.reading.text) for source in sources), initial=0))[:-1]
        self._lines = [table.line(start) - 1 for start in self._starts]  # of the sources before

    def place(self, at: int) -> str:
        """`file:line` of a place in the table's text."""
        i = bisect_right(self._starts, at) - 1
        return self._sources[i].place(self.table.line(at) - self._lines[i])


Entry = tuple[tuple[Record, ...], tuple[Record, ...], Callable[[], str]]
"""The A and the AAAA records of a name, and what tells where the first of them stands as `file:line`."""


class Content:
    """Answers by name and by address, from all parts."""

    def __init__(self, parts: Sequence[Part], ttl: int) -> None:
        self._parts = tuple(parts)
        self._only = parts[0].table if len(parts) == 1 else None  # most have one file
        self._ttl = ttl
        self._wildcards = any(part.table.wildcards for part in parts)
        self._kept: dict[bytes, Entry] = {}
        # What stands ahead of an address in an answer: a pointer to the question's name, type, class, TTL, length.
        self._ahead_a = _RECORD.pack(0xC00C, _A, _IN, ttl, 4)
        self._ahead_aaaa = _RECORD.pack(0xC00C, _AAAA, _IN, ttl, 16)

    def find(self, name: bytes) -> Entry | None:
        """The records of a name in wire form, of its own or by a wildcard; None where there is neither.

        A name with entries of its own, of whichever family, is never answered by a wildcard (RFC 4592 section 2.2.1);
        a wildcard stands for one label, as in CoreDNS.
        """
        entry = self._kept.get(name)
        if entry is not None:
            return entry
        key = text(name)
        if key is None:
            return None
        entry = self._collect(key, name)
        if entry is None and self._wildcards and key:
            entry = self._collect(wildcard(key), name)
        if entry is not None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[name] = entry
        return entry

    def packed(self, name: bytes, type_: int) -> Packed | None:
        """As `find`, for A or AAAA alone, the records as they stand in an answer."""
        key = text(name)
        if key is None:
            return None
        found = self._only.find(key) if self._only is not None else self._addresses(key)
        if found is None and self._wildcards and key:
            found = self._addresses(wildcard(key))
        if found is None:
            return None
        if type_ == _A:
            addresses, ahead = found[0], self._ahead_a
        else:
            addresses, ahead = found[1], self._ahead_aaaa
        if len(addresses) == 1:  # most
            return AA, 1, 0, ahead + addresses[0], "hosts"
        return AA, len(addresses), 0, b"".join([ahead + packed for packed in addresses]), "hosts"

    def _collect(self, key: bytes, owner: bytes) -> Entry | None:
        found = self._addresses(key)
        if found is None:
            return None
        v4, v6, why = found
        return self._records(owner, _A, v4) if v4 else (), self._records(owner, _AAAA, v6) if v6 else (), why

    def _addresses(self, key: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...], Callable[[], str]] | None:
        """Those of a name as text, each once, and what tells where the first stands."""
        v4: tuple[bytes, ...] = ()
        v6: tuple[bytes, ...] = ()
        why: Callable[[], str] | None = None
        for part in self._parts:
            found = part.table.find(key)
            if found is not None:
                if why is None:
                    v4, v6, place = found
                    why = partial(part.place, place)  # lines are counted only where somebody asks
                else:
                    v4 = tuple(dict.fromkeys(v4 + found[0]))[:MAX_ADDRESSES]
                    v6 = tuple(dict.fromkeys(v6 + found[1]))[:MAX_ADDRESSES]
        return None if why is None else (v4, v6, why)

    def _records(self, owner: bytes, type_: int, addresses: tuple[bytes, ...]) -> tuple[Record, ...]:
        if len(addresses) == 1:  # most
            return (Record(owner, type_, _IN, self._ttl, addresses[0]),)
        return tuple([Record(owner, type_, _IN, self._ttl, packed) for packed in addresses])

    def reverse(self, name: bytes) -> tuple[tuple[Record, ...], str] | None:
        """The PTR records of a name below in-addr.arpa or ip6.arpa, `MAX_NAMES` at most, and where the first stands."""
        packed = address_of_reverse(name)
        if packed is None:
            return None
        address = spelled_address(packed)
        found: dict[bytes, None] = {}
        why = ""
        for part in self._parts:
            names, place = part.table.names_of(address)
            if names:
                found.update(dict.fromkeys(names))
                why = why or part.place(place)
        if not found:
            return None
        records = (Record(name, _PTR, _IN, self._ttl, wire(host)) for host in [*found][:MAX_NAMES])
        return tuple(records), why
