"""Reads a services file from the disk, and writes it whole."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pydns.errors import PydnsError

MOST: Final = 1 << 24
"""Bytes of one file at most."""


class StoreError(PydnsError):
    """The file cannot be read or written."""


def load(path: Path) -> str:
    """The text of a file; empty where there is none. Raises StoreError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error
    return decode(data, str(path))


def decode(data: bytes, file: str) -> str:
    """Raises StoreError where it is too long, or no UTF-8."""
    if len(data) > MOST:
        raise StoreError(f"{file}: larger than {MOST} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise StoreError(f"{file}:{line}: no UTF-8") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps others that do the same from changing the file meanwhile. Raises StoreError."""
    try:
        folder = os.open(_target(path).parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
    try:
        with suppress(OSError):  # some file systems know no locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def replace(path: Path, text: str) -> None:
    """Writes a file beside the old one and renames it over that, so that nobody reads half of it. Raises StoreError.

    Owner and permissions stay. A symlink stays too; the file that it leads to is replaced.
    """
    target = _target(path)
    beside = ""
    try:
        descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            _take_after(target, descriptor)
            os.fsync(descriptor)
        os.replace(beside, target)
    except OSError as error:
        with suppress(OSError):
            os.unlink(beside)
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def _target(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _take_after(old: Path, descriptor: int) -> None:
    """Gives a new file the owner and the permissions of the old; those of any new file where there is none."""
    try:
        found = old.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, 0o644)
        return
    with suppress(PermissionError):
        os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, found.st_mode & 0o7777)
