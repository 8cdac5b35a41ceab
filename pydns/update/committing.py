"""Updates one after the other, each whole or not at all, and several of them in one write to disk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.errors import ZoneError
from pydns.names import to_text
from pydns.records import Ede, Rcode
from pydns.steps import in_slices, letting_go
from pydns.update.batch import Batch, Prepared
from pydns.update.changes import changing
from pydns.update.entries import difference
from pydns.update.errors import UpdateError
from pydns.update.grants import Grant, check_permission
from pydns.update.prerequisites import check_prerequisites

if TYPE_CHECKING:
    from collections.abc import Generator

    from pydns.update.message import Update
    from pydns.zone.difference import Delta
    from pydns.zone.holder import Held
    from pydns.zone.zone import Zone

log = logging.getLogger("pydns.update")

_SOME: Final = 16  # updates that are published before others have their turn
_LARGE: Final = 20  # records of a large update


class Committing:
    """`append` writes entries to disk, in a thread; `publish` is called with each update that is there, then `done`.

    `turn` is held while an update is worked out. An update sees those before it that are not on disk yet, so what is
    answered, good or bad, waits for these.
    """

    def __init__(
        self,
        held: Held,
        append: Callable[[bytes], None],
        publish: Callable[[Zone, Delta], None],
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self.turn = trio.Lock()
        self._held = held
        self._append = append
        self._publish = publish
        self._done = done
        self._tip: Zone | None = None  # with what is prepared and not published yet
        self._batch = Batch()
        self._disk = trio.Lock()
        self._failures = 0

    async def update(self, update: Update, grants: Sequence[Grant]) -> Delta | None:
        """What changed, on disk and in force; None where nothing did. Raises UpdateError."""
        batch, delta, refused = await self._prepare(update, grants)
        await self._commit(batch)
        if refused is not None:
            raise refused
        return delta

    async def _prepare(self, update: Update, grants: Sequence[Grant]) -> tuple[Batch, Delta | None, UpdateError | None]:
        """Puts it into a batch. Gives that too where it has nothing to write: it may build on what has."""
        async with self.turn:
            zone, failures = self._tip or self._held.zone, self._failures
            if zone is None:
                raise UpdateError(Rcode.SERVFAIL, f"{to_text(self._held.origin)} is not loaded", Ede.NOT_READY)
            refused: UpdateError | None = None
            prepared: Prepared | None = None
            try:
                prepared = await in_slices(_worked_out(zone, update, grants))
            except UpdateError as error:
                refused = error
            if failures != self._failures:
                raise _failure("what it builds on could not be written")
            if prepared is None:
                return self._batch, None, refused
            self._batch.prepared.append(prepared)
            self._tip = prepared.zone
            return self._batch, prepared.delta, None

    async def settle(self) -> None:
        """Whatever is prepared is published, or has failed. The caller has the turn."""
        async with self._disk:
            await self._flush()

    async def _commit(self, batch: Batch) -> None:
        """Whoever comes first writes for all that are ready by then."""
        if not batch.done:
            async with self._disk:
                if not batch.done:
                    await self._flush()
        if batch.error:
            raise _failure(batch.error)

    async def _flush(self) -> None:
        batch, self._batch = self._batch, Batch()
        if not batch.prepared:
            batch.done = True
            return
        with trio.CancelScope(shield=True):  # who asked may give up; then it is done all the same
            octets = b"".join(each.entry for each in batch.prepared)
            try:
                await trio.to_thread.run_sync(partial(self._append, octets))
            except OSError as error:
                log.error("%s: updates are not taken: %s", to_text(self._held.origin), error)
                self._failures += 1
                self._batch.fail("what it builds on could not be written")
                batch.fail("it could not be written")
                self._batch, self._tip = Batch(), None
                return
            left = await self._publish_all(batch.prepared)
            batch.done = True
            self._done()
            if self._tip is self._held.zone:
                self._tip = None
            await in_slices(letting_go(left))

    async def _publish_all(self, prepared: list[Prepared]) -> list[Any]:
        """Gives what is to be let go of large zones; in one go that would take as long as to make it."""
        left: list[Any] = []
        prepared.reverse()
        while prepared:
            delta, zone, _ = prepared.pop()  # of a thousand versions one after the other goes
            if self._held.zone is not None and is_large(delta):
                left += self._held.zone.parts
            self._publish(zone, delta)
            if len(prepared) % _SOME == 0:
                await trio.lowlevel.checkpoint()
        return left


def _worked_out(zone: Zone, update: Update, grants: Sequence[Grant]) -> Generator[None, None, Prepared | None]:
    """None where nothing changes. Raises UpdateError."""
    if len(zone.negative_signed) > 1:
        raise UpdateError(Rcode.REFUSED, f"{to_text(zone.origin)} comes signed, and its keys are not here")
    yield from check_prerequisites(zone, update.prerequisites)
    yield from check_permission(grants, zone, update.changes)
    delta = yield from changing(zone, update.changes)
    if delta is None:
        return None
    try:
        changed = yield from applied(zone, delta)
    except ZoneError as error:
        raise UpdateError(Rcode.REFUSED, str(error)) from None
    return Prepared(delta, changed, difference(delta))


def applied(zone: Zone, delta: Delta) -> Generator[None, None, Zone]:
    """The zone with a difference. Raises ZoneError."""
    return zone.changing((delta.old, *delta.removed), (delta.new, *delta.added))


def is_large(delta: Delta) -> bool:
    """Whether it changes many parts of a large zone: then that of before is let go in steps."""
    return len(delta.removed) + len(delta.added) > _LARGE


def _failure(text: str) -> UpdateError:
    return UpdateError(Rcode.SERVFAIL, text)
