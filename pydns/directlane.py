"""Answers to plain queries straight from what plugins have packed: neither Query nor Reply is made.

Plain is a message of one question of class IN, and at most an OPT without options (RFC 6891). What none of these
plugins has goes to the relay lane, where the block has a plugin that asks upstreams. All else, and whatever cannot be
told from name and type, goes the way of all queries (`Server.take_new`).
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from pydns.names import LOWER
from pydns.packetcache import Tally
from pydns.plugin import Turn
from pydns.records import Type
from pydns.reply import Reply
from pydns.telling import observed
from pydns.wire.edns import OUR_SIZE, opt_record
from pydns.wire.question import read_question

if TYPE_CHECKING:
    from pydns.listen.taker import Answerable
    from pydns.packed import Packed
    from pydns.packetcache import PacketCache
    from pydns.query import Client
    from pydns.relaylane import RelayLane
    from pydns.router import Route, Router

_ONE_QUESTION: Final = b"\0\1\0\0\0\0\0\0"  # the header's counts
_WITH_OPT: Final = b"\0\1\0\0\0\0\0\1"
_OPT: Final = opt_record(OUR_SIZE, 0, False)
_OPT_WITH_DO: Final = opt_record(OUR_SIZE, 0, True)
_HEADER: Final = Struct("!HHHHH")  # less its id
_MOST: Final = 512  # octets that every client takes over UDP, RFC 1035 section 2.3.4
_MOST_TALLIES: Final = 4096
_NOT_PLAIN: Final = frozenset((Type.DS, Type.OPT, *range(128, 256)))
"""DS stands in its parent's zone; the others are no types of data (RFC 6895 section 3.1)."""

_COMPRESSED: Final = frozenset((Type.NS, Type.CNAME, Type.PTR, Type.MX))
"""Names in these are compressed, which takes the whole message."""


_Kind = tuple["PacketCache", bytes, int, bool, int, str, int, int]
"""What answers have in common that count the same: transport and family (whose cache it is), zone, type, DO, flags and
rcode, the plugin, the offset at which the question ends, the answer's size."""


class DirectLane:
    """The direct answers of one address and router. Its counts are handed in by `hand_in`."""

    def __init__(self, router: Router, server: str, relays: RelayLane) -> None:
        self._router = router
        self._server = server
        self._relays = relays
        self._tallies: dict[_Kind, Tally] = {}

    def answer(self, wire: bytes, message: bytes, client: Answerable, packets: PacketCache, now: float) -> bytes | None:
        """The answer to a message that is none of the kept ones byte for byte: a kept one of another spelling, a direct
        one, or one that comes later (`LATER`). `message` is `wire` less its id. None where it is none of these.
        """
        counts = message[2:10]
        if message[:1] > b"\x07" or (counts != _ONE_QUESTION and counts != _WITH_OPT):
            return _folded(wire, message, client, packets, now)
        at = 10
        try:
            while length := message[at]:
                if length > 63:
                    return None
                at += length + 1
            end = at + 5
            tail, do = b"", False
            if counts == _WITH_OPT:
                if len(message) != end + 11:
                    return _folded(wire, message, client, packets, now)
                if message[end : end + 3] != b"\0\0\x29" or message[end + 6] or message[end + 9 :] != b"\0\0":
                    return None
                do = message[end + 7] >= 0x80
                tail = _OPT_WITH_DO if do else _OPT
            elif len(message) != end:
                return None
        except IndexError:
            return None
        if message[at + 3 : end] != b"\0\1" or at == 10 or at > 264:
            return None
        spelled = message[10 : at + 1]
        name = spelled.translate(LOWER)
        key = message
        if name != spelled:
            key = message[:10] + name + message[at + 1 :]
            kept = packets.find(key, now)
            if kept is not None:
                return packets.answer(wire, end + 2, kept, client)
        type_ = message[at + 1] << 8 | message[at + 2]
        if type_ in _NOT_PLAIN:
            return None
        found = self._router.find_unfiltered(name)
        if found is None:
            return None
        route, zone = found
        if type_ in _COMPRESSED and route.relay is None:
            return None
        try:
            ask = route.packed_do if do else route.packed
            packed = ask(name, type_) if ask is not None else Turn.NEXT
            if packed is Turn.NEXT and route.relay is not None:
                return self._relays.ask(wire, message[10:end], name, type_, do, client, packets, route, zone, now)
        except Exception:
            return None  # the chain will stumble over the same, and there it is told
        if isinstance(packed, Turn) or type_ in _COMPRESSED or packets.was_seen(hash(key)):
            return None  # what is asked again is worth being kept
        flags, answers, authorities, records, by = packed
        header = _HEADER.pack(
            0x8000 | flags | (wire[2] << 8 | wire[3]) & 0x7910, 1, answers, authorities, 1 if tail else 0
        )
        answer = b"".join((wire[:2], header, message[10:end], records, tail))
        size = len(answer)
        if size > _MOST:
            return None
        kind = packets, zone, type_, do, flags, by, end, size
        tally = self._tallies.get(kind)
        if tally is None:
            self._count_first(kind, wire, client, route, packed, answer)
        else:
            tally.count += 1
        return answer

    def _count_first(
        self,
        kind: _Kind,
        wire: bytes,
        client: Client,
        route: Route,
        packed: Packed,
        answer: bytes,
    ) -> None:
        """Has an answer counted that is the first of those which all count the same (see `settings.Observer`)."""
        if len(self._tallies) >= _MOST_TALLIES:
            self.hand_in()
            self._tallies.clear()
        query = read_question(wire, client, 0)
        query.zone, query.server = kind[1], self._server
        reply = Reply(rcode=packed[0] & 15, flags=packed[0] & Reply.AA, by=packed[4])
        self._tallies[kind] = Tally(observed(route.observers, query, reply, answer, 0.0))

    def hand_in(self) -> None:
        """Has all answers since the last time counted."""
        for tally in self._tallies.values():
            tally.hand_in()


def _folded(wire: bytes, message: bytes, client: Client, packets: PacketCache, now: float) -> bytes | None:
    found = packets.find_folded(message, now)
    if found is None:
        return None
    kept, end = found
    return packets.answer(wire, end + 2, kept, client)
