"""The journal of a zone's updates: on disk before any of them is answered. All of this blocks; call it in a thread."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from pydns.errors import PydnsError
from pydns.names import to_text
from pydns.update.entries import EntryError, Saved, header, lineage_in, read_entries, stands_behind
from pydns.zone.difference import Delta

_MODE: Final = 0o640


class JournalError(PydnsError):
    """The file is no journal of this zone, or does not lead where it says."""


class Contents(NamedTuple):
    """What stood in a journal.

    * `deltas`: in their order, each going on from the one before it
    * `saved`: serials by digest, of the master file and of files beside it; `last` is that of the master file
    * `size`: where its last whole entry ends; `rest`: how many octets follow that
    * `damaged`: among these are whole entries, so what stands ahead of them was finished once
    """

    lineage: bytes
    deltas: tuple[Delta, ...]
    saved: dict[bytes, int]
    last: Saved | None
    size: int
    rest: int
    damaged: bool
    inode: int

    def since(self, serial: int) -> Sequence[Delta]:
        """What leads on from the version of that serial. Raises JournalError where it was none of the zone's."""
        for i in range(len(self.deltas) - 1, -1, -1):
            if self.deltas[i].old_serial == serial:
                return self.deltas[i:]
        if self.deltas and self.deltas[-1].new_serial != serial:
            raise JournalError(f"it does not go on from serial {serial}")
        return ()

    def unsaved(self) -> Sequence[Delta]:
        """What the master file that was written last does not have."""
        return self.deltas if self.last is None else self.since(self.last.serial)


class Journal:
    """The file `path`. Of all processes one at a time may `open` it to write; all may `read` it."""

    def __init__(self, path: Path, origin: bytes) -> None:
        self.path = path
        self.origin = origin
        self.size = 0
        """Where the next entry goes."""
        self._file: int | None = None

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def open(self) -> bool:
        """Makes it where there is none; False where another process writes it. Raises OSError."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_ino == os.stat(self.path).st_ino:  # else another one was put in its place
                self._file, file = file, -1
                return True
        except (BlockingIOError, FileNotFoundError):
            pass
        finally:
            if file >= 0:
                os.close(file)
        return False

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def is_there(self) -> bool:
        """False where somebody removed the file that is open, or put another in its place."""
        try:
            return self._file is not None and os.fstat(self._file).st_ino == os.stat(self.path).st_ino
        except FileNotFoundError:
            return False

    def read(self, inode: int = 0, size: int = 0) -> Contents | None:
        """All of it; where it is still the file of that inode, what stands behind `size`. None where there is none.

        Raises JournalError and OSError.
        """
        try:
            with open(self.path, "rb") as file:
                found = os.fstat(file.fileno())
                data = file.read()
        except FileNotFoundError:
            return None
        if not data:
            return None
        try:
            lineage = lineage_in(data, self.origin)
        except EntryError as error:
            remedy = "move it away, and the master file alone is served"
            raise JournalError(f"{self.path}: {error}; {remedy}") from None
        begin = len(header(lineage, self.origin))
        entries, end = read_entries(data, size if inode == found.st_ino and begin <= size <= len(data) else begin)
        marks = [each for each in entries if isinstance(each, Saved)]
        there = [mark for mark in marks if not mark.beside]
        return Contents(
            lineage,
            tuple(each for each in entries if isinstance(each, Delta)),
            {mark.digest: mark.serial for mark in marks},
            there[-1] if there else None,
            end,
            len(data) - end,
            end < len(data) and stands_behind(data, end),
            found.st_ino,
        )

    def append(self, entries: bytes) -> None:
        """They are on disk when it returns. Where it raises OSError none of them counts."""
        file = self._opened()
        os.ftruncate(file, self.size)  # what a try that failed has left
        try:
            _write(file, entries, self.size)
            os.fdatasync(file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, self.size)  # before others read what does not count
            raise
        self.size += len(entries)

    def keep_copy(self) -> Path:
        """Of all that stands in it, whatever comes of it. Raises OSError."""
        kept = self.path.with_name(f"{self.path.name}.damaged")
        shutil.copyfile(self.path, kept)
        kept.chmod(_MODE)
        return kept

    def rewrite(self, content: bytes) -> None:
        """Puts another file in its place, by rename. Raises OSError."""
        beside = self.path.with_name(f".{self.path.name}.new")
        file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(file, content, 0)
            os.fsync(file)
            os.replace(beside, self.path)
            sync_folder(self.path)
        except BaseException:
            os.close(file)
            with suppress(OSError):
                os.unlink(beside)
            raise
        self.close()
        self._file, self.size = file, len(content)

    def _opened(self) -> int:
        if self._file is None:
            raise OSError(f"the journal of {to_text(self.origin)} is not open")
        return self._file


def sync_folder(path: Path) -> None:
    """What a rename did is on disk."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(file: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, at)
        at += written
        view = view[written:]
