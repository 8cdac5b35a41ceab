"""The files of a Corefile: reads each once, finds what a pattern matches, and remembers both for a reload."""

from __future__ import annotations

import glob
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydns.corefile import statements
from pydns.corefile.lexer import check
from pydns.corefile.limits import MAX_CHARACTERS, Faults, LimitError
from pydns.corefile.shown import readable, shorten
from pydns.corefile.tree import Position
from pydns.errors import CorefileError

if TYPE_CHECKING:
    from pydns.corefile.statements import Statement
    from pydns.corefile.tree import Word

_MAX_WILD: Final = 2  # parts of a path that may hold wildcards: more can take minutes on a large file system


class Files:
    """What was read so far, and for which patterns; paths and patterns are absolute, all in the order of reading.

    `shown` are the names of the files in errors.
    """

    def __init__(self, faults: Faults) -> None:
        self.paths: dict[Path, None] = {}
        self.patterns: list[str] = []
        self.shown: list[str] = []
        self._faults = faults
        self._left = MAX_CHARACTERS
        self._read: dict[str, list[Statement]] = {}

    def main(self, path: str) -> list[Statement]:
        """The statements of the Corefile itself, which may be a pipe (`<(...)` in a shell)."""
        self.patterns.append(absolute(path))
        return self._statements(path, Position(readable(path), 1, 1), pipe=True)

    def imported(self, path: str, importer: Position) -> list[Statement]:
        return self._statements(path, importer, pipe=False)

    def matches(self, pattern: Word, folder: str, importer: Position) -> list[str]:
        """The files that a pattern names, in the order of their names; a relative one begins at `folder`.

        A path without wildcards is given back whether there is such a file or not.
        """
        check(pattern)
        path = os.path.join(folder, pattern)
        if not glob.has_magic(pattern) or os.path.lexists(path):
            self.patterns.append(absolute(path))
            return [path]
        if sum(map(glob.has_magic, pattern.split(os.sep))) > _MAX_WILD:
            remedy = f"wildcards may stand in {_MAX_WILD} parts of a path"
            raise CorefileError(importer, f"too many wildcards in {shorten(pattern)!r}", remedy)
        path = os.path.join(glob.escape(folder), pattern)
        self.patterns.append(absolute(path))
        return sorted(found for found in glob.glob(path) if os.path.isfile(found))

    def _statements(self, path: str, position: Position, *, pipe: bool) -> list[Statement]:
        key = identity(path)
        if key not in self._read:
            text = read(path, position, self._left, pipe=pipe)
            self._left -= len(text)
            self.shown.append(readable(path))
            self._read[key] = statements.read(text, readable(path), self._faults)
        self.paths.setdefault(Path(absolute(path)))
        return self._read[key]


def read(path: str, position: Position, most: int, *, pipe: bool) -> str:
    """The text of a file of at most `most` bytes. `pipe`: it may be a pipe, and we wait for who writes to it.

    Bytes that are no UTF-8 become lone surrogates (PEP 383), which the lexer finds.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode) or not (pipe or stat.S_ISREG(mode)):
            what = "it is a folder" if stat.S_ISDIR(mode) else "it is no regular file"
            raise CorefileError(position, f"cannot read {readable(path)}: {what}")
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise CorefileError(position, f"cannot read {readable(path)}: {reason}") from None
    if len(data) > most:
        raise LimitError(position, f"{readable(path)} is too large: more than {MAX_CHARACTERS} bytes in all files")
    return data.decode("utf-8", "surrogateescape")


def absolute(path: str) -> str:
    """Made shorter only where no `..` stands, since a symlink before it may lead elsewhere."""
    return os.path.join(os.getcwd(), path) if ".." in path.split(os.sep) else os.path.abspath(path)


def identity(path: str) -> str:
    """The same for all paths to one file."""
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL
        return path
