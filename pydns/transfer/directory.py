"""Zones on disk, a file each: written whole beside the old one and renamed over it, and never on the loop.

A file's time is that of the last success with a primary, be it a transfer or that nothing was newer: from then on the
zone may be served until it expires.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, NamedTuple, TypeVar
from urllib.parse import quote

import trio

from pydns.look import opened
from pydns.names import to_text
from pydns.steps import in_slices
from pydns.transfer.packed import PackedError, Unpacking, packed
from pydns.zone.zone import Zone

log = logging.getLogger("pydns.secondary")
T = TypeVar("T")

_PIECE: Final = 1 << 20
_LONGEST: Final = 200  # of a file's name, which most file systems bound at 255 octets


class Kept(NamedTuple):
    """A zone from disk. `checked`: when a primary last had nothing newer, in seconds since 1970."""

    zone: Zone
    checked: float


class Directory:
    """The folder is made where it is missing. What goes wrong is logged, and the zone lives on in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, origin: bytes) -> Path:
        """Where a zone is kept: `example.org.zone`, what no file's name may hold as %XX."""
        name = quote(to_text(origin), safe="*_-.~@+=,")
        if len(name) > _LONGEST:
            from hashlib import blake2b

            name = f"{name[:_LONGEST]}%{blake2b(origin, digest_size=8).hexdigest()}."
        return self.path / f"{name}zone"

    async def load(self, origin: bytes) -> Kept | None:
        """None where there is none that is good."""
        path = self.file(origin)
        try:
            file = await _aside(lambda: opened(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            log.error("%s: cannot be read: %s", path, error.strerror or error)
            return None
        try:
            with file:
                unpacking = Unpacking(origin)
                while piece := await _aside(lambda: file.read(_PIECE)):
                    await in_slices(unpacking.take(piece))
                checked = os.fstat(file.fileno()).st_mtime
            return Kept(await in_slices(unpacking.finish()), checked)
        except (OSError, PackedError) as error:
            log.error("%s: not used: %s", path, error)
            return None

    async def save(self, zone: Zone, checked: float) -> bool:
        """Whether it is on the disk now."""
        path = self.file(zone.origin)
        beside = ""
        try:
            await _aside(lambda: self.path.mkdir(parents=True, exist_ok=True))
            file = await _aside(lambda: tempfile.NamedTemporaryFile("wb", dir=self.path, prefix=".", delete=False))  # noqa: SIM115 -- closed below
            beside = file.name
            with file:
                await self._write(file.write, zone)
                await _aside(lambda: _settle(file, beside, path, checked))
            beside = ""
        except OSError as error:
            log.error("%s: cannot be written: %s", path, error.strerror or error)
            return False
        finally:
            if beside:
                with suppress(OSError):
                    os.unlink(beside)
        return True

    @staticmethod
    async def _write(write: Callable[[bytes], object], zone: Zone) -> None:
        gathered: list[bytes] = []
        size = 0
        for piece in packed(zone):
            gathered.append(piece)
            size += len(piece)
            if size >= _PIECE:
                whole = b"".join(gathered)
                await _aside(lambda whole=whole: write(whole))  # type: ignore[misc]  # it is called at once
                gathered, size = [], 0
            else:
                await trio.lowlevel.checkpoint()
        await _aside(lambda: write(b"".join(gathered)))

    async def touch(self, origin: bytes, checked: float) -> None:
        """Notes a success that brought nothing new."""
        with suppress(OSError):
            await _aside(lambda: os.utime(self.file(origin), (checked, checked)))

    async def remove(self, origin: bytes) -> None:
        with suppress(OSError):
            await _aside(lambda: os.unlink(self.file(origin)))


def _settle(file: IO[bytes], beside: str, path: Path, checked: float) -> None:
    """It is on the disk before it has the name, and the name is before anybody relies on it."""
    file.flush()
    descriptor = file.fileno()
    os.fchmod(descriptor, 0o640)
    os.utime(descriptor, (checked, checked))
    os.fsync(descriptor)
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def _aside(act: Callable[[], T]) -> T:
    """In a thread: a disk may hang."""
    return await trio.to_thread.run_sync(act)
