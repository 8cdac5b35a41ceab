"""Reads one master file as one zone, keeps the last good one, and tells what is wrong with the file now."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeVar

import trio

from pydns.errors import ZoneError, ungrouped
from pydns.look import Look, Signature
from pydns.names import to_text
from pydns.steps import in_slices, letting_go
from pydns.zone.builder import Builder
from pydns.zone.checks import Finding, Findings, checking
from pydns.zone.master.driver import read_on_loop
from pydns.zone.master.reader import read_file, read_zone
from pydns.zone.master.reading import Fault, Reading, Severity
from pydns.zone.progress import show_progress
from pydns.zone.zone import Zone

log = logging.getLogger("pydns.zone")

T = TypeVar("T", Fault, Finding)

MAX_TOLD: Final = 20
"""Faults of a file that are told one by one."""

_MISSING: Final = b""  # in place of the digest of a file that cannot be read


class ZoneFile:
    """`load` after each change. Where that gives no zone, the one of before stays in force.

    * `files`: what is to be followed: the file, and what it included when it was read last
    * `complaint`: why the file cannot be used as it is now; empty where it can
    * `again`: the last try failed for a reason that may pass without a change to any file
    * `faults`: how many there are in it, errors and warnings; of the zone itself too, once it was looked through
    * `loaded`: when the zone was read, in seconds since 1970
    * `sound`: True where the zone that `load` gave last was looked through, and makes sense: BIND would serve it too
    """

    def __init__(self, path: Path, origin: bytes) -> None:
        self.path = str(path)
        self.origin = origin
        self.files: tuple[str, ...] = (self.path,)
        self.complaint = ""
        self.again = False
        self.faults = 0
        self.loaded = 0.0
        self.sound = False
        self._findings: Findings | None = None
        self._seen: tuple[tuple[str, Signature | None], ...] | None = None
        self._digests: dict[str, bytes] = {}

    def inherit(self, old: ZoneFile) -> None:
        """Begins with what another has read of the same file."""
        self.files, self.complaint, self.again = old.files, old.complaint, old.again
        self.faults, self.loaded, self.sound = old.faults, old.loaded, old.sound
        self._seen, self._digests = old._seen, old._digests

    @property
    def digest(self) -> bytes:
        """Of the content that was read last, that of included files among it."""
        digests = [self._digests[path] for path in sorted(self._digests)]
        return digests[0] if len(digests) == 1 else _digest(b"".join(digests))

    def has_seen(self, path: str, signature: Signature | None) -> bool:
        """Whether a file is as it was when it was looked at last."""
        return self._seen is not None and (path, signature) in self._seen

    def written(self, digest: bytes, signature: Signature) -> None:
        """It was put there by ourselves, and holds the zone that is in force."""
        self.files, self.complaint, self.again, self.faults = (self.path,), "", False, 0
        self._seen = ((os.path.abspath(self.path), signature),)
        self._digests, self.loaded = {self.path: digest}, time.time()

    def forget(self) -> None:
        """Whatever stands there is read the next time, and taken as the first one is."""
        self._seen, self._digests, self.complaint, self.sound = None, {}, "", False

    async def load(self, look: Look, serial: int | None = None) -> Zone | None:
        """The zone, where the files hold another one than at the last try. `serial` is that of the one in force."""
        if look.files == self._seen and not self.again:
            return None
        self._seen, self.again = look.files, False
        try:
            data = await trio.to_thread.run_sync(partial(read_file, self.path), abandon_on_cancel=True)
        except OSError as error:
            self._digests = {}
            self.again = bool(look.files) and look.files[0][1] is not None
            complaint = f"cannot be read: {error.strerror or error}"
            if complaint != self.complaint:
                self._complain(complaint, serial)
            return None
        digests = await trio.to_thread.run_sync(partial(self._digest, data), abandon_on_cancel=True)
        if digests == self._digests:
            return None  # touched, and no more
        return await self._read(data, digests[self.path], serial)

    def _digest(self, data: bytes) -> dict[str, bytes]:
        """Those of all files, `data` being the first one's content. Blocks."""
        found = {self.path: _digest(data)}
        for path in self.files[1:]:
            try:
                found[path] = _digest(read_file(path))
            except (OSError, ValueError):
                found[path] = _MISSING
        return found

    async def _read(self, data: bytes, digest: bytes, serial: int | None) -> Zone | None:
        self._digests = digests = {self.path: digest}

        def include(path: str) -> bytes:
            digests[path] = _MISSING
            included = read_file(path)
            digests[path] = _digest(included)
            return included

        builder = Builder(self.origin)
        zone: Zone | None = None
        refused = ""
        reading = None
        with ungrouped(ZoneError):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(show_progress, self.origin, builder)
                reading = await read_on_loop(read_zone(data, self.path, self.origin, builder.add, include=include))
                del data
                self.files = reading.files
                if not reading.errors:
                    try:
                        zone = await in_slices(builder.finish())
                    except ZoneError as error:
                        refused = str(error)
                nursery.cancel_scope.cancel()
        assert reading is not None
        self._tell(reading)
        self.faults = reading.errors + reading.warnings + bool(refused)
        if zone is None:
            await in_slices(builder.abandon())
            self._complain(refused or _errors(reading.errors), serial)
            return None
        self._findings = None
        if serial is not None and self.sound:
            self._findings = await in_slices(checking(zone, int(time.time())))
            errors = self._findings.counts[Severity.ERROR]
            if errors:
                self._tell_findings()
                self._complain(_errors(errors), serial)
                parts = list(zone.parts)
                del zone
                await in_slices(letting_go(parts))
                return None
        if self.complaint:
            log.info("%s: is good again", self.path)
        self.complaint, self.loaded = "", time.time()
        return zone

    async def look_through(self, zone: Zone) -> None:
        """Tells what makes no sense in a zone that `load` gave, though each record does.

        The first one is served all the same, as by CoreDNS. But none with errors takes the place of one without.
        """
        if self._findings is None:
            self._findings = await in_slices(checking(zone, int(time.time())))
        self.sound = not self._findings.counts[Severity.ERROR]
        self._tell_findings()

    def _tell_findings(self) -> None:
        findings, self._findings = self._findings, None
        assert findings is not None
        count = sum(findings.counts.values())
        self.faults += count
        for finding in _first(findings.kept):
            log.warning("%s: %s", self.path, finding.message)
        if count > MAX_TOLD:
            log.warning("%s: %d more", self.path, count - MAX_TOLD)

    def _tell(self, reading: Reading) -> None:
        for fault in _first(reading.faults):
            log.warning("%s", fault)
        more = reading.errors + reading.warnings - len(_first(reading.faults))
        if more:
            log.warning("%s: %d more faults", self.path, more)

    def _complain(self, complaint: str, serial: int | None) -> None:
        kept = f"the zone of serial {serial} stays in force" if serial is not None else "the zone is not served"
        log.error("%s: %s: %s; %s", self.path, to_text(self.origin), complaint, kept)
        self.complaint = complaint


def _first(faults: Sequence[T]) -> Sequence[T]:
    """Errors ahead of warnings, since those are worse."""
    return sorted(faults, key=lambda fault: fault.severity is not Severity.ERROR)[:MAX_TOLD]


def _errors(count: int) -> str:
    return f"{count} error{'' if count == 1 else 's'}"


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
