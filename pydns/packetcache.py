"""Whole answers, replayed for queries that are the same but for their id: the fast lane.

It must never give an answer that the chain would not give. So it keeps an answer only where everything speaks for it:
nobody looked at who asked, the plugin that answered lets it be replayed, no source has changed since the query came,
and a TTL or a lifetime says how long it holds. It belongs to one address, transport and router, and ends with them.

What makes two queries the same is `key_of`: the message behind its id, the name in small letters, and without those
EDNS options (COOKIE, keepalive, padding) that no plugin on this address reads.
"""

from __future__ import annotations

import time
from array import array
from collections import OrderedDict
from struct import Struct
from typing import TYPE_CHECKING, Final

import trio

from pydns.errors import WireError
from pydns.names import LOWER
from pydns.records import Class, Rcode, Type
from pydns.telling import tell
from pydns.wire.edns import COOKIE, KEEPALIVE, PADDING, pack_options
from pydns.wire.scan import scan

if TYPE_CHECKING:
    from pydns.changes import Changes
    from pydns.query import Client, Query
    from pydns.reply import Credit, Reply
    from pydns.telling import Watch

MOST_BYTES: Final = 32 * 1024 * 1024
"""Memory for the answers of one address and transport, nearly. The oldest go first."""

HOP_BY_HOP: Final = frozenset((COOKIE, KEEPALIVE, PADDING))
"""Options between a client and its server alone: an answer depends on them only where a plugin says so."""

_OVERHEAD: Final = 600  # bytes that an entry takes beside its key and its message: measured, rounded up
_LONGEST: Final = 4096  # octets of an answer: to find the TTLs of 64 KiB takes 6 ms, and few ask over TCP for so many
_PER_TTL: Final = 150  # bytes of an (offset, TTL) pair: measured, rounded up
_MOST_ORDERS: Final = 8  # of the records of an answer
_MOST_TURNS: Final = 128  # replays of such an answer; then the chain is asked for new orders
_PLACES: Final = 1 << 16  # for keys that were asked once, two in each; an answer is kept from its second asking on
_KEPT_RCODES: Final = frozenset((Rcode.NOERROR, Rcode.NXDOMAIN))
_NEVER: Final = frozenset((Type.AXFR, Type.IXFR, Type.TKEY, Type.TSIG, Type.OPT))
_WITH_OPT: Final = b"\0\1\0\0\0\0\0\1"  # the counts of a question and an OPT
_IN: Final = int(Class.IN)
_COOKIE_ALONE: Final = {  # by the length of an OPT that holds but a cookie (RFC 7873 section 4): from its RDLEN on
    11 + 4 + size: (4 + size).to_bytes(2) + COOKIE.to_bytes(2) + size.to_bytes(2) for size in (8, *range(16, 41))
}
_put_ttl: Final = Struct("!I").pack_into


class Tally:
    """Replays since they were handed in, of all answers that are credited to the same `credits`."""

    __slots__ = ("count", "credits", "holders")

    def __init__(self, credits_: tuple[Credit, ...]) -> None:
        self.count = 0
        self.credits = credits_
        self.holders = 0  # entries

    def hand_in(self, *, none_too: bool = False) -> None:
        """Has them counted; `none_too`: also where there were none."""
        count, self.count = self.count, 0
        if count or none_too:
            tell(self.credits, count)


class Kept:
    """One answer, less its id. It may be given as it is while `until` (trio's clock) is ahead and no source changed.

    `names` are those that it depends on, `epoch` the one at which that was last looked up. Who gives it adds one to
    `tally.count`. Where there is `more` to do, it calls `tell` with `watchers`, and `turn` when it has read `body`.
    """

    __slots__ = (
        "_end", "_prompt", "_stored", "_turns", "body", "epoch", "more", "names", "orders", "question_end", "tally",
        "ttls", "until", "watchers",
    )  # fmt: skip

    def __init__(
        self,
        body: bytes,
        question_end: int,
        names: tuple[bytes, ...],
        epoch: int,
        watchers: Watch,
        tally: Tally,
        ttls: tuple[tuple[int, int], ...],
        stored: float,
        end: float,
        ages: bool,
        prompt: bool,
        orders: tuple[bytes, ...] = (),
    ) -> None:
        self.body = orders[0] if orders else body
        self.orders = orders
        self._turns = 0
        self.more = bool(watchers or orders)
        self.question_end = question_end
        self.names = names
        self.epoch = epoch
        self.watchers = watchers
        self.tally = tally
        self.ttls = ttls if ages else ()
        self._stored = stored
        self._end = end
        self._prompt = prompt
        self.until = min(end, stored + 1) if ages or prompt else end

    def freshen(self, now: float, changes: Changes) -> bool:
        """Brings it up to `now`, for a replay: TTLs count down, changes are looked through. False: it has ended."""
        if now >= self._end:
            return False
        if self.epoch != changes.epoch:
            if changes.touched_since(self.epoch, self.names):
                return False
            self.epoch = changes.epoch
        if now >= self.until:
            age = int(now - self._stored)
            if self.ttls:
                self.body = self._aged(self.body, age)
                self.orders = tuple([self._aged(body, age) for body in self.orders])
            if self._prompt:
                self.tally.hand_in(none_too=True)
            self.until = min(self._end, self._stored + age + 1)
        return True

    def _aged(self, body: bytes, age: int) -> bytes:
        aged = bytearray(body)  # new bytes: the old ones may be on their way out
        for offset, ttl in self.ttls:
            _put_ttl(aged, offset, max(0, ttl - age))
        return bytes(aged)

    def turn(self) -> None:
        """The next order, where there are several. When each was given often enough there shall be new ones."""
        if self.orders:
            self._turns += 1
            self.body = self.orders[self._turns % len(self.orders)]
            if self._turns == _MOST_TURNS:
                self._end = self.until = 0.0


