"""Keeps one zone as its primaries have it: asks when it is due or when it is told to, and knows when to give it up."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import trio

from pydns.names import to_text
from pydns.transfer.client import Primary, ask_soa, transfer
from pydns.transfer.errors import KeyMissingError, SilentError, TransferError
from pydns.transfer.soa import Soa, read_soa
from pydns.transfer.timers import Timers, jittered, pause, timers
from pydns.zone.rrset import is_later
from pydns_plugins.secondary.saving import Saving
from pydns_plugins.secondary.silence import Silence, Turn

if TYPE_CHECKING:
    from pydns.transfer.client import Transferred
    from pydns.transfer.directory import Directory, Kept
    from pydns.zone.difference import Delta
    from pydns.zone.zone import Zone
    from pydns_plugins.secondary.counts import Counts

log = logging.getLogger("pydns.secondary")

BREATH: Final = 0.5
"""Seconds between two rounds of questions to primaries, however many NOTIFY messages come."""


ROUNDS: Final = 3
"""Failures in a row after a NOTIFY that are made up for soon: NSD resets connections as it takes up a new version."""

QUIET: Final = 3
"""Tries in a row without a key that nobody is told of: while a reload reads its file, some 2 seconds."""


class Owner(Protocol):
    """Whom a keeper works for."""

    async def publish(self, zone: Zone, delta: Delta | None) -> None:
        """A new version came, or one that had expired is good again; `delta` is what changed where that is known."""
        ...

    def confirmed(self, origin: bytes, expires: float) -> None:
        """It may be served until then, on trio's clock."""
        ...

    def primaries(self, origin: bytes) -> Sequence[Primary]:
        """The first is asked first. Raises KeyMissingError where none can be asked."""
        ...

    @property
    def silence(self) -> Silence:
        """Which primaries did not answer of late, be it for this zone or another one."""
        ...

    def limiter(self, primary: Primary) -> trio.CapacityLimiter:
        """Bounds what is asked of a primary at once."""
        ...


