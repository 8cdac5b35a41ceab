"""Has a zone's master file follow its updates, a while behind them."""

from __future__ import annotations

import logging
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from pydns.names import to_text
from pydns.update import entries
from pydns.update.aside import aside
from pydns.update.journal import JournalError
from pydns.update.saving import Written, put_in_place, write_beside

if TYPE_CHECKING:
    from pydns.update.updated import Updated
    from pydns.zone.zone import Zone

log = logging.getLogger("pydns.update")

PAUSE: Final = 5.0
"""Seconds from a change until it is written back to the master file."""

AT_STOP: Final = 20.0
"""Seconds that the last writing may take; what it does not get done stands in the journal."""

LONGEST: Final = 4 << 20
"""Octets from which on a journal is made anew when its changes are in the file."""

_REST: Final = 20  # times as long as writing took, nothing is written


class WritingBack:
    """The file of one zone; while somebody's edit stands there, the one beside it."""

    def __init__(self, updated: Updated) -> None:
        self._updated = updated
        self._changed = trio.Event()
        self._at_once = trio.Event()
        self._pause = PAUSE
        self._one = trio.Lock()
        self._failure = ""

    def has_changed(self, *, at_once: bool = False) -> None:
        self._changed.set()
        if at_once:
            self._at_once.set()

    async def run(self) -> None:
        while True:
            await self._changed.wait()
            with trio.move_on_after(self._pause):
                await self._at_once.wait()
            self._changed, self._at_once = trio.Event(), trio.Event()
            began = trio.current_time()
            done = await self.save()
            self._pause = max(PAUSE, _REST * (trio.current_time() - began))
            if not done:
                self._changed.set()

    async def finish(self) -> None:
        """Nobody will change it any more."""
        with trio.CancelScope(shield=True, deadline=trio.current_time() + AT_STOP):
            await self.save()

    async def save(self) -> bool:
        """Writes what is in force; False where that must be tried again."""
        updated = self._updated
        async with self._one:
            try:
                async with updated.committing.turn:
                    zone = updated.held.zone
                    if not updated.takes.is_set() or not updated.unsaved or zone is None:
                        return True
                    if not await self._is_ours():
                        return False
                    conflict, lineage = updated.conflict, updated.lineage
                file = await aside(lambda: Path(os.path.realpath(updated.file.path)))
                target = updated.in_force if conflict else file
                written = await write_beside(zone, target, file)
                async with updated.committing.turn:
                    await updated.committing.settle()
                    # Where another file was taken meanwhile, this zone is in force no more.
                    if not await self._is_ours() or (updated.conflict, updated.lineage) != (conflict, lineage):
                        await aside(partial(os.unlink, written.path))
                        return False
                    with trio.CancelScope(shield=True):
                        await self._place(written, target, zone)
            except (OSError, JournalError) as error:
                if str(error) != self._failure:  # else it is told already, and tried each few seconds
                    log.error("%s: updates cannot be written back to it: %s", updated.file.path, error)
                self._failure = str(error)
                self._count("failed")
                return False
            self._failure = ""
            self._count("done")
            log.info("%s: %s serial %d was written", target, to_text(zone.origin), zone.serial)
            updated.count()
            return True

    def _count(self, result: str) -> None:
        help_ = "Times that updates were written back to the master file of a zone, or could not be."
        metric = self._updated.metrics.counter("pydns_update_writes_total", help_, "zone", "result")
        metric.add(to_text(self._updated.held.origin), result)

    async def _is_ours(self) -> bool:
        """Nobody edited what would be written over, or it is known. A file that is gone may be made anew."""
        updated = self._updated
        found = await updated.look()
        if updated.conflict or found.files[0][1] is None:
            return True
        if updated.file.digest == updated.saved and all(updated.file.has_seen(*each) for each in found.files):
            return True
        await updated.look_at_edit(found)
        return False

    async def _place(self, written: Written, target: Path, zone: Zone) -> None:
        """The journal knows the file before it is there: whenever this ends, the two fit."""
        updated = self._updated
        entry = entries.saved(written.digest, zone.serial, updated.conflict)
        await aside(partial(updated.journal.append, entry))
        placed = await aside(partial(put_in_place, written, target))
        if updated.conflict:
            return
        updated.saved = written.digest
        updated.file.written(written.digest, placed)
        serials = [delta.old_serial for delta in updated.unsaved]
        del updated.unsaved[: serials.index(zone.serial) if zone.serial in serials else len(serials)]
        if updated.unsaved:
            self._changed.set()
        if updated.journal.size > LONGEST:
            await updated.rewrite()