class PacketCache:
    """The answers of one address, transport and router.

    `entries` may be read by who is in a hurry: one whose `until` is ahead and whose `epoch` is that of the changes may
    be sent behind an id. Anything else goes through `find`.
    """

    def __init__(self, changes: Changes, read_options: frozenset[int], most_bytes: int = MOST_BYTES) -> None:
        # Not a dict: to find its oldest entry after many others went takes longer than to answer a query.
        self.entries: OrderedDict[bytes, Kept] = OrderedDict()
        self.bytes = 0
        self._changes = changes
        self._left_out = HOP_BY_HOP - read_options
        self._most_bytes = most_bytes
        self._tallies: dict[tuple[Credit, ...], Tally] = {}
        # Keys that were asked once, by 32 bits of their hashes: the last and the one before it of each place.
        self._seen = array("I", bytes(4 * _PLACES))
        self._seen_before = array("I", bytes(4 * _PLACES))

    def find(self, key: bytes, now: float) -> Kept | None:
        """The answer for a key, brought up to `now`."""
        kept = self.entries.get(key)
        if kept is None or (kept.until > now and kept.epoch == self._changes.epoch) or kept.freshen(now, self._changes):
            return kept
        self._remove(key, kept)
        return None

    def find_folded(self, key: bytes, now: float) -> tuple[Kept, int] | None:
        """As `find`, for a message behind its id that is in no table: once more with its name in small letters and
        without a COOKIE that stands there alone. Gives the offset of the question's end within `key` as well.

        It knows the plainest messages only and reads no more of them than it must. That is enough: what it looks up is
        another spelling of the same message, or nothing that stands in the table, where keys are whole, valid messages.
        """
        end = key.find(0, 10) + 5
        name = key[10:end]
        folded = name[:-4].translate(LOWER)
        rest = key[end:]
        if len(rest) > 11 and rest[9:15] == _COOKIE_ALONE.get(len(rest)) and COOKIE in self._left_out:
            rest = rest[:9] + b"\0\0"
        elif folded == name[:-4]:
            return None
        kept = self.find(key[:10] + folded + name[-4:] + rest, now)
        return None if kept is None else (kept, end)

    def answer_same(self, query: bytes, kept: Kept, client: Client) -> bytes:
        """The message for a query that is the kept one's octet for octet, save its id."""
        answer = query[:2] + kept.body
        kept.tally.count += 1
        if kept.more:
            kept.turn()
            tell(kept.watchers, query, client, answer)
        return answer

    def answer(self, query: bytes, question_end: int, kept: Kept, client: Client) -> bytes:
        """The message for a query that is the same as the kept one's but for letters and options left out."""
        body = kept.body
        answer = query[:2] + body[:10] + query[12:question_end] + body[kept.question_end :]
        kept.tally.count += 1
        if kept.more:
            kept.turn()
            tell(kept.watchers, query, client, answer)
        return answer

    def key_of(self, query: Query) -> bytes | None:
        """What queries with the same answer have in common; None where the answer must not be kept."""
        if query.class_ != _IN or query.flags & 0x7800 or query.type in _NEVER:
            return None
        wire, end, edns = query.wire, query.question_end, query.edns
        if edns is None:
            # Without an OPT the question ends the message; a TSIG or anything else behind it is not understood here.
            if len(wire) != end:
                return None
            return wire[2:] if wire[12 : end - 4] == query.name else wire[2:12] + query.name + wire[end - 4 :]
        if wire[4:12] != _WITH_OPT:
            return None
        if not edns.options:
            return wire[2:12] + query.name + wire[end - 4 :]
        left_out = self._left_out
        kept = pack_options(option for option in edns.options if option[0] not in left_out)
        return wire[2:12] + query.name + wire[end - 4 : end + 9] + len(kept).to_bytes(2) + kept

    def hand_in(self) -> None:
        """Has all replays since the last time counted."""
        for tally in self._tallies.values():
            tally.hand_in()

    def offer(
        self,
        key: bytes,
        query: Query,
        reply: Reply,
        answer: bytes,
        credits_: tuple[Credit, ...] = (),
        now: float | None = None,
    ) -> None:
        """Keeps the answer that went out for `query`, where it may be kept and was asked for before.

        `query` is the client's own (its origin), `reply` what the chain gave and `answer` what was made of it.
        `credits_` count its replays. `now` is read from trio's clock where it is left out, since most are not kept.
        """
        if query.personal or not reply.replay or reply.finish or reply.rcode not in _KEPT_RCODES:
            return
        if len(answer) > _LONGEST:
            return
        if not self.was_seen(hash(key)):
            return
        names = (query.name, *query.asked_within)
        changes = self._changes
        if query.epoch != changes.epoch and changes.touched_since(query.epoch, names):
            return  # while the chain waited
        if now is None:
            now = trio.current_time()
        ttls = _ttls(answer)
        since = now if reply.since is None else reply.since  # when the TTLs that count down were what they are here
        seconds = _lifetime(answer, ttls, reply.lifetime, now - since)
        if seconds <= 0 or self.key_of(query) != key:  # the key may be that of a router before
            return
        end = query.question_end - 2
        shortened = tuple((offset - 2, ttl) for offset, ttl in ttls)
        orders: tuple[bytes, ...] = ()
        if reply.orders is not None:
            made = {reply.orders(answer) for _ in range(_MOST_ORDERS)}
            if not all(each is not None and _ttls(each) == ttls for each in made):
                return  # or they would count down in the wrong places
            orders = tuple([each[2:12] + query.name + each[end - 2 :] for each in made if each is not None])
        body = answer[2:12] + query.name + answer[end - 2 :]  # as it is sent to who asks in small letters
        tally = self._tallies.setdefault(credits_, Tally(credits_))
        kept = Kept(
            body,
            end,
            names,
            changes.epoch,
            reply.watchers,
            tally,
            shortened,
            since,
            now + seconds,
            reply.ages,
            reply.prompt,
            orders,
        )
        self._put(key, kept)

    def was_seen(self, number: int) -> bool:
        """Whether a key of that hash was asked before and not too many others since; from now on it was."""
        place, tag = number % _PLACES, number >> 16 & 0xFFFFFFFF
        last = self._seen[place]
        if tag == last or tag == self._seen_before[place]:
            return True
        self._seen_before[place] = last
        self._seen[place] = tag
        return False

    def _put(self, key: bytes, kept: Kept) -> None:
        kept.tally.holders += 1
        before = self.entries.pop(key, None)  # anew behind the others: who is asked for again is the last to go
        if before is not None:
            self._ended(key, before)
        self.entries[key] = kept
        self.bytes += _size(key, kept)
        while self.bytes > self._most_bytes:
            self._ended(*self.entries.popitem(last=False))

    def _remove(self, key: bytes, kept: Kept) -> None:
        del self.entries[key]
        self._ended(key, kept)

    def _ended(self, key: bytes, kept: Kept) -> None:
        self.bytes -= _size(key, kept)
        tally = kept.tally
        tally.holders -= 1
        if not tally.holders:
            tally.hand_in()
            del self._tallies[tally.credits]


