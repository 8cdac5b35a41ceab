"""An index over hosts text: from a name to its addresses, from an address to its names.

The text is kept as it is (`reader`), so there is no object a line: nothing for the garbage collector to walk, freed at
once, handed over between processes as bytes. An index is a sorted array of 64-bit numbers: 32 bits of the word's
fingerprint, then 32 bits of the place where it stands. Equal words lie side by side in the order of the text, so a word
that stands there a million times costs no more than another. The fingerprint is a remainder by a number that nobody
outside can know, so no list can be made whose names all meet; and it does not depend on PYTHONHASHSEED.
"""

from __future__ import annotations

import re
import secrets
from array import array
from bisect import bisect_left
from collections.abc import Generator, Iterable, Sequence
from itertools import accumulate, chain, repeat
from operator import mod
from typing import Final

from pydns_plugins.hosts.reader import Text
from pydns_plugins.hosts.spelling import is_wildcard, packed_address

MODULUS: Final = secrets.randbits(29) | 1 << 29 | 1
"""Of this process's fingerprints: 30 bits, since Python divides by one such digit fastest."""

MAX_ADDRESSES: Final = 1024
"""Addresses of one name that are answered: more would not fit in a message of 64 KiB."""

MAX_NAMES: Final = 32
"""Names that a PTR answers at most. In block lists a million stand behind one address."""

_PIECE: Final = 16_384  # bytes indexed in one step
_RUN: Final = 8192  # numbers sorted in one step
_RANGE: Final = 18  # bits of a fingerprint: 4,096 ranges
_MANY: Final = 1024  # names; fewer are one range
_BLOCK: Final = 4096  # bytes of text for each number in `Table.lines`
_PLACE: Final = (1 << 32) - 1
_STEP_WORDS: Final = 2048  # words after which a step ends within one long line
_BLANKS: Final = b" \t\n"
_WORD: Final = re.compile(rb"[^ \t\n]+")

Numbers = Sequence[int]


Found = tuple[tuple[bytes, ...], tuple[bytes, ...], int]
"""Packed addresses of a name, IPv4 and IPv6, each once, and the place of the first of them in the text."""


class Table:
    """`text` and its indexes; `lines[i]` counts the line feeds before byte `i * _BLOCK`."""

    __slots__ = ("_range", "_starts", "addresses", "lines", "modulus", "names", "text", "wildcards")

    def __init__(
        self, text: Text, names: Numbers, addresses: Numbers, lines: Numbers, wildcards: bool, modulus: int
    ) -> None:
        self.text = text
        self.names = names
        self.addresses = addresses
        self.lines = lines
        self.wildcards = wildcards
        self.modulus = modulus
        # Where the names begin of each range of fingerprints: without it a search reads a dozen cold places in memory.
        self._range = _RANGE if len(names) >= _MANY else 30
        starts = array("I", (0,))
        for i in range(1, 1 << 30 - self._range):
            starts.append(bisect_left(names, i << 32 + self._range, starts[-1]))
        starts.append(len(names))
        self._starts = starts

    def find(self, name: bytes) -> Found | None:
        """The addresses of a name as text, small letters, no final dot. A wildcard is a name like any other."""
        fingerprint = int.from_bytes(name) % self.modulus
        part = fingerprint >> self._range
        index, start, end = self.names, self._starts[part], self._starts[part + 1]
        at = bisect_left(index, fingerprint << 32, start, end)
        if at == end or index[at] >> 32 != fingerprint:
            return None
        if at + 1 == end or index[at + 1] >> 32 != fingerprint:  # it stands there once, as most do
            first = index[at] & _PLACE
            if not self._stands(name, first):
                return None
            packed = self._address(first)
            if packed is None:
                return (), (), first
            return ((packed,), (), first) if len(packed) == 4 else ((), (packed,), first)
        places = self._places(index, name, fingerprint, at, end)
        if not places:
            return None
        first = places[0]
        v4: dict[bytes, None] = {}
        v6: dict[bytes, None] = {}
        for place in places:
            packed = self._address(place)
            if packed is not None:
                (v4 if len(packed) == 4 else v6)[packed] = None
        return tuple(v4), tuple(v6), first

    def _stands(self, word: bytes, place: int) -> bool:
        """False for another word of the same fingerprint, and for one that only begins with it."""
        text, end = self.text, place + len(word)
        return text[place:end] == word and text[end] in _BLANKS

    def _address(self, place: int) -> bytes | None:
        """That of the line on which a name stands: the word before the first blank. `reader` checked it."""
        text = self.text
        return packed_address(text[text.rfind(b"\n", 0, place) + 1 : place].split(None, 1)[0])

    def names_of(self, address: bytes) -> tuple[tuple[bytes, ...], int]:
        """The first `MAX_NAMES` names of an address, and the place of its first line. Wildcards are no names.

        The address is spelled as by `spelling.spelled_address`.
        """
        names: dict[bytes, None] = {}
        fingerprint = int.from_bytes(address) % self.modulus
        places = self._places(self.addresses, address, fingerprint, 0, len(self.addresses))
        for place in places:
            for word in _WORD.finditer(self.text, place + len(address), self.text.find(b"\n", place)):
                if not is_wildcard(word.group()):
                    names[word.group()] = None
                    if len(names) >= MAX_NAMES:
                        return tuple(names), places[0]
        return tuple(names), places[0] if places else 0

    def line(self, place: int) -> int:
        """The number of the line, from 1, of a place in the text."""
        block = place // _BLOCK
        return self.lines[block] + self.text[block * _BLOCK : place].count(b"\n") + 1

    def _places(self, index: Numbers, word: bytes, fingerprint: int, start: int, end: int) -> list[int]:
        """Where a word stands, the first `MAX_ADDRESSES` of them, in the order of the text.

        Its numbers stand in `index` from `start` on and before `end`, if they do.
        """
        found: list[int] = []
        at = bisect_left(index, fingerprint << 32, start, end)
        while at < end:
            number = index[at]
            if number >> 32 != fingerprint:
                break
            if self._stands(word, number & _PLACE):
                found.append(number & _PLACE)
                if len(found) == MAX_ADDRESSES:
                    break
            at += 1
        return found


