"""The lines of a master file, a piece of it at a time: none is longer than can be read in a moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

PIECE: Final = 16_384
"""Octets that are taken at once, so that no step takes over a few milliseconds."""

MAX_LINE: Final = 524_288
"""Octets of a line: the longest rdata, each octet written as \\DDD, fits."""

MAX_PLAIN: Final = 8192
"""Octets of a plain line, which is read in one go."""

ODD: Final = re.compile(rb'[;()"\\$@\r\v\f]')
"""What no plain line holds: then it is words parted by blanks, and no more."""

_BOM: Final = b"\xef\xbb\xbf"


class Lines:
    """`piece` holds lines without their ends; `at` is who comes next of them, `first` the number of the first.

    `all_plain`: nothing `ODD` stands in any of them, and none is long.

    `too_long` is told the number of a line that is over `MAX_LINE`; it is empty then.
    """

    def __init__(self, data: bytes, too_long: Callable[[int], None]) -> None:
        self.piece: list[bytes] = []
        self.at = 0
        self.first = 1
        self.all_plain = True
        self._data = data
        self._next = len(_BOM) if data.startswith(_BOM) else 0
        self._too_long = too_long

    @property
    def number(self) -> int:
        """Of the line that comes next."""
        return self.first + self.at

    def fill(self) -> bool:
        """Goes on to the next piece where this one is used up; False at the end."""
        data, start = self._data, self._next
        self.first += len(self.piece)
        self.at = 0
        if start >= len(data):
            self.piece = []
            return False
        end = data.find(b"\n", start + PIECE) + 1 or len(data)
        if end - start > PIECE + MAX_LINE:  # its last line is too long: that is a piece of its own
            cut = data.rfind(b"\n", start, start + PIECE) + 1
            if cut:
                end = cut
            elif data.find(b"\n", start, start + MAX_LINE) < 0:
                self._too_long(self.first)
                self._next = end
                self.piece = [b""]
                self.all_plain = True
                return True
        self._next = end
        octets = data[start:end]
        if b"\r\n" in octets or end == len(data):
            octets = octets.replace(b"\r\n", b"\n").removesuffix(b"\r")
        self.piece = octets.removesuffix(b"\n").split(b"\n")
        self.all_plain = len(octets) <= PIECE + MAX_PLAIN and ODD.search(octets) is None
        return True

    def next(self) -> bytes | None:
        """The next line, of the next piece where this one is used up; None at the end."""
        if self.at == len(self.piece) and not self.fill():
            return None
        self.at += 1
        return self.piece[self.at - 1]
