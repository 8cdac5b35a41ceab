"""An index over hosts text: from a name to its addresses, from an address to its names.

The text is kept as it is (`reader`), so there is no object a line: nothing for the garbage collector to walk, freed at
once, handed over between processes as bytes. An index is a sorted array of numbers: the word's fingerprint, then as
many bits as it takes for the place where it stands. They are floats, which are sorted in half the time. Equal words lie
side by side in the order of the text, so a word that stands there a million times costs no more than another. The
fingerprint is a remainder by a number that nobody outside can know, so no list can be made whose names all meet; and it
does not depend on PYTHONHASHSEED. It has 30 bits, or as many as a float holds exactly beside the place: 26 in a million
lines, of which then one in a hundred meets another.
"""

from __future__ import annotations

import re
import secrets
from array import array
from bisect import bisect_left
from collections.abc import Generator, Iterable, Sequence
from itertools import accumulate, chain, repeat
from operator import add, mod, mul, sub
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
_RANGES: Final = 12  # bits: 4,096 ranges
_MANY: Final = 1024  # names; fewer are one range
_BLOCK: Final = 4096  # bytes of text for each number in `Table.lines`
_MOST_TEXT: Final = 1 << 32  # bytes
_EXACT: Final = 53  # bits of a whole number that a float holds
_STEP_WORDS: Final = 2048  # words after which a step ends within one long line
_BLANKS: Final = b" \t\n"
_WORD: Final = re.compile(rb"[^ \t\n]+")

Found = tuple[tuple[bytes, ...], tuple[bytes, ...], int]
"""Packed addresses of a name, IPv4 and IPv6, each once, and the place of the first of them in the text."""


class Table:
    """`text` and its indexes; `lines[i]` counts the line feeds before byte `i * _BLOCK`. A place has so many `bits`."""

    __slots__ = ("_bits", "_place", "_range", "_starts", "addresses", "lines", "modulus", "names", "text", "wildcards")

    def __init__(
        self,
        text: Text,
        names: Sequence[float],
        addresses: Sequence[float],
        lines: Sequence[int],
        wildcards: bool,
        modulus: int,
        bits: int,
    ) -> None:
        self.text = text
        self.names = names
        self.addresses = addresses
        self.lines = lines
        self.wildcards = wildcards
        self.modulus = modulus
        self._bits = bits
        self._place = (1 << bits) - 1
        # Where the names begin of each range of fingerprints: without it a search reads a dozen cold places in memory.
        ranges = min(_RANGES, modulus.bit_length()) if len(names) >= _MANY else 0
        self._range = modulus.bit_length() - ranges
        starts = array("I", (0,))
        for i in range(1, 1 << ranges):
            starts.append(bisect_left(names, float(i << bits + self._range), starts[-1]))
        starts.append(len(names))
        self._starts = starts

    def find(self, name: bytes) -> Found | None:
        """The addresses of a name as text, small letters, no final dot. A wildcard is a name like any other."""
        fingerprint = int.from_bytes(name) % self.modulus
        part = fingerprint >> self._range
        index, start, end, bits = self.names, self._starts[part], self._starts[part + 1], self._bits
        at = bisect_left(index, float(fingerprint << bits), start, end)
        if at == end or (number := int(index[at])) >> bits != fingerprint:
            return None
        if at + 1 == end or int(index[at + 1]) >> bits != fingerprint:  # it stands there once, as most do
            first = number & self._place
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

    def _places(self, index: Sequence[float], word: bytes, fingerprint: int, start: int, end: int) -> list[int]:
        """Where a word stands, the first `MAX_ADDRESSES` of them, in the order of the text.

        Its numbers stand in `index` from `start` on and before `end`, if they do.
        """
        found: list[int] = []
        bits, mask = self._bits, self._place
        at = bisect_left(index, float(fingerprint << bits), start, end)
        while at < end:
            number = int(index[at])
            if number >> bits != fingerprint:
                break
            if self._stands(word, number & mask):
                found.append(number & mask)
                if len(found) == MAX_ADDRESSES:
                    break
            at += 1
        return found


def build(text: bytes, reverse: bool, modulus: int = MODULUS) -> Generator[None, None, Table]:
    """Indexes text from `reader` in steps of a few milliseconds at most. `reverse`: addresses too."""
    indexer = Indexer(reverse, modulus, len(text))
    at = 0
    while at < len(text):
        end = text.find(b"\n", at + _PIECE) + 1 or len(text)
        yield from indexer.add(text[at:end])
        at = end
    names = yield from indexer.names.sorted()
    addresses = yield from indexer.addresses.sorted()
    return Table(text, names, addresses, indexer.lines, indexer.wildcards, indexer.modulus, indexer.bits)