def build(text: bytes, reverse: bool, modulus: int = MODULUS) -> Generator[None, None, Table]:
    """Indexes text from `reader` in steps of a few milliseconds at most. `reverse`: addresses too."""
    if len(text) > _PLACE:
        raise OverflowError("hosts text of more than 4 GiB")
    names, addresses = _Numbers(), _Numbers()
    lines = array("I", (0,))
    wildcards = False
    at = 0
    while at < len(text):
        end = text.find(b"\n", at + _PIECE) + 1 or len(text)
        piece = text[at:end]
        words = piece.split()
        count = piece.count(b"\n")
        if len(words) == 2 * count and b"\n\n" not in piece and not piece.startswith(b"\n") and b"*" not in piece:
            _index_plain(piece, words, at, names, addresses if reverse else None, modulus)
        else:
            wildcards |= yield from _index_lines(text, at, end, names, addresses if reverse else None, modulus)
        yield from names.settle()
        yield from addresses.settle()
        while len(lines) * _BLOCK <= end:
            block = len(lines) * _BLOCK
            lines.append(lines[-1] + text.count(b"\n", block - _BLOCK, block))
        at = end
        yield
    by_name = yield from names.sorted(modulus)
    by_address = yield from addresses.sorted(modulus)
    return Table(text, by_name, by_address, lines, wildcards, modulus)


def _index_plain(
    piece: bytes, words: list[bytes], at: int, names: _Numbers, addresses: _Numbers | None, modulus: int
) -> None:
    """Lines that are all of an address and one name: by functions written in C."""
    lengths = [len(line) + 1 for line in piece.split(b"\n")][:-1]
    found = words[1::2]
    prints = map(mod, map(int.from_bytes, found), repeat(modulus))
    ends = accumulate(lengths, initial=at)
    next(ends)
    names.add(p << 32 | end - 1 - size for p, end, size in zip(prints, ends, map(len, found), strict=True))
    if addresses is not None:
        prints = map(mod, map(int.from_bytes, words[::2]), repeat(modulus))
        addresses.add(p << 32 | start for p, start in zip(prints, accumulate(lengths, initial=at), strict=False))


def _index_lines(
    text: bytes, at: int, end: int, names: _Numbers, addresses: _Numbers | None, modulus: int
) -> Generator[None, None, bool]:
    """Lines of any number of names, and empty ones. True where a name is a wildcard."""
    seen, wildcards = 0, False
    while at < end:
        stop = text.index(b"\n", at)
        words = _WORD.finditer(text, at, stop)
        first = next(words, None)
        reverse = False
        for word in words:
            names.add(((int.from_bytes(word.group()) % modulus) << 32 | word.start(),))
            if is_wildcard(word.group()):
                wildcards = True
            else:
                reverse = True
            seen += 1
            if seen % _STEP_WORDS == 0:
                yield from names.settle()
                yield
        if first and reverse and addresses is not None:
            addresses.add(((int.from_bytes(first.group()) % modulus) << 32 | first.start(),))
        at = stop + 1
    return wildcards


class _Numbers:
    """Numbers that are gathered, and sorted in steps: short runs first, then slices of all runs."""

    def __init__(self) -> None:
        self._fresh: list[int] = []
        self._runs: list[array[int]] = []

    def add(self, numbers: Iterable[int]) -> None:
        self._fresh.extend(numbers)

    def settle(self) -> Generator[None, None, None]:
        if len(self._fresh) >= _RUN:
            self._cut()
            yield

    def _cut(self) -> None:
        self._fresh.sort()
        self._runs.append(array("Q", self._fresh))
        self._fresh = []

    def sorted(self, modulus: int) -> Generator[None, None, Numbers]:
        """All of them, in order. A slice holds the fingerprints of a range, about as many as a run."""
        self._cut()
        result = array("Q")
        slices = sum(map(len, self._runs)) // _RUN + 1
        starts = [0] * len(self._runs)
        for i in range(1, slices + 1):
            bound = (i * modulus // slices) << 32
            ends = [bisect_left(run, bound) for run in self._runs]
            parts = (run[start:end] for run, start, end in zip(self._runs, starts, ends, strict=True))
            result.extend(array("Q", sorted(chain.from_iterable(parts))))
            starts = ends
            yield
        return result
