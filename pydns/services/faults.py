"""What is wrong with a services file, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pydns.errors import PydnsError

Path = tuple[str | int, ...]
"""The keys that lead to a value: `services`, `shop`, `web`, `ports`, 0."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")

SHOWN: Final = 20
"""Faults of one file that are told one by one."""


class Fault(NamedTuple):
    """`line` is None where it is not known; `path` is empty where the file is no TOML.

    `other`: something else that has its part in it, and its line.
    """

    path: Path
    text: str
    line: int | None = None
    other: Path = ()
    other_line: int | None = None


class ServicesError(PydnsError):
    """A services file that cannot be used, with all that is wrong with it."""

    def __init__(self, file: str, faults: Iterable[Fault]) -> None:
        self.file = file
        self.faults: Sequence[Fault] = tuple(faults)
        super().__init__(file, self.faults)

    def lines(self) -> list[str]:
        """One line for each fault, the first `SHOWN` of them."""
        told = [_line(self.file, fault) for fault in self.faults[:SHOWN]]
        if len(self.faults) > SHOWN:
            told.append(f"{self.file}: {len(self.faults) - SHOWN} more faults")
        return told

    def __str__(self) -> str:
        return "\n".join(self.lines())


def path_text(path: Path) -> str:
    """`services.shop.web.ports[0]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + (key if _BARE.fullmatch(key) else repr(key))
    return text


def _line(file: str, fault: Fault) -> str:
    place = file if fault.line is None else f"{file}:{fault.line}"
    text = fault.text if fault.other_line is None else f"{fault.text}, in line {fault.other_line}"
    return f"{place}: {path_text(fault.path)}: {text}" if fault.path else f"{place}: {text}"
