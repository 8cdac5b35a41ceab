"""A table of a services file: its keys are taken one by one, and all that is wrong with them is gathered."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from pydns.services.faults import Fault, Path

T = TypeVar("T")


class Table:
    """`faults` is shared by all tables of a file. What is missing or wrong gives the default."""

    def __init__(self, value: object, path: Path, faults: list[Fault]) -> None:
        self.path = path
        self.faults = faults
        self.is_table = isinstance(value, dict)
        self._values: dict[str, object] = value if isinstance(value, dict) else {}
        self._taken: set[str] = set()
        if not self.is_table:
            self.blame("this must be a table")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def blame(self, text: str, *keys: str | int) -> None:
        """Notes that something is wrong with the table, or with what stands there under `keys`."""
        self.faults.append(Fault((*self.path, *keys), text))

    def table(self, key: str) -> Table:
        """The table under a key, empty where there is none."""
        self._taken.add(key)
        return Table(self._values.get(key, {}), (*self.path, key), self.faults)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """All keys, each with a table under it."""
        for key in self._values:
            yield key, self.table(key)

    def values(self) -> Iterator[tuple[str, object]]:
        """All keys, whatever stands there."""
        self._taken.update(self._values)
        yield from self._values.items()

    def check(self, name: str, read: Callable[[str], object]) -> None:
        """Blames the table where `read` refuses its name."""
        try:
            read(name)
        except ValueError as error:
            self.blame(str(error))

    def text(self, key: str, read: Callable[[str], T], default: T) -> T:
        """What `read` makes of a text; its ValueError is a fault."""
        self._taken.add(key)
        if key not in self._values:
            return default
        return self._read(self._values[key], (key,), read, default)

    def texts(self, key: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """The same for a list of texts; one text alone needs no list."""
        self._taken.add(key)
        found: list[T] = []
        for keys, value in self.items(key):
            got = self._read(value, keys, read, None)
            if got is not None:
                found.append(got)
        return tuple(found)

    def flag(self, key: str, default: bool) -> bool:
        self._taken.add(key)
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            self.blame("this must be true or false", key)
            return default
        return value

    def number(self, key: str, low: int, high: int, default: int = 0) -> int:
        self._taken.add(key)
        if key not in self._values:
            return default
        value = self._values[key]
        if not isinstance(value, int) or isinstance(value, bool):
            self.blame("this must be a whole number", key)
            return default
        if not low <= value <= high:
            self.blame(f"{_shown(value)} is out of range: {low} to {high}", key)
            return default
        return value

    def items(self, key: str) -> Iterator[tuple[tuple[str | int, ...], object]]:
        """The members of a list with their keys; what is no list is the only member."""
        self._taken.add(key)
        value = self._values.get(key, [])
        if isinstance(value, list):
            yield from (((key, i), item) for i, item in enumerate(value))
        else:
            yield (key,), value

    def close(self, known: Collection[str]) -> None:
        """Blames the keys that were not taken; `known` are those that could be."""
        for key in self._values:
            if key not in self._taken:
                close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
                hint = f"did you mean {close[0]!r}?" if close else f"one of: {', '.join(known)}"
                self.blame(f"unknown key ({hint})", key)

    def _read(self, value: object, keys: Path, read: Callable[[str], T], default: T) -> T:
        if not isinstance(value, str):
            self.blame("this must be text in quotes", *keys)
            return default
        try:
            return read(value)
        except ValueError as error:
            self.blame(str(error), *keys)
            return default


def _shown(value: int) -> str:
    return str(value) if -(10**20) < value < 10**20 else "this number"
