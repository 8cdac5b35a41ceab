"""When the version of a zone that is served is written to disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

if TYPE_CHECKING:
    from pydns.transfer.directory import Directory, Kept
    from pydns.zone.zone import Zone

_SHARE: Final = 10.0
"""A zone is written for a tenth of the time at most."""

_LEAST: Final = 1.0  # seconds between two times
_AGAIN: Final = 60.0  # seconds after which it is tried again where it failed


class Saving:
    """What is on disk of one zone; without a `directory` nothing is. `due`: when on trio's clock to call `save`."""

    def __init__(self, origin: bytes, directory: Directory | None) -> None:
        self._origin = origin
        self._directory = directory
        self._version = 0  # counts what is served
        self._saved = 0  # the one of these that is on disk
        self._earliest = 0.0

    def inherit(self, old: Saving) -> None:
        """Goes on where another has come to."""
        ours, theirs = self._directory, old._directory
        self._version = old._version
        if ours is not None and theirs is not None and ours.path == theirs.path:
            self._saved = old._saved

    @property
    def due(self) -> float:
        return float("inf") if self._directory is None or self._version == self._saved else self._earliest

    def changed(self) -> None:
        """Another version is served than before."""
        self._version += 1

    async def load(self) -> Kept | None:
        """What is there from before; None where nothing is, or nothing good."""
        return await self._directory.load(self._origin) if self._directory is not None else None

    def loaded(self) -> None:
        """That is what is served now."""
        self._saved = self._version

    async def save(self, zone: Zone, checked: float) -> None:
        """Writes it, if that is due. `checked`: when a primary last gave it or had nothing newer."""
        began, version = trio.current_time(), self._version
        if self._directory is None or began < self.due:
            return
        saved = await self._directory.save(zone, checked)
        if saved:
            self._saved = version
        now = trio.current_time()
        self._earliest = now + max(_SHARE * (now - began), _LEAST if saved else _AGAIN)

    async def touch(self, checked: float) -> None:
        """A primary has nothing newer than what is on disk."""
        if self._directory is not None and self._version == self._saved:
            await self._directory.touch(self._origin, checked)

    async def forget(self) -> None:
        """The zone is ours no more."""
        if self._directory is not None:
            await self._directory.remove(self._origin)
