"""Reads the files of one hosts directive, keeps the last good of each, and tells what changed."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import trio

from pydns.family import Family, Shared
from pydns.look import Look, Signature
from pydns.steps import in_slices
from pydns.watch import read_whole
from pydns_plugins.hosts.build import BuildError, build_apart, mapped
from pydns_plugins.hosts.content import Content, Part, Source
from pydns_plugins.hosts.difference import changed_names, difference, is_same
from pydns_plugins.hosts.reader import Reading, read
from pydns_plugins.hosts.spelling import text
from pydns_plugins.hosts.table import build

log = logging.getLogger("pydns.hosts")

MOST: Final = 1 << 28
"""Bytes of one file at most (eight million lines)."""

LARGE: Final = 1 << 20
"""Bytes from which on a file is read and indexed in another process."""

MAX_CHANGED: Final = 1000
"""Entries that change at once and are still told by name; for more, all kept answers go."""

_NOTHING: Final = Reading(b"", 0, 0, (), 0)


class Settings(NamedTuple):
    """What decides how files are read: zones in wire form, whether PTRs are made, the TTL in seconds."""

    zones: tuple[bytes, ...]
    reverse: bool
    ttl: int


class Loaded(NamedTuple):
    """New content, and the names in wire form whose answers are other than before; None where all may be."""

    content: Content
    changed: frozenset[bytes] | None
    added: int
    removed: int


class _File(NamedTuple):
    """One file: what stood there at the last try, the last good reading, and what is wrong with it now.

    `again`: the last try failed for a reason that may pass without a change to the file.
    """

    signature: Signature | None
    source: Source | None
    complaint: str = ""
    again: bool = False


class _Empty(Exception):  # noqa: N818 -- no error: many files are, at first
    """Nothing is in a file but blanks."""


class Loader:
    """`load` after each change. What could not be read is left as it was, and told once."""

    def __init__(self, inline: Source | None, settings: Settings) -> None:
        self._inline = inline
        self._settings = settings
        self._zones = tuple(key for zone in settings.zones if (key := text(zone)) is not None)
        self._files: dict[str, _File] = {}
        self._content: Content | None = None
        self._published: dict[str, Reading] = {}  # the files that `_content` was made of
        self.family = Family()  # with whom what is large is shared

    @property
    def failing(self) -> bool:
        """True where a file should be tried again though it has not changed."""
        return any(file.again for file in self._files.values())

    @property
    def pairs(self) -> int:
        """Pairs of address and name."""
        return sum(source.reading.entries for source in self._sources())

    @property
    def entries(self) -> int:
        """As CoreDNS counts: the pairs, and where PTRs are made those but for wildcards again."""
        wildcards = sum(source.reading.wildcards for source in self._sources())
        return 2 * self.pairs - wildcards if self._settings.reverse else self.pairs

    @property
    def faults(self) -> int:
        return sum(source.reading.fault_count for source in self._sources())

    @property
    def complaints(self) -> int:
        """Files that cannot be used as they are now."""
        return sum(bool(file.complaint) for file in self._files.values())

    @property
    def modified(self) -> float:
        """When the youngest file was changed, in seconds since 1970; 0 where there is none."""
        return max((file.signature[3] / 1e9 for file in self._files.values() if file.signature), default=0.0)

    def _sources(self) -> list[Source]:
        sources = [file.source for file in self._files.values() if file.source is not None]
        return [*sources, self._inline] if self._inline is not None else sources

    def inherit(self, old: Loader) -> None:
        """Begin with what another has read for the same directive."""
        self._files, self._content, self._published = old._files, old._content, old._published

    async def load(self, look: Look) -> Loaded | None:
        """Reads the files that differ from the last time; None where there is nothing new.

        Each file's last good reading stays in force where the file is missing, unreadable, empty or without a good
        line. A file that a glob no longer finds goes with its entries.
        """
        # In the order of the patterns, which is the order of the addresses in an answer.
        files = {path: await self._update(path, self._files.get(path), signature) for path, signature in look.files}
        readings = {path: file.source.reading for path, file in files.items() if file.source}
        self._files = files
        if self._content is None:
            changed: frozenset[bytes] | None = frozenset()
            added, removed = self.pairs, 0
        elif await self._is_published(readings):
            return None
        else:
            changed, added, removed = await self._compare(self._published, readings)
        content = Content(await self._parts(), self._settings.ttl)
        self._content, self._published = content, readings
        return Loaded(content, changed, added, removed)

    async def _update(self, path: str, file: _File | None, signature: Signature | None) -> _File:
        if file is not None and file.signature == signature and not file.again:
            return file
        last = file.source if file else None
        old = last.reading.entries if last else 0

        def complain(complaint: str, again: bool = False) -> _File:
            if file is None or complaint != file.complaint:
                kept = f"; its last good {old} entries stay in force" if old else ""
                log.warning("%s: %s%s", path, complaint, kept)
            return _File(signature, last, complaint, again)

        try:
            source = await self._read(path, signature)
        except OSError as error:
            return complain(f"cannot be read: {error.strerror or error}", again=signature is not None)
        except _Empty:
            if old:
                return complain("is empty now; to drop its entries, write a comment line into it")
            source = Source(path, _NOTHING)
        reading = source.reading
        for fault in reading.faults:
            log.warning("%s: %s", source.place(fault.line), fault.text)
        if reading.fault_count > len(reading.faults):
            log.warning("%s: %d more faults", path, reading.fault_count - len(reading.faults))
        if old and not reading.entries and reading.fault_count:
            return complain("holds no good line now")
        if file is not None and file.complaint:
            log.info("%s: is good again", path)
        return _File(signature, source)

    async def _read(self, path: str, signature: Signature | None) -> Source:
        """Raises OSError, and _Empty where there is nothing in it."""
        if signature is None or signature[2] < LARGE:
            data = await _data(path)
            if len(data) < LARGE:
                return Source(path, await in_slices(read(data, self._zones)))
        try:
            return await self._share(path, signature)
        except BuildError as error:
            log.warning("%s: read without the help of another process (%s), which takes longer", path, error)
        reading = await in_slices(read(await _data(path), self._zones))
        return Source(path, reading, table=await in_slices(build(bytes(reading.text), self._settings.reverse)))

    async def _share(self, path: str, signature: Signature | None) -> Source:
        """Read and indexed once, however many workers want it. Raises BuildError too."""
        zones, reverse = self._zones, self._settings.reverse

        async def make() -> tuple[int, Any]:
            return await build_apart(await _data(path), zones, reverse, beside=self._content is not None)

        shared = await self.family.shared(repr(("hosts", path, signature, zones, reverse)), make)
        try:
            reading, table = await trio.to_thread.run_sync(mapped, shared.descriptor, shared.facts)
        except BaseException:
            _give_back(shared)
            raise
        weakref.finalize(reading.text, _give_back, shared).atexit = False
        return Source(path, reading, table=table)

    async def _is_published(self, readings: Mapping[str, Reading]) -> bool:
        """The order of the files counts, since it is that of the addresses in an answer."""
        before = self._published
        if [*readings] != [*before]:
            return False
        for path, reading in readings.items():
            if not await in_slices(is_same(before[path].text, reading.text)):
                return False
        return True

    async def _parts(self) -> Sequence[Part]:
        """Small sources share a table, so that many files cost no more per query than one."""
        sources = self._sources()
        small = [source for source in sources if source.table is None]
        texts = [source.reading.text for source in small]
        shared = await in_slices(build(b"".join(texts), self._settings.reverse))
        parts = [Part(shared, small)] if small else []
        return [*parts, *(Part(source.table, (source,)) for source in sources if source.table is not None)]

    async def _compare(
        self, before: Mapping[str, Reading], after: Mapping[str, Reading]
    ) -> tuple[frozenset[bytes] | None, int, int]:
        """Names changed (None: too many to tell), entries added, entries removed."""
        changed: set[bytes] | None = set()
        added = removed = 0
        for path in before.keys() | after.keys():
            old, new = before.get(path, _NOTHING), after.get(path, _NOTHING)
            found = await in_slices(difference(old.text, new.text))
            if found is None:  # what came and went on balance is all that can be said
                added += max(0, new.entries - old.entries)
                removed += max(0, old.entries - new.entries)
            else:
                added += len(found.added)
                removed += len(found.removed)
            if found is None or len(found.added) + len(found.removed) > MAX_CHANGED:
                changed = None
            elif changed is not None:
                changed |= await in_slices(changed_names(found.added | found.removed, self._settings.reverse))
        return None if changed is None else frozenset(changed), added, removed


def _give_back(shared: Shared) -> None:
    """Closed in a thread: of what nobody has mapped any more the kernel takes 10 ms to take back a hundred MiB."""
    shared.release()
    trio.lowlevel.start_thread_soon(partial(os.close, shared.descriptor), lambda _: None)


async def _data(path: str) -> bytes:
    """Raises OSError and _Empty."""
    data = await read_whole(Path(path), MOST)
    if not data or data.isspace():
        raise _Empty
    return data
