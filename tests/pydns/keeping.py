"""A packet cache by itself, and answers offered to it as the server does."""

from __future__ import annotations

from typing import Any

from pydns.changes import Changes
from pydns.packetcache import PacketCache
from pydns.query import Query
from pydns.reply import Reply
from pydns.wire.edns import COOKIE
from pydns.wire.message import render
from pydns.wire.question import read_question
from tests.pydns.serving import address
from tests.pydns.wire.messages import CLIENT, message

WITH_OPT = (1, 0, 0, 1)
PLAIN = message()
CLIENT_COOKIE = (COOKIE, b"8 octets")


def good(**changes: Any) -> Reply:
    """A reply that may be kept."""
    return Reply([address()], by="test").replace(**changes)


class Cache:
    """A packet cache, and what it keeps of answers as the server offers them."""

    def __init__(self, *, reads: frozenset[int] = frozenset(), **limits: int) -> None:
        self.changes = Changes()
        self.packets = PacketCache(self.changes, reads, **limits)

    def read(self, wire: bytes) -> Query:
        return read_question(wire, CLIENT, self.changes.epoch)

    def key(self, wire: bytes) -> bytes | None:
        return self.packets.key_of(self.read(wire))

    def offer(
        self, wire: bytes = PLAIN, reply: Reply | None = None, query: Query | None = None, now: float = 0
    ) -> None:
        query = query or self.read(wire)
        reply = reply or good()
        key = self.packets.key_of(query)
        assert key is not None
        self.packets.offer(key, query, reply, render(query, reply, stream=True), now=now)

    def keep(self, *arguments: Any, **named: Any) -> None:
        """Offers twice, as an answer is kept from its second asking on."""
        self.offer(*arguments, **named)
        self.offer(*arguments, **named)

    def find(self, wire: bytes = PLAIN, now: float = 0) -> bytes | None:
        """The answer that the query would get without the chain."""
        query = self.read(wire)
        key = self.packets.key_of(query)
        kept = self.packets.find(key, now) if key is not None else None
        return self.packets.answer(wire, query.question_end, kept, CLIENT) if kept is not None else None