class Keeper:
    """`run` never ends. `zone` is the newest that came, which may have expired; the owner is told of each.

    * `expires`: when on trio's clock it is to be served no more, unless a primary confirms it; `expired`: that was so
    * `checked`: when a primary last gave it or had nothing newer, in seconds since 1970
    * `tried`: set once there is a zone, or all primaries were asked in vain
    """

    def __init__(self, origin: bytes, owner: Owner, counts: Counts, directory: Directory | None = None) -> None:
        self.origin = origin
        self.zone: Zone | None = None
        self.checked = 0.0
        self.expires = float("inf")
        self.expired = False
        self.tried = trio.Event()
        self.stopped = trio.Event()
        """Set when it will do nothing more."""
        self.scope = trio.CancelScope()
        self._owner = owner
        self._counts = counts
        self._saving = Saving(origin, directory)
        self._due = 0.0
        self._failures = 0
        self._complaint = ""
        self._good = 0  # the index of the primary that answered last
        self._wanted: int | None = None  # a serial that a NOTIFY told of
        self._notifier = ""
        self._told = trio.Event()
        self._asking = False
        self._news = False  # a NOTIFY told of some, and no primary has answered since
        self._heir: Keeper | None = None
        self._served = False  # `zone` was published, and has not expired since

    def inherit(self, old: Keeper) -> None:
        """Goes on with what another has."""
        self.zone, self.checked = old.zone, old.checked
        self.expires, self.expired = old.expires, old.expired
        self._due, self._good, self._served = old._due, old._good, old._served
        if self.zone is not None:
            self._saving.inherit(old._saving)
        self._count()
        if old.tried.is_set():
            self.tried.set()
        # What the other was told of, and will be until it ends, may be left undone by it.
        old._heir = self
        self._wanted, self._notifier = old._wanted, old._notifier
        if old._told.is_set() or old._asking:
            self._told.set()

    def _count(self) -> None:
        """What the other had counted is forgotten where the two are of one plugin, which failed and began again."""
        if self._served and self.zone is not None:
            self._counts.published(self.origin, self.zone.serial)
        if self.expired:
            self._counts.expired(self.origin)
        if self.checked:
            self._counts.success(self.origin, self.checked)

    async def forget(self) -> None:
        """Once it has stopped: what is on disk goes too."""
        await self._saving.forget()

    def left(self) -> list[Any]:
        """What is left of the zone, to be let go in steps: it is of no use any more."""
        zone, self.zone = self.zone, None
        return list(zone.parts) if zone is not None else []

    async def begin(self) -> None:
        """What is on disk is served until a primary has something newer, or it expires."""
        kept = await self._saving.load() if self.zone is None else None
        if kept is not None:
            await self._take_kept(kept)

    async def _take_kept(self, kept: Kept) -> None:
        age = max(0.0, time.time() - kept.checked)
        until = trio.current_time() + timers(_soa(kept.zone)).expire - age
        self.checked = min(kept.checked, time.time())
        text = f"{to_text(self.origin)} serial {kept.zone.serial} from disk, confirmed {age:.0f} s ago"
        if until <= trio.current_time():
            log.warning("%s: it has expired", text)
            self.zone, self.expired = kept.zone, True
            self._counts.expired(self.origin)
        else:
            log.info("%s", text)
            await self._take_up(kept.zone, None)
            self._counts.success(self.origin, self.checked)
            self._owner.confirmed(self.origin, until)
        self.expires = until
        self._saving.loaded()
        self.tried.set()

    async def run(self) -> None:
        """From `begin` on, until `scope` is cancelled."""
        try:
            with self.scope:
                await self.begin()
                await self._keep()
        finally:
            self.stopped.set()
            self.tried.set()

    async def _keep(self) -> None:
        while True:
            await self._wait()
            told = self._told.is_set()
            self._told = trio.Event()
            self._news = self._news or told
            if told or trio.current_time() >= self._due:
                try:
                    self._asking = True
                    await self._update()
                except Exception as error:  # one zone's must not be the end of the others'
                    log.exception("%s: asking for it failed", to_text(self.origin))
                    self._failed(f"{type(error).__name__}: {error}")
                    self.tried.set()
                self._asking = False
                await trio.sleep(BREATH)
            if self.zone is not None:
                await self._saving.save(self.zone, self.checked)

    async def _wait(self) -> None:
        with trio.move_on_at(min(self._due, self._saving.due)):
            await self._told.wait()

    def notified(self, serial: int | None, host: str) -> bool:
        """A NOTIFY came. False where we have that serial already (RFC 1996 section 4.7), and it has not expired."""
        if self._heir is not None:
            self._heir.notified(serial, host)
        if serial is not None and self.zone is not None and not is_later(serial, self.zone.serial) and not self.expired:
            return False
        if serial is not None and (self._wanted is None or is_later(serial, self._wanted)):
            self._wanted = serial
        self._notifier = host
        self._told.set()
        return True

    async def _update(self) -> None:
        """Asks the primaries in turn until one has the zone as it is to be."""
        wanted, self._wanted = self._wanted, None
        complaints: list[str] = []
        confirmed = False
        try:
            turn = Turn(self._in_turn(), self._owner.silence)
        except KeyMissingError as error:
            self._failed(str(error), soon=True)
            self.tried.set()
            return
        for number, primary in turn:
            try:
                async with self._owner.limiter(primary):
                    if turn.puts_off((number, primary)):  # others have asked it while we waited
                        continue
                    found = await self._ask(primary)
            except TransferError as error:
                if isinstance(error, SilentError):
                    self._owner.silence.began(primary)
                self._counts.check(self.origin, primary, "failed")
                complaints.append(f"{primary}: {error}")
                continue
            self._owner.silence.ended(primary)
            self._good = number
            confirmed = True
            if found is not None and found.zone is not None:
                await self._take(found, found.zone, primary)
            elif self.zone is not None and not self._served:
                await self._take_up(self.zone, None)
            if wanted is None or self.zone is None or not is_later(wanted, self.zone.serial):
                break  # else it is behind the one that told us
        if confirmed:
            self._succeeded()
            await self._saving.touch(self.checked)
        else:
            self._failed("; ".join(complaints))
        self.tried.set()

    def _in_turn(self) -> list[tuple[int, Primary]]:
        """The one that told us of a change first, then the one that answered last, then the others."""
        found = list(enumerate(self._owner.primaries(self.origin)))
        notifier, self._notifier = self._notifier, ""
        return sorted(found, key=lambda each: (each[1].endpoint.host != notifier, each[0] != self._good, each[0]))

    async def _ask(self, primary: Primary) -> Transferred | None:
        """None where we have what it has. Raises TransferError."""
        ours = self.zone
        if ours is not None:
            soa = await ask_soa(primary, self.origin)
            if soa.serial == ours.serial:
                self._counts.check(self.origin, primary, "current")
                return None
            if not is_later(soa.serial, ours.serial):
                if not self.expired:
                    raise TransferError(f"it has serial {soa.serial}, which is older than ours, {ours.serial}")
                ours = None  # which nobody is served any more: whatever a primary has is better
        found = await transfer(primary, self.origin, ours)
        if found.zone is None:
            raise TransferError(f"it has nothing newer than serial {found.serial}, and said that it has")
        self._counts.check(self.origin, primary, found.kind.lower())
        return found

    async def _take(self, found: Transferred, zone: Zone, primary: Primary) -> None:
        log.info(
            "%s serial %d from %s by %s: %d records in %d messages, %.2f s",
            *(to_text(self.origin), found.serial, primary, found.kind, found.records, found.messages, found.seconds),
        )
        await self._take_up(zone, found.delta)

    async def _take_up(self, zone: Zone, delta: Delta | None) -> None:
        if zone is not self.zone:
            self._saving.changed()
        self.zone = zone
        self.expires, self.expired, self._served = float("inf"), False, False  # until the round is over
        await self._owner.publish(zone, delta)
        self._served = True

    def expire(self) -> None:
        """It is too old to be served. What we have may still be what a primary has, so it is kept."""
        self.expired, self._served = True, False
        self._counts.expired(self.origin)
        log.error("%s: has expired: no primary confirmed it for %.0f s", to_text(self.origin), self._timers().expire)

    def _succeeded(self) -> None:
        assert self.zone is not None
        times = self._timers()
        now = trio.current_time()
        self._due, self.expires = now + jittered(times.refresh), now + times.expire
        self.checked = time.time()
        self._counts.success(self.origin, self.checked)
        self._owner.confirmed(self.origin, self.expires)
        if self._complaint:
            log.info("%s: is transferred again", to_text(self.origin))
        self._failures, self._complaint, self._news = 0, "", False

    def _failed(self, complaint: str, *, soon: bool = False) -> None:
        """`soon`: it may pass in a moment."""
        self._failures += 1
        hurry = soon or self.zone is None or (self._news and self._failures <= ROUNDS)
        wait = pause(self._failures) if hurry else jittered(self._timers().retry)
        self._due = trio.current_time() + wait
        if soon and self._failures <= QUIET:
            return
        if complaint != self._complaint:  # the same again is counted, not told
            log.error("%s: no primary gives it: %s", to_text(self.origin), complaint)
        self._complaint = complaint

    def _timers(self) -> Timers:
        assert self.zone is not None
        return timers(_soa(self.zone))


def _soa(zone: Zone) -> Soa:
    return read_soa(zone.soa.rdatas[0])
