"""Several processes, one of which asks the primaries: the others get its zones from it.

The first worker asks: it alone, so that primaries see one secondary and not as many as there are processes. What it
has goes to the others through a memory file (`Family.shared`), and what they are told by NOTIFY goes to it. A worker
that comes later asks it for all that it has. When it dies the others serve on until the zones expire; who takes its
place has them from disk, or from the primaries.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
import weakref
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any, Final, Protocol

import trio

from pydns.errors import StartError
from pydns.names import to_text
from pydns.steps import in_slices
from pydns.transfer.packed import PackedError, Unpacking, packed

if TYPE_CHECKING:
    from pydns.family import Family
    from pydns.zone.zone import Zone

log = logging.getLogger("pydns.secondary")

_PIECE: Final = 1 << 18  # octets
_PIECES: Final = 16  # that are written before others have their turn
_STEP: Final = 50  # zones that are told of in one go


class _GoneError(Exception):
    """It is not there any more: something newer is."""


class _Said:
    """What was said last of a zone. While somebody holds it the memory file is there that it tells of."""

    def __init__(self, words: tuple[Any, ...], release: Callable[[], None] | None = None) -> None:
        self.words = words
        if release is not None:
            weakref.finalize(self, release).atexit = False


class Leader:
    """The one that asks. What it says is heard by each `Follower`."""

    def __init__(self, family: Family, topic: str) -> None:
        self.family = family
        self.topic = topic
        self._named: dict[bytes, bytes] = {}
        self._said: dict[bytes, _Said] = {}

    def inherit(self, old: Leader) -> None:
        """Goes on with what another has said of the same zones."""
        self._named, self._said = dict(old._named), dict(old._said)

    def begin(self, origin: bytes, named: bytes) -> None:
        """A zone that is ours by what the Corefile names: itself, or a catalog."""
        if self._named.get(origin) != named:
            self._named[origin] = named
            self.family.say(self.topic, ("begin", origin, named))

    async def give(self, zone: Zone, expires: float) -> None:
        """`expires` is on trio's clock."""
        if self.family.count == 1:
            return
        origin = zone.origin
        key = f"{self.topic} {origin.hex()} {secrets.token_hex(8)}"
        shared = await self.family.shared(key, lambda: _written(zone))
        os.close(shared.descriptor)
        self._say(origin, _Said(("zone", origin, key, zone.serial, _wall(expires)), shared.release))

    def keep(self, origins: Container[bytes]) -> None:
        """Drops all others."""
        for origin in [origin for origin in self._named if origin not in origins]:
            self.drop(origin)

    def has_given(self, origin: bytes) -> bool:
        said = self._said.get(origin)
        return said is not None and said.words[0] == "zone"

    def confirm(self, origin: bytes, expires: float) -> None:
        """A primary has nothing newer."""
        if self.has_given(origin):
            said = self._said[origin]
            said.words = (*said.words[:-1], _wall(expires))
            self.family.say(self.topic, ("confirm", origin, _wall(expires)))

    def expire(self, origin: bytes) -> None:
        self._say(origin, _Said(("expire", origin)))

    def drop(self, origin: bytes) -> None:
        """A zone that is ours no more."""
        self._named.pop(origin, None)
        self._said.pop(origin, None)
        self.family.say(self.topic, ("drop", origin))

    async def repeat(self) -> None:
        """For who came later."""
        for i, origin in enumerate(list(self._named)):
            if origin in self._named:  # it may have been dropped meanwhile
                self.family.say(self.topic, ("begin", origin, self._named[origin]))
                if (said := self._said.get(origin)) is not None:
                    self.family.say(self.topic, said.words)
            if not i % _STEP:
                await trio.lowlevel.checkpoint()
        self.family.say(self.topic, ("all",))

    def _say(self, origin: bytes, said: _Said) -> None:
        self._said[origin] = said
        self.family.say(self.topic, said.words)


class Hears(Protocol):
    """What a follower calls. Times are in seconds since 1970."""

    async def hear_zone(self, zone: Zone, expires: float) -> None: ...

    def hear_begin(self, origin: bytes, named: bytes) -> None: ...

    def hear_confirm(self, origin: bytes, expires: float) -> None: ...

    def hear_expire(self, origin: bytes) -> None: ...

    def hear_drop(self, origin: bytes) -> None: ...

    def hear_all(self) -> None:
        """All that there is has been said."""


class Follower:
    """One of the others. What it hears is called on `into`, one after the other."""

    def __init__(self, family: Family, topic: str, into: Hears) -> None:
        self.family = family
        self.topic = topic
        self._into = into
        self._keys: dict[bytes, str] = {}  # of what we have

    def inherit(self, old: Follower) -> None:
        """Goes on with what another has heard of the same zones."""
        self._keys = dict(old._keys)

    async def run(self) -> None:
        outbox, inbox = trio.open_memory_channel[tuple[Any, ...]](2**31)

        def heard(said: tuple[Any, ...]) -> None:
            outbox.send_nowait(said)

        with self.family.hear(self.topic, heard):
            self.family.say(self.topic, ("want",))
            async for what, *words in inbox:
                if what == "zone":
                    await self._take(*words)
                elif what in ("begin", "confirm", "expire", "drop", "all"):
                    if what in ("expire", "drop"):
                        self._keys.pop(words[0], None)
                    getattr(self._into, f"hear_{what}")(*words)

    async def _take(self, origin: bytes, key: str, serial: int, expires: float) -> None:
        if self._keys.get(origin) == key:
            self._into.hear_confirm(origin, expires)
            return
        try:
            zone = await self._fetch(origin, key)
        except _GoneError:
            return
        except (StartError, PackedError, OSError) as error:
            log.error("%s serial %d: not got from the process that has it: %s", to_text(origin), serial, error)
            return
        await self._into.hear_zone(zone, expires)
        self._keys[origin] = key

    async def _fetch(self, origin: bytes, key: str) -> Zone:
        async def gone() -> tuple[int, Any]:
            raise _GoneError

        shared = await self.family.shared(key, gone)
        try:
            unpacking, at = Unpacking(origin), 0
            while piece := os.pread(shared.descriptor, _PIECE, at):
                at += len(piece)
                await in_slices(unpacking.take(piece))
            return await in_slices(unpacking.finish())
        finally:
            os.close(shared.descriptor)
            shared.release()


async def _written(zone: Zone) -> tuple[int, Any]:
    """A memory file with the zone, and nothing to tell of it."""
    descriptor = os.memfd_create("pydns-zone", os.MFD_CLOEXEC)
    try:
        for i, piece in enumerate(packed(zone)):
            left = memoryview(piece)
            while left:
                left = left[os.write(descriptor, left) :]
            if not i % _PIECES:
                await trio.lowlevel.checkpoint()
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, None


def _wall(moment: float) -> float:
    """From trio's clock to seconds since 1970, which all processes share."""
    return moment - trio.current_time() + time.time()


def moment(wall: float) -> float:
    """The other way."""
    return wall - time.time() + trio.current_time()
