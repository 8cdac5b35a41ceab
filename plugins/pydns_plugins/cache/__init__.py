"""Keep answers, give them again until they end, and after that where nothing better is to be had."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import ClassVar, Final, Self

import trio

from pydns import names
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.packed import Passage
from pydns.plugin import CallNext, Plugin, Turn, pass_on
from pydns.query import Query
from pydns.records import Ede, Type, type_text
from pydns.reply import OVERLOAD, Reply
from pydns_plugins.cache.counts import ServerCounts
from pydns_plugins.cache.entry import Entry
from pydns_plugins.cache.flights import End, Flight
from pydns_plugins.cache.keeper import Keeper
from pydns_plugins.cache.key import Key, key_of
from pydns_plugins.cache.options import Options, Stale, read_options
from pydns_plugins.cache.policy import bound

log = logging.getLogger("pydns.cache")

MOST_REFRESHES: Final = 128
"""Refreshes under way at once. Where there are as many, an entry is given without one."""

REFRESH_PATIENCE: Final = 10.0
"""Seconds that a refresh may take (RFC 8767 section 5: the query resolution timer)."""

OPINIONS: Final = 2
"""Failed askings that a waiting client looks on at before it takes the failure."""

PATIENCE: Final = 4
"""Askings of others that a client waits for before it asks alone."""

AD: Final = 0x0020

_NEVER_KEPT: Final = frozenset((Type.TKEY, Type.TSIG, Type.IXFR, Type.AXFR))


class Cache(Plugin):
    """The cache directive of one server block."""

    name: ClassVar[str] = "cache"
    frees_task: ClassVar[bool] = True

    def __init__(self, options: Options) -> None:
        self.options = options
        self.counts = ServerCounts(",".join(map(names.to_text, options.zones)))
        self.keeper = Keeper(options, self.counts)
        self._zones = None if names.ROOT in options.zones else frozenset(options.zones)
        self._keep_ttl = options.keep_ttl
        self._popular = options.prefetch.amount if options.prefetch is not None else 0
        self._flights: dict[Key, Flight] = {}
        self._nursery: trio.Nursery | None = None
        self._refreshes = 0
        # While both run, the entries are counted by the heir alone. Neither outlives the other's end by these.
        self._before: Cache | None = None
        self._heir: Cache | None = None

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(values.once(directives), block)),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        if self._zones is not None and names.longest_match(query.name, self._zones) is None:
            return await call_next(query)
        key = key_of(query)
        now = trio.current_time()
        counts = self.counts[query.server]
        entry = self.keeper.find(key, now, self.house.changes, counts)
        if entry is None:
            if query.type in _NEVER_KEPT:
                return await call_next(query)
            return (await self._ask(query, call_next, key, OPINIONS))[1]
        if now >= entry.end and self.options.stale is not None:
            return await self._serve_stale(query, call_next, key, entry, self.options.stale)
        if entry.popularity is not None:
            entry.popularity.asked(now)
            if now >= entry.threshold and entry.popularity.count >= self._popular and now >= entry.retry_after:
                self._refresh(query, call_next, key)
        if len(entry.names) > 1:
            query.origin.asked_within += entry.names[1:]
        return entry.fresh(now, counts, self._keep_ttl)

    at_once = pass_on

    def amend(self, query: Query, reply: Reply) -> Reply | Turn:
        """What stands in memory passes by. Nothing can be kept in its place: when it came, its source told of it."""
        if self._zones is not None and names.longest_match(query.name, self._zones) is None:
            return reply
        if not reply.local or reply.finish:
            return Turn.SERVE
        bound(reply, self.options)
        return reply

    def passage(self) -> Passage | None:
        success, denial = self.options.success, self.options.denial
        if self._zones is not None:
            return None
        return Passage(success.least, success.most, denial.least, denial.most)

    async def _ask(self, query: Query, call_next: CallNext, key: Key, opinions: int) -> tuple[End, Reply]:
        """The answer from below, of one's own asking or of another's that is under way."""
        failures = 0
        # A question from within the chain below might wait for what waits for it. The loop plugin's probe, a HINFO,
        # must come by each time that it goes round.
        if not query.detached and query.type != Type.HINFO:
            for _ in range(PATIENCE):
                flight = self._flights.get(key)
                if flight is None:
                    return await self._lead(query, call_next, key, self._take_off(query, key))
                if self.house.crowded():
                    return End.FAILED, Reply.drop(OVERLOAD)
                await flight.landed()
                reply = flight.answer_for(query)
                if reply is not None:
                    return End.ANSWERED, reply
                if flight.end is End.PERSONAL:
                    break
                if flight.end is End.FAILED:
                    failures += 1
                    if failures == opinions:
                        return End.FAILED, flight.reply or _FAILED_FOR_OTHERS
        return await self._lead(query, call_next, key, Flight(query.transport))

    def _take_off(self, query: Query, key: Key) -> Flight:
        flight = self._flights[key] = Flight(query.transport)
        return flight

    async def _lead(self, query: Query, call_next: CallNext, key: Key, flight: Flight) -> tuple[End, Reply]:
        """Asks below, keeps what comes, and lets those who wait go on, whatever happened."""
        below = query.detach()
        below.epoch = self.house.changes.epoch  # what is below is asked only now, after a wait maybe
        below.flags |= AD  # so that the upstream says whether it is authentic, for all who ask (RFC 6840 section 5.7)
        try:
            reply = await call_next(below)
            now = trio.current_time()
            flight.end, flight.reply = self.keeper.keep(key, below, reply, now, self.house.changes)
            return flight.end, flight.reply
        except Exception:
            flight.end = End.FAILED
            raise
        finally:
            if flight.end is End.FAILED:
                self.keeper.put_off(key, trio.current_time())
            if self._flights.get(key) is flight:
                del self._flights[key]
            noted, origin = below.origin, query.origin
            flight.names = noted.asked_within
            origin.asked_within += noted.asked_within
            origin.personal = origin.personal or noted.personal
            flight.land()

    async def _serve_stale(self, query: Query, call_next: CallNext, key: Key, entry: Entry, stale: Stale) -> Reply:
        """The answer after its end (RFC 8767), or what a new asking brought."""
        now = trio.current_time()
        if now >= entry.retry_after:
            if stale.verify:
                reply = await self._verify(query, call_next, key, stale.timeout)
                if reply is not None:
                    return reply
                now = trio.current_time()
                if not self.keeper.stands(key, entry, now, self.house.changes):
                    return (await self._ask(query, call_next, key, OPINIONS))[1]
            else:
                self._refresh(query, call_next, key)
        self.counts[query.server].stale += 1
        query.origin.asked_within += entry.names[1:]
        return entry.stale(now, stale.ttl)

    async def _verify(self, query: Query, call_next: CallNext, key: Key, patience: float) -> Reply | None:
        """A new answer, None where none comes within `patience` seconds (0: within the chain's own patience)."""
        if patience and self._nursery is not None:
            # It goes on behind the client's back, and the next one finds what it brought.
            flight = self._refresh(query, call_next, key)
            if flight is None:
                return None
            with trio.move_on_after(patience):
                await flight.landed()
                return flight.answer_for(query)
            # The next clients need not wait for it as well.
            self.keeper.put_off(key, trio.current_time())
            return None
        query.may_be_set_aside = False  # the scope is its task's
        try:
            with trio.move_on_after(patience or math.inf):
                end, reply = await self._ask(query, call_next, key, 1)
                return None if end is End.FAILED else reply
        except Exception:
            log.exception("refresh of %s failed", _text(key))
        return None

    def _refresh(self, query: Query, call_next: CallNext, key: Key) -> Flight | None:
        """The asking under way for a key, a new one in the background where there was none; None where it cannot be."""
        flight = self._flights.get(key)
        if flight is not None:
            return flight
        if self._nursery is None or self._refreshes >= MOST_REFRESHES:
            return None
        fresh = query.detach()
        fresh.epoch = self.house.changes.epoch
        fresh.may_be_set_aside = False  # it has a task of its own, with a scope
        self._refreshes += 1
        self.counts[query.server].prefetches += 1
        flight = self._take_off(query, key)
        self._nursery.start_soon(self._refresh_now, fresh, call_next, key, flight)
        return flight

    async def _refresh_now(self, query: Query, call_next: CallNext, key: Key, flight: Flight) -> None:
        try:
            with trio.move_on_after(REFRESH_PATIENCE) as patience:
                await self._lead(query, call_next, key, flight)
            if patience.cancelled_caught:
                self.keeper.put_off(key, trio.current_time())
        except Exception:
            log.exception("refresh of %s failed", _text(key))
        finally:
            self._refreshes -= 1

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        metrics = self.house.metrics
        metrics.before_reading(self._hand_in)
        if self._before is not None:
            self._before._heir = self
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                try:
                    task_status.started()
                    await trio.sleep_forever()
                finally:
                    self._nursery = None
        finally:
            metrics.forget(self._hand_in)
            self.counts.hand_in(metrics, None, None)
            if self._before is not None:  # a reload failed, and that one serves on
                self._before._heir = None
                self._before = None
            if self._heir is not None:
                self._heir._before = None
                self._heir = None

    def _hand_in(self) -> None:
        if self._heir is not None:
            self.counts.hand_in(self.house.metrics, None, None)
        else:
            self.counts.hand_in(self.house.metrics, self.keeper.success, self.keeper.denial)

    def inherit(self, old: Self) -> None:
        """All that was kept stays kept."""
        self.keeper.success = old.keeper.success
        self.keeper.denial = old.keeper.denial
        self._before = old


def _text(key: Key) -> str:
    return f"{names.to_text(key[0])} {type_text(key[1])}"


_FAILED_FOR_OTHERS: Final = Reply.failure(Ede.OTHER, "cache: the same question failed for others", by="cache")
