"""A zone as its master file and its journal have it, in the process that writes these and in others."""

from __future__ import annotations

import logging
import os
import secrets
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydns.errors import ZoneError
from pydns.look import Look, look
from pydns.names import to_text
from pydns.steps import in_slices
from pydns.update import entries
from pydns.update.aside import aside
from pydns.update.committing import applied, is_large
from pydns.update.journal import Contents, Journal, JournalError
from pydns.update.saving import digest_of
from pydns.zone.following import Following
from pydns.zone.loader import ZoneFile

if TYPE_CHECKING:
    from pydns.family import Family
    from pydns.metrics import Metric, Metrics
    from pydns.zone.difference import Delta
    from pydns.zone.holder import Held
    from pydns.zone.plugin import ZonePlugin
    from pydns.zone.zone import Zone

log = logging.getLogger("pydns.update")


class Journaled(Following):
    """One task at a time may call what is below.

    * `unsaved`: what the master file does not have; `saved` is the digest of the file that lacks only this
    * `conflict`: somebody edited the file, and what is unsaved is not in it
    * `in_force`: what is written in place of the file while somebody's edit stands there
    * `lineage`: of the journal; another one with each file that is taken in place of what was there
    """

    def __init__(self, plugin: ZonePlugin, held: Held, file: ZoneFile, *, mind_serial: bool) -> None:
        super().__init__(plugin, held, file, mind_serial=mind_serial)
        self.journal = Journal(Path(f"{file.path}.journal"), held.origin)
        self.in_force = Path(f"{file.path}.in-force")
        self.unsaved: list[Delta] = []
        self.saved = b""
        self.conflict = False
        self._begun = False
        self.lineage = b""
        self._seen = 0, 0  # how far the journal was read: its inode, and octets
        self._tried: object = None  # what was there when it could not begin

    async def _begin(self, look: Look) -> Zone | None:
        """The file, and what the journal has beyond it."""
        zone = await self.file.load(look, self.serial())
        self._tried = await aside(self._there)
        before, contents, self.conflict = self.serial(), None, False
        try:
            contents = await aside(self.journal.read)
            zone = await self._version(zone, contents)
        except (JournalError, ZoneError, OSError) as error:
            self._complain(str(error))
            return None
        if zone is None:
            return None
        delta = await self._plugin.publish_in_slices(self.held, zone)
        if contents is not None:
            self.held.remember(contents.deltas)
        self._begun = True
        self._tell(before, zone, delta)
        return zone

    async def _version(self, zone: Zone | None, contents: Contents | None) -> Zone | None:
        """That of the file and the journal together; `zone` is what the file alone has, None where it is faulty."""
        if contents is None:
            return zone
        serial = contents.saved.get(self.file.digest)
        if zone is not None and serial is not None:
            return await self._replayed(self.file, zone, serial, contents)
        unsaved = contents.unsaved()
        if not unsaved:
            return zone  # it was edited while all was in it
        beside = await aside(partial(digest_of, str(self.in_force)))
        serial = contents.saved.get(beside.digest) if beside is not None else None
        if serial is None:
            if zone is None:
                return None
            raise JournalError(self._edited(len(unsaved)))
        return await self._version_in_force(serial, contents, len(unsaved))

    async def _version_in_force(self, serial: int, contents: Contents, unsaved: int) -> Zone | None:
        """As it stands beside somebody's edit, which is not taken."""
        file = ZoneFile(self.in_force, self.held.origin)
        zone = await file.load(await self._look_at(file))
        if zone is None:
            return None
        self.conflict = True
        if self.leads:
            self._complain(self._edited(unsaved))
        else:
            self.file.complaint = ""  # who leads has it, and sees what becomes of it
        return await self._replayed(file, zone, serial, contents)

    async def _replayed(self, file: ZoneFile, zone: Zone, serial: int, contents: Contents) -> Zone:
        deltas = contents.since(serial)
        if deltas and not self.conflict and contents.last is not None and contents.last.digest != file.digest:
            self._tell_older(serial, len(deltas))
        for delta in deltas:
            zone = await in_slices(applied(zone, delta))
        self.lineage, self._seen = contents.lineage, (contents.inode, contents.size)
        if deltas:
            log.info("%s: %d updates from the journal", file.path, len(deltas))
        return zone

    async def _catch_up(self) -> None:
        contents = await aside(partial(self.journal.read, *self._seen))
        if contents is None:
            return
        if not self.lineage:
            if self.file.digest not in contents.saved:
                return  # who leads begins another one
            self.lineage = contents.lineage
        if contents.lineage != self.lineage or not await self._follow(contents):
            self.file.forget()
            self._begun = False
            await self._begin(await self.look())
        self._seen = contents.inode, contents.size
        self.count()

    async def _follow(self, contents: Contents) -> bool:
        """Publishes what is new; False where it does not go on from the zone as it is here."""
        for delta in contents.deltas:
            if self.held.zone is not None and self.serial() == delta.old_serial:
                zone = await in_slices(applied(self.held.zone, delta))
                if is_large(delta):
                    await self._plugin.publish_in_slices(self.held, zone, delta)
                else:
                    self._plugin.publish(self.held, zone, delta)
        if contents.deltas:
            return contents.deltas[-1].new_serial == self.serial()
        return contents.inode == self._seen[0] or contents.last is None or contents.last.serial == self.serial()

    async def _base_on(self, mark: entries.Saved, contents: Contents) -> None:
        self.saved, self.unsaved = mark.digest, list(contents.since(mark.serial))
        if mark != contents.last:
            await aside(partial(self.journal.append, entries.saved(mark.digest, mark.serial)))

    async def _begin_journal(self) -> None:
        """One without changes, for the file as it is."""
        self.unsaved, self.saved = [], self.file.digest
        self.lineage = secrets.token_bytes(entries.LINEAGE)
        await self.rewrite()

    async def rewrite(self) -> None:
        """A journal of what is known, as far back as IXFR goes."""
        serial = self.unsaved[0].old_serial if self.unsaved else self.serial() or 0
        history = list(self.held.history)
        count = len(self.unsaved)
        if count and history[-count:] != self.unsaved:
            history = self.unsaved
        parts = [entries.header(self.lineage, self.held.origin)]
        parts += [entries.difference(delta) for delta in history]
        parts.append(entries.saved(self.saved, serial))
        await aside(partial(self.journal.rewrite, b"".join(parts)))

    def _edited(self, count: int) -> str:
        return (
            f"was edited while {self.journal.path} holds {count} updates that are not in it, so it is not taken; "
            f"either put {self.in_force.name} or what was there before in its place, "
            "or remove the journal, and with it these updates"
        )

    def _tell_older(self, serial: int, count: int) -> None:
        log.warning(
            "%s: has the version of serial %d; the %d updates since then hold on, and will be written to it: "
            "to have them go, stop the server and remove %s",
            self.file.path, serial, count, self.journal.path,
        )  # fmt: skip

    def _complain(self, complaint: str) -> None:
        log.error("%s: %s", self.file.path, complaint)
        self.file.complaint = complaint

    def _there(self) -> object:
        """Differs once the file or the journal does."""
        return look((self.file.path, str(self.journal.path))).files

    async def look(self) -> Look:
        """At the master file and what it includes, as the watcher does."""
        return await self._look_at(self.file)

    @staticmethod
    async def _look_at(file: ZoneFile) -> Look:
        return await aside(lambda: look([os.path.abspath(path) for path in file.files]))

    def serial(self) -> int | None:
        return self.held.zone.serial if self.held.zone is not None else None

    def count(self) -> None:
        """Tells the metrics how things stand."""
        super()._count()
        self._unsaved_metric().set(to_text(self.held.origin), to=len(self.unsaved))

    def forget(self) -> None:
        """It is not kept here any more."""
        self._unsaved_metric().values.pop((to_text(self.held.origin),), None)

    def _unsaved_metric(self) -> Metric:
        help_ = "Updates that the master file of a zone does not have yet."
        return self.metrics.gauge("pydns_update_unsaved", help_, "zone")

    def _count(self) -> None:
        self.count()

    @property
    def leads(self) -> bool:
        return self.family.number == 0

    @property
    def family(self) -> Family:
        return self._plugin.house.family

    @property
    def metrics(self) -> Metrics:
        return self._plugin.house.metrics
