"""The two stores and their rules: what is found, what is kept, and what goes when something newer comes."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from pydns.errors import WireError
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.wire.message import pack, without_opt
from pydns.wire.scan import scan
from pydns_plugins.cache.entry import Entry
from pydns_plugins.cache.flights import End
from pydns_plugins.cache.policy import Kind, Verdict, asks, bounded, is_truncated, judge
from pydns_plugins.cache.popularity import Popularity
from pydns_plugins.cache.store import Store

if TYPE_CHECKING:
    from pydns.changes import Changes
    from pydns.query import Query
    from pydns.wire.scan import Entry as Record
    from pydns_plugins.cache.counts import Counts, ServerCounts
    from pydns_plugins.cache.key import Key
    from pydns_plugins.cache.options import Options

LEAST_PAUSE: Final = 1.0
"""Seconds after a refresh that failed in which none is tried for the same entry (RFC 9520 section 3.2)."""


class Keeper:
    """Successes in one store; denials and failures in the other. Times are trio's clock, in seconds.

    A key stands in both stores only where serve_stale_policy has a positive answer outlive a denial.
    """

    def __init__(self, options: Options, counts: ServerCounts) -> None:
        self.options = options
        self.counts = counts
        self.success = Store(options.success.capacity, options.octets)
        self.denial = Store(options.denial.capacity, options.octets)
        self._window = options.stale.window if options.stale is not None else 0.0
        self._pause = max(LEAST_PAUSE, options.stale.recheck if options.stale is not None else 0.0)

    def find(self, key: Key, now: float, changes: Changes, counts: Counts) -> Entry | None:
        """The entry to answer from, the stale one (see `Entry.end`) where there is no other. Counts it in `counts`."""
        entry = self.success.get(key)
        if entry is not None and now < entry.end and (entry.epoch == changes.epoch or self._untouched(entry, changes)):
            self.success.used(key)
            counts.success_hits += 1
            return entry
        success = self._standing(self.success, key, now, changes)
        denial = self._standing(self.denial, key, now, changes)
        if success is not None and (denial is None or success.answers):
            # A denial beside it is there only by serve_stale_policy.
            self.success.used(key)
            counts.success_hits += 1
            return success
        if denial is not None:
            self.denial.used(key)
            counts.denial_hits += 1
            return denial
        counts.misses += 1
        return None

    def _standing(self, store: Store, key: Key, now: float, changes: Changes) -> Entry | None:
        """The entry of a store, fresh or stale; what is too old or was changed goes."""
        entry = store.get(key)
        if entry is None:
            return None
        # A failure is never stale: it says nothing about the name.
        window = 0.0 if entry.kind is Kind.FAILURE else self._window
        if now < entry.end + window and (entry.epoch == changes.epoch or self._untouched(entry, changes)):
            return entry
        store.remove(key)
        return None

    def _untouched(self, entry: Entry, changes: Changes) -> bool:
        """True where none of the changes since the last look concerns the entry, which is then up to date."""
        if changes.touched_since(entry.epoch, entry.names):
            return False
        entry.epoch = changes.epoch
        return True

    def stands(self, key: Key, entry: Entry, now: float, changes: Changes) -> bool:
        """True where an entry that was found may still be given, after a wait."""
        store = self.success if entry.kind is Kind.SUCCESS else self.denial
        return self._standing(store, key, now, changes) is entry

    def put_off(self, key: Key, now: float) -> None:
        """A refresh failed: none for a while."""
        for store in (self.success, self.denial):
            entry = store.get(key)
            if entry is not None:
                entry.retry_after = now + self._pause

    def keep(self, key: Key, query: Query, reply: Reply, now: float, changes: Changes) -> tuple[End, Reply]:
        """Keeps an answer that came back for `query`, where it may be kept.

        Gives how that asking ended, and the reply for who asked. The names that the answer depends on, beside the
        question's, are `query.origin.asked_within`.
        """
        origin = query.origin
        counts = self.counts[query.server]
        if reply.dropped:
            return End.FAILED, reply
        if origin.personal or reply.finish:  # for this client alone, or for this one message
            return End.PERSONAL, reply
        if reply.local:
            counts.misses -= 1  # it was no question for a cache
            return End.ANSWERED, bounded(reply, self.options)
        ended = End.ANSWERED if reply.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN) else End.FAILED
        try:
            wire, entries = _message(query, reply)
            if not asks(wire, query):
                counts.drops += 1
                return End.FAILED, reply
            verdict = judge(wire, entries, query, reply.rcode, self.options, time.time())
            if verdict is not None and verdict.kind is Kind.FAILURE and not reply.by:
                verdict = None  # no plugin had an answer: who asks from within must know it for that
        except WireError:
            counts.drops += 1
            return End.FAILED, reply
        if verdict is not None:
            origin.asked_within += verdict.targets
        depends = (query.name, *origin.asked_within)
        if query.epoch != changes.epoch and changes.touched_since(query.epoch, depends):
            return (End.ABANDONED if ended is End.ANSWERED else End.FAILED), reply
        verdict = _limited(verdict, reply)
        retained = self._retained(key, verdict, now, changes)
        if verdict is None:
            if ended is End.ANSWERED and not retained and not is_truncated(wire):
                self.success.remove(key)
                self.denial.remove(key)
            if reply.replay:  # by others than this cache: then it would be asked again each time, in vain
                reply = reply.replace(counters=(*reply.counters, counts.miss_counter))
            return (End.FAILED if retained else ended), reply
        if verdict.kind is Kind.FAILURE and self._serves(key, now, changes):
            return End.FAILED, reply
        entry = Entry(wire, reply, verdict, depends, changes.epoch, now)
        entry.replay = not key[-1]
        entry.server = query.server
        if retained:
            if verdict.kind is Kind.DENIAL:
                counts.denial_evictions += self.denial.put(key, entry)
            return End.FAILED, reply
        self._keep_popular(key, entry)
        if verdict.kind is Kind.SUCCESS:
            self.denial.remove(key)
            counts.success_evictions += self.success.put(key, entry)
        else:
            self.success.remove(key)
            counts.denial_evictions += self.denial.put(key, entry)
        return ended, entry.first(reply, counts, self.options.keep_ttl)

    def _retained(self, key: Key, verdict: Verdict | None, now: float, changes: Changes) -> bool:
        """True where serve_stale_policy holds on to a positive answer though something else came."""
        if not self.options.prefer_positive or (verdict is not None and verdict.answers):
            return False
        positive = self._standing(self.success, key, now, changes)
        return positive is not None and positive.answers

    def _serves(self, key: Key, now: float, changes: Changes) -> bool:
        """True where there is an answer, fresh or stale, that a failure must not shadow."""
        if self._standing(self.success, key, now, changes) is not None:
            return True
        denial = self._standing(self.denial, key, now, changes)
        return denial is not None and denial.kind is Kind.DENIAL

    def _keep_popular(self, key: Key, entry: Entry) -> None:
        """With prefetch: the entry goes on counting where the one before it stood."""
        prefetch = self.options.prefetch
        if prefetch is None or entry.kind is Kind.FAILURE:
            return
        before = self.success.get(key) or self.denial.get(key)
        if before is not None and before.popularity is not None:
            entry.popularity = before.popularity
        else:
            entry.popularity = Popularity(prefetch.gap)
        entry.threshold = entry.end - max(1, math.ceil(prefetch.share * (entry.end - entry.stored)))


def _message(query: Query, reply: Reply) -> tuple[bytes, tuple[Record, ...]]:
    """The whole message without OPT, with the question as it came to the cache, and what is in it. Raises WireError."""
    wire = reply.wire
    if wire is None:
        wire = pack(query.name + query.type.to_bytes(2) + query.class_.to_bytes(2), reply)
    found = scan(wire)
    if found.opt is not None:
        wire = without_opt(wire, found)
        found = scan(wire)
    return wire, found.entries


def _limited(verdict: Verdict | None, reply: Reply) -> Verdict | None:
    """The verdict within what the reply says about itself: its lifetime, and that a source is not ready."""
    if verdict is None or any(code == Ede.NOT_READY for code, _ in reply.errors):
        return None
    if reply.lifetime is None or reply.lifetime >= verdict.seconds:
        return verdict
    return verdict._replace(seconds=reply.lifetime) if reply.lifetime > 0 else None
