"""What comes of reading a master file: how much it was, and all that is wrong with it."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from pydns.logs import printable

MAX_FAULTS: Final = 100
"""Faults of one severity that are told one by one; the others are counted."""


class Severity(Enum):
    ERROR = "error"
    """The zone cannot be used."""

    WARNING = "warning"
    """It can, and hardly is what was meant."""


class Fault(NamedTuple):
    """What is wrong, and where: line and column count from 1, and are 0 where they are not known."""

    file: str
    line: int
    column: int
    message: str
    severity: Severity = Severity.ERROR

    @property
    def place(self) -> str:
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])

    def __str__(self) -> str:
        kind = "warning: " if self.severity is Severity.WARNING else ""
        return printable(f"{self.place}: {kind}{self.message}")


class Reading(NamedTuple):
    """`faults` are the first of `errors` and `warnings`, in the order of the files; `records` were handed over.

    `files`: paths of all that was read or should have been, by $INCLUDE too; the zone's own first.
    """

    records: int
    errors: int
    warnings: int
    faults: tuple[Fault, ...]
    files: tuple[str, ...]


class Faults:
    """Gathers them: the first `MAX_FAULTS` of each severity."""

    def __init__(self) -> None:
        self.counts: Final = dict.fromkeys(Severity, 0)
        self.kept: Final[list[Fault]] = []

    def add(self, fault: Fault) -> None:
        self.counts[fault.severity] += 1
        if self.counts[fault.severity] <= MAX_FAULTS:
            self.kept.append(fault)


def shown(word: bytes) -> str:
    """A word of a file for a message: short, in quotes, and without a character that could disturb it."""
    text = repr(printable(word[:40].decode("utf-8", "backslashreplace")))
    return text if len(word) <= 40 else f"{text[:-1]}...{text[-1]}"