class Indexer:
    """Makes the indexes of a text that comes in pieces of whole lines, and has at most so many bytes.

    `names` and `addresses` are sorted in the end. Without `reverse` there are no addresses.
    """

    def __init__(self, reverse: bool, modulus: int, size: int) -> None:
        if size > _MOST_TEXT:
            raise OverflowError("hosts text of more than 4 GiB")
        self.bits = size.bit_length()
        excess = modulus.bit_length() + self.bits - _EXACT
        self.modulus = modulus >> excess | 1 if excess > 0 else modulus
        self.names = Numbers(self.modulus, self.bits)
        self.addresses = Numbers(self.modulus, self.bits)
        self.lines = array("I", (0,))
        self.wildcards = False
        self._reverse = reverse
        self._at = self._line_feeds = 0

    def add(self, piece: bytes) -> Generator[None, None, None]:
        """The lines that follow those before."""
        words, lines = piece.split(), piece.split(b"\n")
        del lines[-1]  # behind the last line feed
        if len(words) == 2 * len(lines) and b"" not in lines and b"*" not in piece:
            self._add_plain(words, lines)
        else:
            yield from self._add_any(piece)
        yield from self.names.settle()
        yield from self.addresses.settle()
        self._count_lines(piece)
        yield

    def _add_plain(self, words: list[bytes], lines: list[bytes]) -> None:
        """Lines that are all of an address and one name: by functions written in C."""
        lengths, names = [*map(len, lines)], words[1::2]
        starts = [*accumulate(map(add, lengths, repeat(1)), initial=self._at)]
        self.names.add(names, map(sub, map(add, starts, lengths), map(len, names)))
        if self._reverse:
            self.addresses.add(words[::2], starts)

    def _add_any(self, piece: bytes) -> Generator[None, None, None]:
        """Lines of any number of names, and empty ones."""
        at = seen = 0
        while at < len(piece):
            stop = piece.index(b"\n", at)
            words = _WORD.finditer(piece, at, stop)
            first = next(words, None)
            reverse = False
            for word in words:
                self.names.add((word.group(),), (self._at + word.start(),))
                if is_wildcard(word.group()):
                    self.wildcards = True
                else:
                    reverse = True
                seen += 1
                if seen % _STEP_WORDS == 0:
                    yield from self.names.settle()
                    yield
            if first and reverse and self._reverse:
                self.addresses.add((first.group(),), (self._at + first.start(),))
            at = stop + 1

    def _count_lines(self, piece: bytes) -> None:
        at = 0
        while (block := len(self.lines) * _BLOCK - self._at) <= len(piece):
            self._line_feeds += piece.count(b"\n", at, block)
            self.lines.append(self._line_feeds)
            at = block
        self._line_feeds += piece.count(b"\n", at)
        self._at += len(piece)


class Numbers:
    """Numbers that are gathered, and sorted in steps: short runs first, then slices of all runs."""

    def __init__(self, modulus: int, bits: int) -> None:
        self._modulus = modulus
        self._shift = float(1 << bits)
        self._fresh: list[float] = []
        self._runs: list[array[float]] = []

    def add(self, words: Sequence[bytes], places: Iterable[int]) -> None:
        prints = map(mod, map(int.from_bytes, words), repeat(self._modulus))
        self._fresh.extend(map(add, map(mul, repeat(self._shift), prints), places))

    def settle(self) -> Generator[None, None, None]:
        if len(self._fresh) >= _RUN:
            self._cut()
            yield

    def _cut(self) -> None:
        self._fresh.sort()
        self._runs.append(array("d", self._fresh))
        self._fresh = []

    def sorted(self) -> Generator[None, None, array[float]]:
        """All of them, in order. A slice holds the fingerprints of a range, about as many as a run."""
        self._cut()
        result = array("d")
        slices = sum(map(len, self._runs)) // _RUN + 1
        starts = [0] * len(self._runs)
        for i in range(1, slices + 1):
            bound = (i * self._modulus // slices) * self._shift
            ends = [bisect_left(run, bound) for run in self._runs]
            parts = (run[start:end] for run, start, end in zip(self._runs, starts, ends, strict=True))
            result.extend(array("d", sorted(chain.from_iterable(parts))))
            starts = ends
            yield
        return result
