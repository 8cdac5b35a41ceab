"""The Corefile that a verb is given: a file, or standard input."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydns.corefile.limits import MAX_CHARACTERS
from pydns.corefile.parser import parse_file, parse_text

if TYPE_CHECKING:
    from pydns.corefile.tree import Corefile, Position

_STDIN: Final = "stdin"


class Source:
    """`path` is a file's, or `-` or `stdin`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lines: dict[str, list[str]] = {}

    def corefile(self) -> Corefile:
        """Raises CorefileErrorGroup."""
        if self._path not in ("-", _STDIN):
            return parse_file(self._path, environ=os.environ)
        text = sys.stdin.buffer.read(MAX_CHARACTERS + 1).decode("utf-8", "surrogateescape")
        self._lines[_STDIN] = text.split("\n")
        return parse_text(text, _STDIN, environ=os.environ)

    def line(self, position: Position) -> str:
        """The line that a position is on; empty where it cannot be read again."""
        if position.file not in self._lines:
            self._lines[position.file] = _read(position.file)
        lines = self._lines[position.file]
        return lines[position.line - 1].rstrip("\r") if position.line <= len(lines) else ""


def _read(path: str) -> list[str]:
    try:
        if not Path(path).is_file():  # what was a pipe is empty now, and would hold us
            return []
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
            return file.read(MAX_CHARACTERS).split("\n")
    except (OSError, ValueError):
        return []
