"""Serve zones that come from other servers, and keep them as those have them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import names
from pydns.records import Ede, Opcode, Type
from pydns.reply import Reply
from pydns.steps import in_slices
from pydns.tsig.ring import NamesKeys
from pydns.zone.holder import HoldsZones
from pydns.zone.plugin import ZonePlugin
from pydns_plugins.secondary import notify
from pydns_plugins.secondary.asking import Asking
from pydns_plugins.secondary.counts import Counts
from pydns_plugins.secondary.following import Following
from pydns_plugins.secondary.options import Options, read_options

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word
    from pydns.plugin import CallNext
    from pydns.query import Query
    from pydns.zone.holder import Held

log = logging.getLogger("pydns.secondary")

PATIENCE_AT_RELOAD: Final = 10.0
"""Seconds that a reload waits for zones: their primaries may be down."""

MOST_STRANGERS: Final = 100
"""Senders of NOTIFY messages that are told of in the log."""

_LOOK: Final = 1.0  # seconds between two looks at what has expired


class Secondary(ZonePlugin, NamesKeys):
    """All secondary directives of one server block.

    `configured` are the zones that they name; `topic` is what processes of a family call the same plugin.
    """

    name: ClassVar[str] = "secondary"
    opcodes: ClassVar[frozenset[int]] = frozenset((Opcode.QUERY, Opcode.NOTIFY))
    at_once = ZonePlugin.at_once  # these stand for `serve` still, which differs for NOTIFY alone
    packed = ZonePlugin.packed

    def __init__(self, options: Sequence[Options], zones: Sequence[bytes], topic: str) -> None:
        """`zones` are the server block's."""
        self._sources = {zone: each for each in options for zone in each.zones}
        self.configured = tuple(self._sources)
        super().__init__()
        self._zones = frozenset(zones)
        self.topic = topic
        self._named: dict[bytes, bytes] = {}  # by which zone of the Corefile each zone is ours
        self._strangers: set[tuple[bytes, str]] = set()
        self._expired: set[bytes] = set()
        self._work: Asking | Following | None = None
        for zone in self.configured:
            self.have(zone, zone)

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        options = read_options(directives, block)
        said = repr((block.keys, directives, options)).encode("utf-8", "surrogateescape")
        return (cls(options, block.zones, f"secondary {blake2b(said, digest_size=16).hexdigest()}"),)

    # What the Corefile says

    def source(self, named: bytes) -> Options:
        """The directive of a zone that the Corefile names."""
        return self._sources[named]

    def named_keys(self) -> Iterable[tuple[bytes, Word]]:
        primaries = {each for source in self._sources.values() for each in source.primaries}
        return [(each.key, each.word) for each in primaries if each.key is not None and each.word is not None]

    def named(self, origin: bytes) -> bytes:
        """The zone that the Corefile names: itself, or the catalog that brings it."""
        return self._named[origin]

    def is_catalog(self, origin: bytes) -> bool:
        source = self._sources.get(origin)
        return source is not None and source.catalog is not None

    def named_ahead(self) -> set[bytes]:
        """Zones that plugins ahead in the chain hold: ours of the same name would never be asked for."""
        ahead = takewhile(lambda each: each is not self, self.house.siblings(self))
        return {held.origin for each in ahead if isinstance(each, HoldsZones) for held in each.held()}

    def admits(self, catalog: bytes, zone: bytes) -> bool:
        """Whether a catalog may bring a zone: one that it may, and that this block is asked for."""
        scope = self._sources[catalog].catalog or ()
        return all(names.longest_match(zone, frozenset(each)) is not None for each in (scope, self._zones))

    # Answers

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        if query.opcode == Opcode.NOTIFY:
            return self._notified(query)
        return await super().serve(query, call_next)

    def absent(self, held: Held) -> Reply:
        text = names.to_text(held.origin)
        if held.origin in self._expired:  # RFC 8914 section 4.25
            return Reply.failure(Ede.INVALID_DATA, f"secondary: {text} has expired", by=self.name)
        return Reply.failure(Ede.NOT_READY, f"secondary: {text} has not come yet", by=self.name)

    def _notified(self, query: Query) -> Reply:
        zone, host = query.name, query.peer.host
        if query.type != Type.SOA:
            return notify.malformed(self.name)
        if zone not in self._held or self._work is None:
            return notify.unknown(self.name, zone)
        if not self._is_primary(zone, query):
            self._tell_stranger(zone, host)
            return notify.stranger(self.name, host, zone)
        fresh = self._work.notified(zone, notify.serial_in(query), host)
        self._counts().notify(zone, "accepted" if fresh else "known")
        return notify.accepted(self.name, "is asked for" if fresh else "is known already")

    def _is_primary(self, zone: bytes, query: Query) -> bool:
        """By its address, or by a key that we would ask it with."""
        signature = query.signature
        key = signature.key if signature is not None and signature.fault is None else None
        host = query.peer.host
        primaries = self._sources[self._named[zone]].primaries
        return any(each.endpoint.host == host or (key is not None and each.key == key) for each in primaries)

    def _tell_stranger(self, zone: bytes, host: str) -> None:
        """Once for each, as far as that goes: anybody may send these."""
        self._counts().notify(zone, "refused")
        if (zone, host) not in self._strangers and len(self._strangers) < MOST_STRANGERS:
            self._strangers.add((zone, host))
            log.warning("NOTIFY of %s from %s, which is no primary of it, is refused", names.to_text(zone), host)

    def _counts(self) -> Counts:
        return Counts(self.house.metrics)

    # Zones, for who gets them

    def have(self, origin: bytes, named: bytes) -> Held:
        """The zone, which is ours from now on if it was not. `named`: itself, or the catalog that brings it."""
        self._named[origin] = named
        held = self._held.get(origin)
        if held is None or self._fallthrough_of[origin] != self._sources[named].fallthrough:
            held = self.hold(origin, held, fallthrough=self._sources[named].fallthrough)
        return held

    def expire(self, origin: bytes) -> None:
        """It is served no more, and still ours."""
        held = self._held.get(origin)
        if held is not None:
            self._expired.add(origin)
            self.publish(held, None)

    def lose(self, origin: bytes) -> None:
        """It is ours no more."""
        if origin in self._held:
            self.release(origin)
        self._expired.discard(origin)
        self._named.pop(origin, None)

    def take_over(self, origin: bytes, named: bytes, old: Secondary) -> None:
        """Goes on with a zone of the configuration before."""
        self._named[origin] = named
        self.hold(origin, old._held[origin], fallthrough=self._sources[named].fallthrough)
        if origin in old._expired:
            self._expired.add(origin)

    # Life

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        work = (Following if self.house.family.number else Asking)(self, self._counts())
        await in_slices(work.begin([self, *self._elders()]))
        self._work = work
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(work.run)
                await self.await_zones(work.tried, PATIENCE_AT_RELOAD)
                task_status.started()
                while True:
                    await trio.sleep(_LOOK)
                    work.look()
        finally:
            for zone in self.held_alone():
                self._counts().forget(zone)

    def _elders(self) -> list[Secondary]:
        """Those of the configurations that answer while this one starts, the newest first."""
        own = self.house.generation(self)
        found = [
            plugin for blocks in self.house.generations if blocks is not own for block in blocks for plugin in block
        ]
        return [each for each in reversed(found) if isinstance(each, Secondary)]

    @property
    def work(self) -> Asking | Following | None:
        """What it does for its zones in this process; None before it runs."""
        return self._work

    def ready(self) -> bool:
        """Each zone is there, or its primaries were asked for it in vain."""
        return self._work is not None and self._work.is_ready()
