"""Signatures that were made, and those that are being made."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import trio

from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.rrsig import rrsig, signers
from pydns.records import Class, Record, Type
from pydns.tick import TickEnd

log = logging.getLogger("pydns.dnssec")

BACKDATED: Final = 3 * 3600
"""Seconds that a signature is older than it is, for clocks that are late. This and the next are CoreDNS's."""
VALID: Final = 8 * 86_400
RENEWED: Final = 2 * 86_400
"""Seconds before its end at which another one takes its place."""

_SLICE: Final = 0.002  # seconds of signing in a tick for those who wait
_AT_ONCE: Final = 0.002  # and for those whose answer is there but for this
_RRSIG, _IN = int(Type.RRSIG), int(Class.IN)


class Unsigned(NamedTuple):
    """An RRset, and the zone whose keys sign it. Its TTL is that which the signature tells as the original one."""

    records: tuple[Record, ...]
    zone: bytes


class _Flight:
    """A signature that is being made, and who waits for it."""

    def __init__(self) -> None:
        self.landed = trio.Event()
        self.error: Exception | None = None


class Signatures:
    """Signatures of some keys over what was asked, as many as `capacity` RRsets'; those unused for longest go first.

    They are made on the loop, some at once (`at_once`), others by `run`: for some milliseconds in each tick, between
    which all else has its turn. `cryptography` holds the interpreter while it signs, so a thread would stop the loop
    as well, and for longer: Python has others wait for 5 ms.
    """

    def __init__(self, capacity: int) -> None:
        self.keys: Sequence[SigningKey] = ()
        self.made = 0
        self._capacity = capacity
        self._keys_of: dict[bytes, Sequence[SigningKey]] = {}  # by zone
        # Between which moments they are given, and they: a clock that was ahead made such as begin in the future.
        self._kept: OrderedDict[Unsigned, tuple[int, int, tuple[Record, ...]]] = OrderedDict()
        self._flights: dict[Unsigned, _Flight] = {}
        self._queue: deque[Unsigned] = deque()
        self._work = trio.Event()
        self._spent = 0.0  # seconds of signing at once, in this tick
        self._tick = TickEnd(self._renew)

    def __len__(self) -> int:
        return len(self._kept)

    def change(self, keys: Sequence[SigningKey]) -> None:
        """From now on these sign. What others have signed is forgotten."""
        self.keys = keys
        self._keys_of.clear()
        self._kept.clear()

    def take(self, other: Signatures) -> None:
        """What `other` has made, where it has the same keys."""
        if [key.rdata for key in self.keys] == [key.rdata for key in other.keys]:
            for what, kept in list(other._kept.items())[-self._capacity :]:
                self._kept.setdefault(what, kept)

    def find(self, what: Unsigned) -> tuple[Record, ...] | None:
        """The RRSIG records of an RRset; None where they must be made first."""
        kept = self._kept.get(what)
        if kept is None or not kept[0] <= time.time() < kept[1]:
            return None
        self._kept.move_to_end(what)
        return kept[2]

    def at_once(self, what: Unsigned) -> tuple[Record, ...] | None:
        """The same, made now where that is wanted of few; None where it must wait for its turn."""
        kept = self.find(what)
        if kept is not None or self._spent >= _AT_ONCE or what in self._flights or not self._tick.runs:
            return kept
        self._tick.arm()
        began = time.perf_counter()
        try:
            self._put(what)
        except Exception:
            return None  # who waits for its turn will hear of it
        finally:
            self._spent += time.perf_counter() - began
        return self._kept[what][2]

    def _renew(self) -> None:
        self._spent = 0.0

    async def make(self, wanted: Sequence[Unsigned]) -> None:
        """Returns when there are signatures of all these. Others who want the same wait for the same."""
        flights = []
        for what in wanted:
            flight = self._flights.get(what)
            if flight is None:
                flight = self._flights[what] = _Flight()
                self._queue.append(what)
            flights.append(flight)
        self._work.set()
        for flight in flights:
            await flight.landed.wait()
            if flight.error is not None:
                raise flight.error

    async def run(self) -> None:
        """Signs what is wanted, in the order in which it was, until it is cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tick.run)
            await self._work_off()

    async def _work_off(self) -> None:
        while True:
            if not self._queue:
                self._work = trio.Event()
                await self._work.wait()
            await trio.lowlevel.checkpoint()
            end = time.perf_counter() + _SLICE
            while self._queue and time.perf_counter() < end:
                self._sign(self._queue.popleft())

    def _sign(self, what: Unsigned) -> None:
        flight = self._flights.pop(what)
        try:
            self._put(what)
        except Exception as error:  # who waits for it shall hear of it, and the others not
            flight.error = error
        flight.landed.set()

    def _put(self, what: Unsigned) -> None:
        now = int(time.time())
        keys = self._keys_of.get(what.zone)
        if keys is None:
            keys = self._keys_of[what.zone] = [key.of(what.zone) for key in self.keys]
        began = now - BACKDATED
        self._kept[what] = began, now + VALID - RENEWED, sign(what, keys, began, now + VALID)
        self.made += 1
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


def sign(what: Unsigned, keys: Sequence[SigningKey], inception: int, expiration: int) -> tuple[Record, ...]:
    """The RRSIG records over an RRset, of the zone's keys."""
    owner, type_, _, ttl, _ = what.records[0]
    rdatas = [record.rdata for record in what.records]
    found = []
    for key in signers(keys, type_):
        rdata = rrsig(owner, type_, ttl, rdatas, key, inception, expiration)
        found.append(Record(owner, _RRSIG, _IN, ttl, rdata))
    return tuple(found)
