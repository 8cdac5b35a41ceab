"""Reads a master file, and what it includes, record by record.

    steps = read_zone(data, "db.example", origin, builder.add)
    reading = read_whole(steps)              # or: await read_on_loop(steps)

All faults are gathered, not the first alone, and what is good is handed over all the same: who wants a zone looks at
`reading.errors` first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from typing import Any, Final

from pydns.errors import ZoneError
from pydns.watch import read_now
from pydns.zone.master.entries import Entries
from pydns.zone.master.lines import MAX_LINE, Lines
from pydns.zone.master.plain import PlainReader
from pydns.zone.master.reading import Fault, Faults, Reading, Severity
from pydns.zone.master.spelling import Naming
from pydns.zone.master.state import Add, State, Where
from pydns.zone.master.words import EntryError, Word, entry

Include = Callable[[str], bytes]
"""The content of a file that $INCLUDE names. May block. Raises OSError."""

Steps = Generator[Callable[[], Any] | None, Any, Reading]
"""Each step takes a few milliseconds at most. What comes is None; or something to be called before the next step, that
may block, and whose outcome is sent back, or what it raises thrown in. `pydns.zone.master.driver` does so."""

MAX_DEPTH: Final = 10
"""Files that include each other."""

MAX_INCLUDES: Final = 1000
"""Files that a zone includes in all."""

MAX_FILE: Final = 1 << 30
"""Octets of one file."""

_HEAD: Final = 65_536  # octets of a file that tell whether it is text
_NULS: Final = 8  # of them may be odd text; BIND's raw format and UTF-16 have many
_NO_TEXT: Final = "this is no text: it holds NUL octets (BIND's raw format becomes text by `named-compilezone -f raw`)"

_STEP: Final = 32  # entries that are not plain after which a step ends


def read_file(path: str) -> bytes:
    """What `read_zone` includes files by. Raises OSError."""
    return read_now(path, MAX_FILE)


def read_zone(
    data: bytes,
    path: str,
    origin: bytes,
    add: Add,
    *,
    include: Include = read_file,
    where: Where | None = None,
    any_soa: bool = False,
) -> Steps:
    """Reads `data`, which stands in the file `path`, and gives its records to `add`, in the order of the file.

    `origin` is the zone's name, and that of names without a final dot. Records of other zones are left out, as BIND
    does, with a warning. Where `add` raises ZoneError that is a fault like others, and it is not called again.
    `where` tells the place of each record while `add` has it. `any_soa`: the SOA may stand at any name of the zone.
    """
    reader = _Reader(origin, add, include, where or Where(), any_soa)
    return reader.read(path, data)


class _Reader:
    def __init__(self, origin: bytes, add: Add, include: Include, where: Where, any_soa: bool) -> None:
        self._origin = origin
        self._include = include
        self._faults = Faults()
        self._state = State(add, Naming(origin), where)
        self._plain = PlainReader(self._state, origin)
        self._entries = Entries(self._state, origin, self._tell, any_soa=any_soa)
        self._open: list[str] = []  # files that are being read, each included by the one ahead of it
        self._paths: dict[str, None] = {}
        self._included = 0

    def read(self, path: str, data: bytes) -> Steps:
        yield from self._read(path, data)
        counts = self._faults.counts
        return Reading(
            self._state.records,
            counts[Severity.ERROR],
            counts[Severity.WARNING],
            tuple(self._faults.kept),
            tuple(self._paths),
        )

    def _read(self, path: str, data: bytes) -> Generator[Callable[[], Any] | None, Any, None]:
        self._open.append(path)
        self._state.where.file = path
        self._paths[path] = None
        if data.count(0, 0, _HEAD) > _NULS:
            self._tell(1, 0, _NO_TEXT)
            data = b""
        lines = Lines(data, lambda number: self._tell(number, 0, f"a line of over {MAX_LINE} octets"))
        entries = 0
        while lines.fill():
            while lines.at < len(lines.piece):
                try:
                    lines.at = self._plain.take(lines)
                except ZoneError as error:
                    self._refuse(error)
                    lines.at = self._state.where.line - lines.first + 1
                    continue
                if lines.at < len(lines.piece):
                    yield from self._take_entry(lines)
                    entries += 1
                    if entries % _STEP == 0:
                        yield None
            yield None
        self._open.pop()
        if self._open:
            self._state.where.file = self._open[-1]

    def _take_entry(self, lines: Lines) -> Generator[Callable[[], Any] | None, Any, None]:
        begins_blank = lines.piece[lines.at][:1] in (b" ", b"\t")
        try:
            words = yield from entry(lines)
            if not words:
                return
            if not begins_blank and words[0].text.upper() == b"$INCLUDE":
                yield from self._take_include(words)
            else:
                yield from self._entries.take(words, begins_blank)
        except EntryError as error:
            self._tell(error.line, error.column, error.message)
        except ZoneError as error:
            self._refuse(error)

    def _take_include(self, words: list[Word]) -> Generator[Callable[[], Any] | None, Any, None]:
        """$INCLUDE FILE [ORIGIN]; origin and owner are as before behind it (RFC 1035 section 5.1)."""
        arguments = self._entries.include(words)
        if arguments is None:
            return
        word, name, origin = arguments
        path = os.path.join(os.path.dirname(self._open[-1]), os.fsdecode(name))
        self._included += 1
        if "\0" in path:
            self._tell(word.line, word.column, "a path holds a NUL character")
        elif os.path.normpath(path) in map(os.path.normpath, self._open):
            self._tell(word.line, word.column, f"{path} includes itself")
        elif len(self._open) > MAX_DEPTH:
            self._tell(word.line, word.column, f"over {MAX_DEPTH} files that include each other")
        elif self._included > MAX_INCLUDES:
            self._tell(word.line, word.column, f"over {MAX_INCLUDES} files are included; {path} is left out")
        else:
            self._paths[path] = None
            try:
                data = yield lambda: self._include(path)
            except OSError as error:
                self._tell(word.line, word.column, f"{path} cannot be read: {error.strerror or error}")
                return
            before, owner = self._state.naming.origin, self._state.owner
            self._state.change_origin(origin)
            yield from self._read(path, data)
            self._state.change_origin(before)
            self._state.owner = owner

    def _refuse(self, error: ZoneError) -> None:
        self._tell(self._state.where.line, 0, str(error))
        self._state.add = lambda owner, type_, ttl, rdata: None

    def _tell(self, line: int, column: int, message: str, severity: Severity = Severity.ERROR) -> None:
        self._faults.add(Fault(self._open[-1], line, column, message, severity))
