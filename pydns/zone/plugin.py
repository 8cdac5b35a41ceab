"""What all plugins have in common that answer from zones: `file`, `auto`, `secondary`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import trio

from pydns import names
from pydns.packed import Packed
from pydns.plugin import CallNext, Plugin, Turn, leave
from pydns.query import Query
from pydns.records import Class, Ede, Rcode, Type
from pydns.reply import Reply
from pydns.steps import in_slices, letting_go
from pydns.zone.chase import chase
from pydns.zone.difference import Delta
from pydns.zone.direct import direct
from pydns.zone.holder import Held, HoldsZones
from pydns.zone.lookup import Found, find
from pydns.zone.touched import touched
from pydns.zone.zone import Zone

_IN, _DS, _AXFR, _IXFR, _NXDOMAIN = int(Class.IN), int(Type.DS), int(Type.AXFR), int(Type.IXFR), int(Rcode.NXDOMAIN)


PATIENCE: Final = 0.5
"""Seconds that the server's start waits for zones. Then it answers, and SERVFAIL for those that are yet to come."""

PATIENCE_AT_RELOAD: Final = 50.0
"""The same where another configuration answers meanwhile."""


class ZonePlugin(Plugin, HoldsZones):
    """Answers from the zones that it holds, the longest that holds the name.

    A derived class says which these are (`hold`, `release`), and publishes what is in them.
    """

    frees_task = True
    amends_later = True
    amend = leave

    def __init__(self, origins: Iterable[bytes] = (), fallthrough: Iterable[bytes] = ()) -> None:
        """`fallthrough`: zones whose names go on to the next plugin where they do not exist; `hold` may say others."""
        self._held: dict[bytes, Held] = {}
        self._fallthrough = frozenset(fallthrough)
        self._fallthrough_of: dict[bytes, frozenset[bytes]] = {}  # by origin
        for origin in origins:
            self.hold(origin)

    # Answers

    def at_once(self, query: Query) -> Reply | Turn:
        said = self._say(query)
        if said is None:
            return Turn.NEXT
        return said if isinstance(said, Reply) else Turn.SERVE

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        said = self._say(query)
        if said is None:
            return await call_next(query)
        return said if isinstance(said, Reply) else await chase(query, said, self.name)

    def packed(self, name: bytes, type_: int) -> Packed | Turn:
        held = self.holding(name)
        if held is None:
            return Turn.NEXT
        zone = held.zone
        found = direct(zone, name, type_, self.name) if zone is not None else None
        if found is None:
            return Turn.SERVE
        if found[0] & 15 and self.may_fall_through(name, held.origin):
            return Turn.NEXT
        return found

    def _say(self, query: Query) -> Reply | Found | None:
        """The answer, or what leads out of the zone; None where the query is not for here."""
        name, type_ = query.name, query.type
        held = self.holding(name)
        if held is None or query.class_ != _IN:
            return None
        if type_ == _DS and name == held.origin and name != names.ROOT:
            # It is the parent's, where that is here too (RFC 4035 section 3.1.4.1).
            held = self.holding(names.parent(name)) or held
        if type_ in (_AXFR, _IXFR):
            text = f"{self.name}: zones are not transferred"
            return Reply.failure(Ede.PROHIBITED, text, rcode=Rcode.REFUSED, by=self.name)
        zone = held.zone
        if zone is None:
            return self.absent(held)
        edns = query.edns
        found = find(zone, name, type_, edns is not None and edns.do)
        if found.cut is not None and found.answer and self.holding(found.name) is not held:
            # The chain leads below a cut, to a zone that is here too.
            found.alias, found.authority, found.additional = found.name, found.proofs, ()
        if found.alias is not None:
            self._note(query, found)
            return found
        if found.rcode == _NXDOMAIN and not found.answer and self.may_fall_through(name, held.origin):
            return None
        if found.depends:
            self._note(query, found)
        reply = Reply(
            found.answer,
            found.authority,
            found.additional,
            rcode=found.rcode,
            flags=Reply.AA if found.authoritative else 0,
            by=self.name,
            why=found.why,
        )
        reply.local = True
        return reply

    @staticmethod
    def _note(query: Query, found: Found) -> None:
        """Who keeps the answer must know all that it came from."""
        query.origin.asked_within += found.depends

    def holding(self, name: bytes) -> Held | None:
        """The longest zone here that holds a name."""
        zones = self._held
        at = 0
        while True:
            held = zones.get(name[at:])
            if held is not None or not name[at]:
                return held
            at += 1 + name[at]

    def may_fall_through(self, name: bytes, origin: bytes) -> bool:
        """Whether a query for a name that does not exist in the zone of that origin goes on to the next plugin."""
        zones = self._fallthrough_of.get(origin, self._fallthrough)
        return bool(zones) and names.longest_match(name, zones) is not None

    def absent(self, held: Held) -> Reply:
        """The answer of a zone that is not there."""
        complaint = self.complaint(held.origin)
        why = f"has no good file: {complaint}" if complaint else "is not loaded yet"
        return Reply.failure(Ede.NOT_READY, f"{self.name}: {names.to_text(held.origin)} {why}", by=self.name)

    def complaint(self, origin: bytes) -> str:
        """Why a zone cannot be read as its file is now; empty where it can, or has none."""
        return ""

    def stops(self) -> Sequence[bytes]:
        goes_on = self._fallthrough_of
        return [zone for zone in self._held if not names.overlaps(zone, goes_on.get(zone, self._fallthrough))]

    # Zones

    def held(self) -> Sequence[Held]:
        return tuple(self._held.values())

    def find(self, origin: bytes) -> Held | None:
        return self._held.get(origin)

    async def await_zones(self, tried: Callable[[], Awaitable[object]], at_reload: float = PATIENCE_AT_RELOAD) -> None:
        """Waits for `tried`, which returns once each zone was, but no longer than a start may take."""
        with trio.move_on_after(PATIENCE if len(self.house.generations) < 2 else at_reload):
            await tried()

    def held_alone(self) -> set[bytes]:
        """Zones that no other plugin of this name holds, in whatever configuration: once it ends, nobody has them."""
        others = (each for blocks in self.house.generations for block in blocks for each in block if each is not self)
        alike = (each for each in others if isinstance(each, ZonePlugin) and each.name == self.name)
        return self._held.keys() - {origin for each in alike for origin in each._held}

    def hold(self, origin: bytes, held: Held | None = None, *, fallthrough: frozenset[bytes] | None = None) -> Held:
        """From now on it answers for this zone, which may be one that another instance held before a reload."""
        found = self._held[origin] = held or Held(origin)
        if fallthrough is not None:
            self._fallthrough_of[origin] = fallthrough
        for hear in tuple(self.newcomers):
            hear(found)
        return found

    def release(self, origin: bytes) -> list[Any]:
        """From now on it does not answer for this zone. Gives what is left of it, to be let go in steps."""
        held = self._held.pop(origin)
        self._fallthrough_of.pop(origin, None)
        left = list(held.zone.parts) if held.zone is not None else []
        held.publish(None)
        self.house.changes.zone(origin)
        return left

    def publish(self, held: Held, zone: Zone | None, delta: Delta | None = None) -> None:
        """From now on `held` is this zone; answers that are other than before end in the same step.

        `delta` is what changed, where that is known; small zones are compared without it.
        """
        old = held.zone
        delta = held.publish(zone, delta)
        changed = touched(old, zone, delta) if old is not None and zone is not None and delta is not None else None
        if changed is None:
            self.house.changes.zone(held.origin)
        else:
            self.house.changes.names(changed)

    async def publish_in_slices(self, held: Held, zone: Zone, delta: Delta | None = None) -> Delta | None:
        """The same for zones of any size: others have their turns while they are compared, and one is let go.

        Gives what changed, None where that is too much. Nothing else may be published for `held` meanwhile.
        """
        if delta is None:
            delta = await in_slices(held.comparing(zone))
        parts = list(held.zone.parts) if held.zone is not None else []
        self.publish(held, zone, delta)
        if len(parts) > 1:  # a large zone: to free a million names in one go would take 0.1 s
            await in_slices(letting_go(parts))
        return delta
