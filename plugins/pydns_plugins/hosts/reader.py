"""Reads hosts files (hosts(5)) into text that the table can index: only good lines, each where it stood.

The text has one line for each line of the file, so line numbers hold: empty where nothing is to be taken, else an
address, then names, parted by blanks. Letters are small, names have no final dot, addresses one spelling. A million
lines are no object each; lines that are plain (`192.0.2.1 www.example.org`) are checked by one expression for many.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from mmap import mmap
from typing import Final, NamedTuple

from pydns.names import LOWER, MAX_LABEL, MAX_LENGTH
from pydns_plugins.hosts.spelling import address, is_wildcard

Text = bytes | mmap
"""Mapped where several processes may have the same one."""

PIECE: Final = 16_384
"""Bytes that one step reads, so that none takes over a few milliseconds."""

MAX_FAULTS: Final = 100
"""Faults that are told one by one; the others are counted."""

_STEP_LINES: Final = 512  # lines after which a step ends where they are not plain
_STEP_NAMES: Final = 512  # names after which a step ends within one long line
_MAX_TEXT: Final = MAX_LENGTH - 2  # octets of a name as text, without the final dot
_BOM: Final = b"\xef\xbb\xbf"

_OCTET: Final = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LABEL: Final = rb"[a-z0-9_-]{1,63}+"
_PLAIN: Final = re.compile(rb"(?:(?:%b\.%b\.%b\.%b|::1?)[ \t]++%b(?:\.%b)*+\n|\n)*+" % (*(_OCTET,) * 4, *(_LABEL,) * 2))
_NAME: Final = re.compile(rb"[^\x00- .\\#\x7f]{1,63}+(?:\.[^\x00- .\\#\x7f]{1,63}+)*+")
_FORBIDDEN: Final = re.compile(rb"[\x00- \\#\x7f]")
_WORD: Final = re.compile(rb"\S+")


class Fault(NamedTuple):
    """What is wrong with a line, counted from 1."""

    line: int
    text: str


class Reading(NamedTuple):
    """A hosts file as read. `faults` are the first of `fault_count`.

    `entries` counts pairs of address and name, `wildcards` those of them whose name is a wildcard.
    """

    text: Text
    entries: int
    wildcards: int
    faults: tuple[Fault, ...]
    fault_count: int


def read(data: bytes, zones: tuple[bytes, ...]) -> Generator[None, None, Reading]:
    """Reads a file's bytes in steps of a few milliseconds at most.

    `zones`: as text without final dots; other names are left out. Of the root it is `b""`. Never raises.
    """
    reader = Reader(zones)
    for piece in pieces(data):
        yield from reader.take(piece)
    return reader.reading(bytes(reader.text))


def pieces(data: Text) -> Iterator[bytes]:
    """Whole lines, `PIECE` bytes of them and no more than the last one has beyond that."""
    at = len(_BOM) if data[: len(_BOM)] == _BOM else 0
    while at < len(data):
        end = data.find(b"\n", at + PIECE) + 1 or len(data)
        yield data[at:end]
        at = end


def zone_suffixes(zones: Iterable[bytes]) -> tuple[bytes, ...]:
    """What `.NAME` ends with where NAME is in one of the zones; nothing where every name is."""
    return () if b"" in (every := tuple(zones)) else tuple(b"." + zone for zone in every)


class Reader:
    """Reads pieces, one after the other. What is to be indexed is put behind `text`."""

    def __init__(self, zones: tuple[bytes, ...]) -> None:
        self.text = bytearray()
        self.entries = 0
        self.wildcards = 0
        self.faults: list[Fault] = []
        self.fault_count = 0
        self._line = 0
        self._suffixes = zone_suffixes(zones)

    def take(self, piece: bytes) -> Generator[None, None, None]:
        """Whole lines; the file's last may lack its line feed."""
        piece = piece.translate(LOWER).replace(b"\r\n", b"\n")
        if not piece.endswith(b"\n"):
            piece = piece.removesuffix(b"\r") + b"\n"
        lines = piece[:-1].split(b"\n")
        if _PLAIN.fullmatch(piece) and self._all_wanted(piece, lines):
            self.text += piece
            self.entries += len(lines) - lines.count(b"")
            self._line += len(lines)
        else:
            for line in lines:
                self._line += 1
                yield from self._take_line(line)
                if self._line % _STEP_LINES == 0:
                    yield
        yield

    def reading(self, text: Text) -> Reading:
        """What was read, of which `text` was made."""
        return Reading(text, self.entries, self.wildcards, tuple(self.faults), self.fault_count)

    def _all_wanted(self, piece: bytes, lines: list[bytes]) -> bool:
        """Of plain lines: none may hold a name that is too long, and each name must be in a zone."""
        if max(map(len, lines)) > _MAX_TEXT:
            return False
        suffixes = self._suffixes
        return not suffixes or all((b"." + name).endswith(suffixes) for name in piece.split()[1::2])

    def _take_line(self, line: bytes) -> Generator[None, None, None]:
        line = line.partition(b"#")[0]
        words = iter(line.split()) if len(line) <= PIECE else (found.group() for found in _WORD.finditer(line))
        first = next(words, None)
        if first is not None:
            yield from self._take_entry(first, words)
        self.text += b"\n"

    def _take_entry(self, first: bytes, words: Iterable[bytes]) -> Generator[None, None, None]:
        spelled = address(first)
        if spelled is None:
            self._fault(f"{shown(first)} is no IP address; the line is left out")
            return
        good = count = 0
        for count, word in enumerate(words, 1):
            name = word.removesuffix(b".")
            if len(name) > _MAX_TEXT or not _NAME.fullmatch(name):
                self._fault(f"{name_fault(word)}; the name is left out")
            elif not self._suffixes or (b"." + name).endswith(self._suffixes):
                self.text += b" " + name if good else spelled + b" " + name
                good += 1
                self.wildcards += is_wildcard(name)
            if count % _STEP_NAMES == 0:
                yield
        self.entries += good
        if not count:
            self._fault(f"no name behind the address {shown(first)}")

    def _fault(self, text: str) -> None:
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(self._line, text))


def name_fault(word: bytes) -> str | None:
    """Why a word is no host name; None where it is one."""
    name = word.removesuffix(b".")
    if not name:
        return f"{shown(word)} is no host name"
    if len(name) > _MAX_TEXT:
        return f"host name {shown(word)} of {len(name)} octets, at most {_MAX_TEXT}"
    if found := _FORBIDDEN.search(name):
        what = "a backslash" if found.group() == b"\\" else f"the byte {found.group()[0]}"
        return f"host name {shown(word)} holds {what}"
    labels = name.split(b".")
    if b"" in labels:
        return f"empty label in host name {shown(word)}"
    longest = max(map(len, labels))
    if longest > MAX_LABEL:
        return f"label of {longest} octets in host name {shown(word)}, at most {MAX_LABEL}"
    return None


def shown(word: bytes) -> str:
    """A word for a log: short, in quotes, and without a character that could disturb it."""
    text = ascii(word[:40].decode("utf-8", "backslashreplace"))
    return text if len(word) <= 40 else f"{text[:-1]}...{text[-1]}"
