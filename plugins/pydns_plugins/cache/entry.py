"""One kept answer, and the replies that are made of it."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Final

from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns_plugins.cache.key import ECS
from pydns_plugins.cache.policy import Kind

if TYPE_CHECKING:
    from pydns_plugins.cache.counts import Counts
    from pydns_plugins.cache.policy import Verdict
    from pydns_plugins.cache.popularity import Popularity

OVERHEAD: Final = 1200
"""Octets of memory that an entry takes beside its message and names: measured, rounded up."""

PER_TTL: Final = 100  # octets of an (offset, TTL) pair

_put_ttl: Final = struct.Struct("!I").pack_into


class Entry:
    """A whole message without OPT, and when it ends. Times are trio's clock, in seconds.

    * `names`: what the answer depends on, the question's name first; `epoch` the one at which that was last looked up
    * `threshold`: when prefetch begins to look at it, infinite without prefetch; `retry_after`: no refresh before
    * `replay`: whether whole answers may be replayed without a look at the question's EDNS options
    * `size`: octets of memory, nearly; `server`: the one that stored it
    """

    __slots__ = (
        "_age", "_counts", "_errors", "_flags", "_options", "_rcode", "_reply", "_ttls", "_wire", "answers", "end",
        "epoch", "kind", "names", "popularity", "replay", "retry_after", "server", "size", "stored", "threshold",
    )  # fmt: skip

    def __init__(self, wire: bytes, reply: Reply, verdict: Verdict, names: tuple[bytes, ...], epoch: int, now: float):
        self.kind = verdict.kind
        self.answers = verdict.answers
        self.names = names
        self.epoch = epoch
        self.stored = now
        self.end = now + verdict.seconds
        self.threshold = math.inf
        self.retry_after = now
        self.popularity: Popularity | None = None
        self.replay = True
        self.server = ""
        self.size = OVERHEAD + len(wire) + PER_TTL * len(verdict.ttls) + sum(map(len, names))
        self._ttls = verdict.ttls
        self._wire = _with_ttls(wire, verdict.ttls, 0)
        self._rcode = reply.rcode
        self._flags = reply.flags & (Reply.AA | Reply.RA | Reply.AD | Reply.CO)
        self._errors = reply.errors
        # Of the options only the subnet's scope belongs to the answer; others were for one transaction.
        self._options = tuple(option for option in reply.options if option[0] == ECS)
        self._age = -1
        self._reply: Reply | None = None
        self._counts: Counts | None = None  # whose are the credits of `_reply`

    def first(self, reply: Reply, counts: Counts, keep_ttl: bool) -> Reply:
        """The reply that it was made of, for who asked it: with the TTLs that are kept.

        It is not replayed, since whoever asks next has this cache's answer, and is counted so.
        """
        if self.kind is Kind.FAILURE:
            return reply
        kept = self.fresh(self.stored, counts, keep_ttl)
        return reply.replace(
            answer=(),
            authority=(),
            additional=(),
            wire=kept.wire,
            ages=kept.ages,
            since=kept.since,
            lifetime=kept.lifetime,
            replay=False,
        )

    def fresh(self, now: float, counts: Counts, keep_ttl: bool) -> Reply:
        """The reply to give at `now`, before its end.

        All who ask within one second of its age through the same server get the same one.
        """
        age = int(now - self.stored)
        if age != self._age:
            self._age = age
            self._reply = None
            if age and not keep_ttl:
                self._wire = _with_ttls(self._wire, self._ttls, age)
        if self._reply is None or counts is not self._counts:
            self._counts = counts
            self._reply = self._made(age, counts, keep_ttl)
        return self._reply

    def _made(self, age: int, counts: Counts, keep_ttl: bool) -> Reply:
        reply = Reply(rcode=self._rcode, flags=self._flags, by="cache", wire=self._wire, errors=self._errors)
        reply.why = f"kept {age} s ago, {math.ceil(self.end - self.stored - age)} s left"
        reply.options = self._options
        if self.kind is Kind.FAILURE:
            reply.errors += ((Ede.CACHED_ERROR, "this failure was kept"),)
            reply.replay = False
            return reply
        # It may be given until this second of its age is over, and kept from then on for as long.
        reply.lifetime = min(self.end, self.threshold) - (self.stored + age + 1)
        reply.replay = self.replay and reply.lifetime > 0
        reply.ages = not keep_ttl
        reply.since = self.stored + age
        counter = counts.success_counter if self.kind is Kind.SUCCESS else counts.denial_counter
        reply.counters = (counter,)
        if self.popularity is not None:
            reply.counters = counter, self.popularity.counter
            reply.prompt = True
        return reply

    def stale(self, now: float, ttl: int) -> Reply:
        """The reply after its end (RFC 8767): every TTL is `ttl` seconds, and an EDE tells."""
        code = Ede.STALE_NXDOMAIN_ANSWER if self._rcode == Rcode.NXDOMAIN else Ede.STALE_ANSWER
        why = f"ended {int(now - self.end)} s ago"
        reply = Reply(
            rcode=self._rcode,
            flags=self._flags,
            by="cache",
            why=f"stale, {why}",
            wire=_with_ttls(self._wire, tuple((offset, ttl) for offset, _ in self._ttls), 0),
            errors=(*self._errors, (code, why)),
            replay=False,
        )
        reply.options = self._options
        return reply


def _with_ttls(wire: bytes, ttls: tuple[tuple[int, int], ...], age: int) -> bytes:
    """The message with these TTLs less `age` seconds, never below 0."""
    aged = bytearray(wire)
    for offset, ttl in ttls:
        _put_ttl(aged, offset, ttl - age if ttl > age else 0)
    return bytes(aged)