def _size(key: bytes, kept: Kept) -> int:
    bodies = len(kept.body) * (1 + len(kept.orders))
    return _OVERHEAD + len(key) + bodies + _PER_TTL * len(kept.ttls) + sum(map(len, kept.names))


def _ttls(answer: bytes) -> tuple[tuple[int, int], ...]:
    """The offset and the value of each TTL; none where the bytes are no message."""
    try:
        entries = scan(answer).entries
    except WireError:
        return ()
    return tuple((entry.rdata - 6, entry.ttl) for entry in entries)


def _lifetime(answer: bytes, ttls: tuple[tuple[int, int], ...], lifetime: float | None, age: float) -> float:
    """Seconds that an answer may be replayed: its lowest TTL less `age`, its signatures' end, what its source says."""
    if not ttls:
        return lifetime or 0.0
    seconds = min(ttl for _, ttl in ttls) - age
    if lifetime is not None:
        seconds = min(seconds, lifetime)
    for offset, _ in ttls:
        if answer[offset - 4 : offset - 2] == Type.RRSIG.to_bytes(2):
            # Signature expiration in serial arithmetic (RFC 4034 section 3.1.5).
            expiration = int.from_bytes(answer[offset + 14 : offset + 18])
            left = (expiration - int(time.time())) % 2**32
            seconds = min(seconds, left if left < 2**31 else 0)
    return seconds
