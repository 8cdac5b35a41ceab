"""A zone that takes updates: what is in force, the journal, and the master file that it is written back to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from pydns.errors import ZoneError
from pydns.look import Look
from pydns.update import entries
from pydns.update.aside import aside
from pydns.update.committing import Committing
from pydns.update.journal import Contents, Journal, JournalError
from pydns.update.journaled import Journaled
from pydns.update.once import Once
from pydns.update.relay import Relay
from pydns.update.saving import digest_of
from pydns.update.writingback import WritingBack
from pydns.zone.following import Following

if TYPE_CHECKING:
    from pydns.update.grants import Grant
    from pydns.zone.difference import Delta
    from pydns.zone.holder import Held
    from pydns.zone.loader import ZoneFile
    from pydns.zone.plugin import ZonePlugin
    from pydns.zone.zone import Zone

log = logging.getLogger("pydns.update")

_LOOK: Final = 1.0  # seconds between two looks at the journal
_TOLERATED: Final = 5  # of these at which it is taken by somebody else


class Updated(Journaled):
    """Of several processes the first takes the updates (`leads`); the others hear of them and read its journal.

    * `grants`: who may change what
    * `takes`: set while updates may come here
    """

    def __init__(
        self,
        plugin: ZonePlugin,
        held: Held,
        file: ZoneFile,
        grants: Sequence[Grant],
        *,
        mind_serial: bool = True,
    ) -> None:
        super().__init__(plugin, held, file, mind_serial=mind_serial)
        self.grants = grants
        self.committing = Committing(held, self.journal.append, self._publish, self._published)
        self.takes = trio.Event()
        self.once = Once()
        self._look_again = trio.Event()
        self._refused = 0  # times that another had the journal
        self._runs = 0
        self.writing_back = WritingBack(self)
        self.relay = Relay(self)

    def adopt(self, plugin: ZonePlugin, successor: Updated) -> None:
        """A reload of the Corefile: from now on it is this plugin's, in place of `successor`."""
        self._plugin, self.grants, self._mind_serial = plugin, successor.grants, successor._mind_serial

    async def run(self, every: float, tried: Callable[[], None]) -> None:
        """May run twice at a time: before and after a reload."""
        self._runs += 1
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._keep)
                nursery.start_soon(self.writing_back.run)
                nursery.start_soon(self.relay.run)
                nursery.start_soon(aside, _import_dnspython)
                await super().run(every, tried)
        finally:
            self._runs -= 1
            if not self._runs:
                await self.writing_back.finish()
                self.takes = trio.Event()
                self.journal.close()
                self.forget()

    # The master file

    async def load(self, look: Look) -> Zone | None:
        zone: Zone | None = None
        async with self.committing.turn:
            await self.committing.settle()
            try:
                if not self._begun:
                    zone = await self._begin(look)
                elif self.takes.is_set():
                    zone = await self.look_at_edit(look)
            except (JournalError, ZoneError, OSError) as error:
                self._complain(str(error))
            except BaseException:
                self.file.forget()
                raise
        self.count()
        self.look_again()
        return zone

    async def look_at_edit(self, look: Look) -> Zone | None:
        """Takes what somebody has written, unless changes would be lost that are not in there; gives it then."""
        zone = await self.file.load(look, self.serial())
        is_faulty = bool(self.file.complaint) and look.files[0][1] is not None
        if zone is None and not (is_faulty and self.unsaved):
            return None
        digest = self.file.digest
        if await self._is_known(digest):
            if self.conflict:
                log.info("%s: is one that was in force, and is taken", self.file.path)
            self.conflict, self.file.complaint = False, ""
            self._has_changed()
        elif self.unsaved:
            if zone is not None or not self.conflict:  # else it is told already
                self._complain(self._edited(len(self.unsaved)))
            self.conflict = True
            self.count()
            self.writing_back.has_changed(at_once=True)  # the complaint speaks of what is in force
        elif zone is not None:
            await self._take(zone)
            return zone
        return None

    async def _take(self, zone: Zone) -> None:
        before = self.serial()
        self.takes = trio.Event()  # until the journal is one of this file
        self._tell(before, zone, await self._plugin.publish_in_slices(self.held, zone))
        self.conflict = False
        await self._begin_journal()
        self.takes.set()
        self.relay.tell()

    async def _is_known(self, digest: bytes) -> bool:
        """Whether a file of that digest was written here; from now on it is what all is based on."""
        if digest == self.saved:
            return True
        contents = await aside(self.journal.read)
        serial = contents.saved.get(digest) if contents is not None else None
        if contents is None or serial is None:
            return False
        await self._base_on(entries.Saved(digest, serial), contents)
        if self.unsaved:
            self._tell_older(serial, len(self.unsaved))
        return True

    # The journal

    async def _keep(self) -> None:
        """Becomes the one that writes the journal, or reads it; and sees where somebody removes it."""
        failed = ""
        while True:
            look_again = self._look_again
            try:
                await self._keep_once()
                failed = ""
            except (JournalError, ZoneError, OSError) as error:
                if str(error) != failed:
                    log.error("%s: updates are not taken: %s", self.file.path, error)
                failed = str(error)
            with trio.move_on_after(_LOOK):
                await look_again.wait()

    def look_again(self) -> None:
        self._look_again.set()
        self._look_again = trio.Event()

    async def _keep_once(self) -> None:
        async with self.committing.turn:
            await self.committing.settle()
            if self.leads and not self.journal.is_open:
                await self._open()
            if not self._begun:
                if self._tried is not None and await aside(self._there) != self._tried:
                    self.file.forget()
                    await self._begin(await self.look())
                    self.count()
                if not self._begun:
                    return
            if not self.journal.is_open:
                await self._catch_up()
            elif not self.takes.is_set():
                await self._catch_up()
                await self._lead()
            elif not await aside(self.journal.is_there):
                await self._journal_is_gone()

    async def _open(self) -> None:
        if await aside(self.journal.open):
            self._refused = 0
            return
        self._refused += 1
        if self._refused == _TOLERATED:  # one that hands over to us is gone by then
            log.warning("%s: another server or server block writes it, and takes the updates", self.journal.path)

    async def catch_up(self) -> None:
        """Reads what another process has written. Raises JournalError, ZoneError, OSError."""
        async with self.committing.turn:
            if self._begun and not self.journal.is_open:
                await self._catch_up()

    async def _lead(self) -> None:
        """From now on updates are taken here."""
        contents = await aside(self.journal.read)
        found = await aside(partial(digest_of, self.file.path))
        if contents is not None and contents.rest:
            await self._tell_rest(contents)
        if contents is None or (contents.lineage != self.lineage and not contents.unsaved()):
            await self._begin_journal()
            self.takes.set()
            return
        mark = contents.last
        if found is not None and found.digest in contents.saved:
            mark = entries.Saved(found.digest, contents.saved[found.digest])
            self.file.written(*found)
        if mark is None:
            raise JournalError(f"{self.journal.path}: it does not say what it is based on")
        self.journal.size = contents.size
        await self._base_on(mark, contents)
        self.takes.set()
        self._has_changed()
        await self.look_at_edit(await self.look())
        self.relay.tell()

    async def _tell_rest(self, contents: Contents) -> None:
        """What the next entry will be written over."""
        if not contents.damaged:
            log.warning("%s: %d octets at its end were never finished", self.journal.path, contents.rest)
            return
        kept = await aside(self.journal.keep_copy)
        text = "%s: is damaged at octet %d: updates from there on are lost; it is kept as %s"
        log.error(text, self.journal.path, contents.size, kept)

    async def _journal_is_gone(self) -> None:
        if not self.conflict:
            log.warning("%s: was removed, and is made anew", self.journal.path)
            await self.rewrite()
            return
        log.warning("%s: was removed: %d updates are given up", self.journal.path, len(self.unsaved))
        self.unsaved = []
        self.file.forget()
        zone = await self.file.load(await self.look(), self.serial())
        if zone is not None:
            await self._take(zone)
            self.count()

    # Changes

    def _publish(self, zone: Zone, delta: Delta) -> None:
        self._plugin.publish(self.held, zone, delta)
        self.unsaved.append(delta)

    def _published(self) -> None:
        self._has_changed()
        self.relay.tell()

    def _has_changed(self) -> None:
        if self.unsaved:
            self.writing_back.has_changed()
        self.count()


def _import_dnspython() -> None:
    """Else the first update of a rare type would stop the loop for as long as that takes."""
    import pydns.zone.master.rare  # noqa: F401


async def warn_of_journal(zone: Following) -> None:
    """Tells where a zone that takes no updates has some that its file lacks."""
    if isinstance(zone, Updated):
        return
    journal = Journal(Path(f"{zone.file.path}.journal"), zone.held.origin)
    with suppress(OSError, JournalError):
        contents = await aside(journal.read)
        if contents is not None and (unsaved := contents.unsaved()):
            log.warning("%s: %d updates that are not in %s", journal.path, len(unsaved), zone.file.path)
