"""What stands in the file system at one moment: files by path or glob, and the folders that decide about them."""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from io import FileIO
from typing import Final, NamedTuple

_MAX_LINKS: Final = 40  # symlinks on the way to one file, as in Linux's path_resolution(7)

Signature = tuple[int, int, int, int, int]
"""Device, inode, size, and the times of the last change to content and to inode, in nanoseconds."""


class Look(NamedTuple):
    """What stood in the file system at one moment.

    * `files`: path and signature of each file, in the order of the patterns; None where it cannot be reached
    * `folders`: path, device and inode of each folder whose entries decide about these files
    """

    files: tuple[tuple[str, Signature | None], ...]
    folders: frozenset[tuple[str, int, int]]


def look(patterns: Sequence[str]) -> Look:
    """Looks at the files of absolute paths and globs, and at what leads to them."""
    files: dict[str, Signature | None] = {}
    folders: set[str] = set()
    known: dict[str, frozenset[str]] = {}
    for pattern in patterns:
        for path in _expand(pattern, folders):
            files[path] = _reach(path)
            folders.update(_way_to_file(path, known))
    return Look(tuple(files.items()), frozenset(_identified(folders)))


def opened(path: str | os.PathLike[str]) -> FileIO:
    """To be read. Raises OSError, also where it is no regular file."""
    # A FIFO must not hold us: O_NONBLOCK opens it at once, and it is no regular file.
    file = FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    mode = os.fstat(file.fileno()).st_mode
    if stat.S_ISREG(mode):
        return file
    file.close()
    code = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
    raise OSError(code, "Is a directory" if code == errno.EISDIR else "Not a regular file", os.fspath(path))


def _expand(pattern: str, folders: set[str]) -> Iterable[str]:
    """The files of a pattern; the folders that its wildcards range over are added to `folders`."""
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return (pattern,)
    parts = pattern.split(os.sep)
    for i, part in enumerate(parts):
        if glob.has_magic(part):
            for folder in glob.glob(os.sep.join(parts[:i]) + os.sep):  # so that none but folders are found
                folders.update(_way(os.path.join(folder, "*")))
            folders.update(_way(os.sep.join(parts[: i + 1])))
    return sorted(path for path in glob.glob(pattern) if os.path.isfile(path))


def _way_to_file(path: str, known: dict[str, frozenset[str]]) -> Iterable[str]:
    """As `_way`. All files of a folder but symlinks have the same, which is `known` from then on: there may be many."""
    if os.path.islink(path):
        return _way(path)
    folder = os.path.dirname(path)
    if folder not in known:
        known[folder] = frozenset(_way(os.path.join(folder, "*")))
    return known[folder]


def _way(path: str) -> Iterator[str]:
    """The real folders whose entries decide where an absolute path leads, its last existing one among them.

    These hold a symlink that is on the way, or the file itself, or the first part that does not exist.
    """
    here, parts, links = os.sep, path.split(os.sep)[::-1], 0
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        if part == "..":
            here = os.path.dirname(here)
            continue
        entry = os.path.join(here, part)
        try:
            target = os.readlink(entry)
        except OSError:  # no symlink, or nothing at all
            if not any(parts) or not os.path.isdir(entry):
                yield here
                return
            here = entry
            continue
        yield here
        links += 1
        if links > _MAX_LINKS:
            return
        parts.extend(target.split(os.sep)[::-1])
        if os.path.isabs(target):
            here = os.sep


def _identified(folders: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """A folder that was replaced by another of its name must be watched anew, so its inode belongs to it."""
    for folder in folders:
        try:
            found = os.stat(folder)
        except OSError:
            continue
        yield folder, found.st_dev, found.st_ino


def _reach(path: str) -> Signature | None:
    try:
        return signature(os.stat(path))
    except (OSError, ValueError):
        return None


def signature(found: os.stat_result) -> Signature:
    """Differs once the file is another, or its content or its permissions are."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
