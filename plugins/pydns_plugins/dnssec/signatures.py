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

log = logging.getLogger("pydns.dnssec")

BACKDATED: Final = 3 * 3600
"""Seconds that a signature is older than it is, for clocks that are late. This and the next are CoreDNS's."""
VALID: Final = 8 * 86_400
RENEWED: Final = 2 * 86_400
"""Seconds before its end at which another one takes its place."""

_SLICE: Final = 0.002  # seconds of work on the loop before others have their turn
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

    They are made by `run`, in slices of the loop. `cryptography` holds the interpreter while it signs, so a thread
    would stop the loop as well, and for longer (Python has others wait for 5 ms, a slice ends after 2).
    """

    def __init__(self, capacity: int) -> None:
        self.keys: Sequence[SigningKey] = ()
        self.made = 0
        self._capacity = capacity
        self._keys_of: dict[bytes, Sequence[SigningKey]] = {}  # by zone
        self._kept: OrderedDict[Unsigned, tuple[float, tuple[Record, ...]]] = OrderedDict()
        self._flights: dict[Unsigned, _Flight] = {}
        self._queue: deque[Unsigned] = deque()
        self._work = trio.Event()

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
        if kept is None or kept[0] <= time.time():
            return None
        self._kept.move_to_end(what)
        return kept[1]

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
            now = int(time.time())
            keys = self._keys_of.get(what.zone)
            if keys is None:
                keys = self._keys_of[what.zone] = [key.of(what.zone) for key in self.keys]
            records = sign(what, keys, now - BACKDATED, now + VALID)
            self._kept[what] = now + VALID - RENEWED, records
            self.made += 1
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        except Exception as error:  # who waits for it shall hear of it, and the others not
            flight.error = error
        flight.landed.set()


def sign(what: Unsigned, keys: Sequence[SigningKey], inception: int, expiration: int) -> tuple[Record, ...]:
    """The RRSIG records over an RRset, of the zone's keys."""
    owner, type_, _, ttl, _ = what.records[0]
    rdatas = [record.rdata for record in what.records]
    found = []
    for key in signers(keys, type_):
        rdata = rrsig(owner, type_, ttl, rdatas, key, inception, expiration)
        found.append(Record(owner, _RRSIG, _IN, ttl, rdata))
    return tuple(found)
