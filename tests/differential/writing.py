"""One zone as a master file, written in one of the many ways that mean the same (RFC 1035 section 5.1) to all peers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from tests.differential.zones import Line

_UNITS: Final = {0: "0s", 60: "1m", 300: "5M", 3600: "1h"}
_NAMES: Final = ("NS", "CNAME", "DNAME", "MX", "SRV", "HTTPS")
"""Types whose data ends with a name."""


def spelled(lines: Sequence[Line], origin: str, random: Random) -> str:
    """Names of the lines are relative to `origin`."""
    return "\n".join((f"$ORIGIN {origin}", *_Writer(origin, random).entries(lines), ""))


class _Writer:
    def __init__(self, origin: str, random: Random) -> None:
        self._base = origin
        self._origin = origin
        self._random = random
        self._owner = ""
        self._ttl: int | None = None

    def entries(self, lines: Sequence[Line]) -> Iterator[str]:
        for line in lines:
            if self._one_in(6):
                yield self._random.choice(("", "; a comment (that opens no parenthesis", ';"quoted'))
            if self._one_in(6):
                self._origin = self._random.choice((self._base, self._whole(line.owner)))
                self._owner = ""
                yield f"$ORIGIN {self._origin}"
            if self._one_in(6):
                self._ttl = line.ttl
                yield f"$TTL {self._period(line.ttl)}"
            yield self._entry(line)

    def _entry(self, line: Line) -> str:
        owner = self._whole(line.owner)
        same = owner == self._owner and self._one_in(2)
        self._owner = owner
        words = [] if same else [self._name(owner)]
        numbers = [] if line.ttl == self._ttl and self._one_in(2) else [self._period(line.ttl)]
        if self._one_in(2):
            numbers.append(self._random.choice(("IN", "in")))
            self._random.shuffle(numbers)
        words += numbers
        words += self._record(line)
        blank = self._random.choice((" ", "\t", "  "))
        text = (blank if same else "") + blank.join(words)
        return text + self._random.choice(("", "", " ", " ; comment", ";comment"))

    def _record(self, line: Line) -> list[str]:
        """Type and data, perhaps in parentheses."""
        if line.type == "A" and self._one_in(8):
            octets = "".join(f"{int(part):02X}" for part in line.rdata.split("."))
            return ["TYPE1", "\\#", "4", octets]
        words = line.rdata.split(" ")
        if line.type in _NAMES:
            words[-1] = self._name(self._whole(words[-1]))
        kind = line.type.lower() if self._one_in(4) else line.type
        if not self._one_in(4):
            return [kind, *words]
        at = self._random.randrange(len(words) + 1)
        opening = self._random.choice(("(", "( ; opens\n", "(\n\n  "))
        closing = self._random.choice((")", "\n)", " ; closes\n )"))
        return [kind, *words[:at], opening, *words[at:], closing]

    def _name(self, whole: str) -> str:
        """Relative where that is possible, with letters escaped."""
        origin = self._origin
        text = whole
        if whole == origin and self._one_in(2):
            return "@"
        if whole.endswith("." + origin) and not self._one_in(4):
            text = whole[: -len(origin) - 1]
        if self._one_in(6) and text[0].isalpha():
            text = f"\\{ord(text[0]):03}{text[1:]}"
        return text

    def _whole(self, name: str) -> str:
        if name.endswith("."):
            return name
        return self._base if name == "@" else f"{name}.{self._base}"

    def _period(self, ttl: int) -> str:
        return _UNITS[ttl] if self._one_in(4) else str(ttl)

    def _one_in(self, count: int) -> bool:
        return self._random.randrange(count) == 0
