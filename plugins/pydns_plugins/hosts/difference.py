"""What changed from one hosts text to the next, so that only answers that are other now are forgotten."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from itertools import islice
from typing import Final, NamedTuple

from pydns import names
from pydns_plugins.hosts.reader import Text
from pydns_plugins.hosts.spelling import is_wildcard, packed_address, wire

MOST: Final = 1 << 20
"""Bytes of text between the first and the last difference that are compared entry by entry."""

_BLOCK: Final = 1 << 16
_PIECE: Final = 8192  # bytes that one step takes apart
_STEP: Final = 256  # entries of one step

Entry = tuple[bytes, bytes]
"""An address and a name, both as text."""


class Difference(NamedTuple):
    """Entries that came and went; None where there is too much between them to be compared."""

    added: frozenset[Entry]
    removed: frozenset[Entry]


def difference(old: Text, new: Text) -> Generator[None, None, Difference | None]:
    """Compares two texts as `reader` gives them, in steps of a few milliseconds at most."""
    start = yield from _common_start(old, new)
    start = old.rfind(b"\n", 0, start) + 1
    end = yield from _common_end(old, new, min(len(old), len(new)) - start)
    old_end, new_end = len(old) - end, len(new) - end
    # The common end may begin within a line: give back what is left of that line.
    rest = 0 if end == 0 else old.find(b"\n", old_end) + 1 - old_end
    if max(old_end, new_end) + rest - start > MOST:
        return None
    before = yield from _entries(old[start : old_end + rest])
    after = yield from _entries(new[start : new_end + rest])
    added = yield from _without(after, before)
    removed = yield from _without(before, after)
    return Difference(added, removed)


def is_same(old: Text, new: Text) -> Generator[None, None, bool]:
    """Whether they are alike."""
    if old is new or len(old) != len(new):
        return old is new
    return (yield from _common_start(old, new)) == len(old)


def _common_start(old: Text, new: Text) -> Generator[None, None, int]:
    """How many bytes at the start are alike."""
    most = min(len(old), len(new))
    at = 0
    while at < most and old[at : (to := min(at + _BLOCK, most))] == new[at:to]:
        at = to
        yield
    size = min(_BLOCK, most - at)
    while size:  # the first difference is in this block: halve it
        if old[at : at + size] == new[at : at + size]:
            at += size
            size = min(size, most - at)
        size //= 2
    return at


def _common_end(old: Text, new: Text, most: int) -> Generator[None, None, int]:
    """How many bytes at the end are alike, at most `most`."""
    a, b, at = len(old), len(new), 0
    while at < most and old[a - (to := min(at + _BLOCK, most)) : a - at] == new[b - to : b - at]:
        at = to
        yield
    size = min(_BLOCK, most - at)
    while size:
        if old[a - at - size : a - at] == new[b - at - size : b - at]:
            at += size
            size = min(size, most - at)
        size //= 2
    return at


def _entries(text: bytes) -> Generator[None, None, set[Entry]]:
    found: set[Entry] = set()
    at = 0
    while at < len(text):
        end = text.find(b"\n", at + _PIECE) + 1 or len(text)
        for line in text[at:end].split(b"\n"):
            words = line.split()
            found.update((words[0], name) for name in words[1:])
        at = end
        yield
    return found


def _without(entries: set[Entry], others: set[Entry]) -> Generator[None, None, frozenset[Entry]]:
    found: set[Entry] = set()
    rest = iter(entries)
    while some := list(islice(rest, _STEP)):
        found.update(entry for entry in some if entry not in others)
        yield
    return frozenset(found)


def changed_names(entries: Iterable[Entry], reverse: bool) -> Generator[None, None, set[bytes]]:
    """The names in wire form whose answers the entries decide: their own, below a wildcard's parent, PTRs."""
    found: set[bytes] = set()
    for count, (address, name) in enumerate(entries):
        if is_wildcard(name):
            found.add(wire(name[2:]))  # a changed name stands for all that is below it
        else:
            found.add(wire(name))
            packed = packed_address(address) if reverse else None
            if packed is not None:
                found.add(names.reverse(packed))
        if count % _STEP == 0:
            yield
    return found
