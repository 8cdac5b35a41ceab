"""The files of signing: what a zone is read from, and the signed one, which tells of that by a digest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

from pydns.errors import ZoneError
from pydns.steps import whole
from pydns.zone.builder import Builder
from pydns.zone.master.driver import read_whole
from pydns.zone.master.reader import read_file, read_zone
from pydns.zone.master.reading import Severity
from pydns.zone.zone import Zone

_HEAD: Final = """\
; Signed by pydns, which writes this file anew: change the other one.
; Digest of what it was made from: """
"""Of a signed file. The digest follows."""


class Source(NamedTuple):
    """A zone as it stands in files. `digest`: of all their octets."""

    zone: Zone
    files: tuple[str, ...]
    digest: str


def read(path: str, origin: bytes) -> Source:
    """Raises ZoneError."""
    builder = Builder(origin)
    digest = sha256()

    def take(path: str) -> bytes:
        data = read_file(path)
        digest.update(len(data).to_bytes(8))
        digest.update(data)
        return data

    try:
        reading = read_whole(read_zone(take(path), path, origin, builder.add, include=take))
    except OSError as error:
        raise ZoneError(f"{path}: {error.strerror or error}") from None
    if reading.errors:
        first = next(fault for fault in reading.faults if fault.severity is Severity.ERROR)
        more = f", and {reading.errors - 1} more errors" if reading.errors > 1 else ""
        raise ZoneError(f"{first}{more}")
    return Source(whole(builder.finish()), reading.files, digest.hexdigest())


def made_from(path: str) -> str:
    """The digest of what a signed file was made from; empty where it tells none. Raises OSError."""
    with open(path, "rb") as file:
        head = file.read(len(_HEAD) + 64)
    return head[len(_HEAD) :].decode("latin-1") if head.startswith(_HEAD.encode()) else ""


def write(path: str, lines: Iterable[str], digest: str) -> None:
    """Whole or not at all. Raises ZoneError."""
    new = f"{path}.new"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(new, "w", encoding="ascii") as file:
            file.write(f"{_HEAD}{digest}\n")
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)
    except OSError as error:
        raise ZoneError(f"{path}: {error.strerror or error}") from None
