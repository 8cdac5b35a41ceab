"""Plain queries that go to an upstream as they are, and its answers as they come back: no Query and no Reply is made.

Each leaves in the step in which it came, and no coroutine waits for it. What comes back is put together from the
upstream's octets where the plugins above have nothing to say about it (`pydns.relay`). Else the query and the reply are
made after all, and it goes on as `Later` replies do.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.reply import Reply
from pydns.telling import observed, tell
from pydns.upstream.request import plain_tail
from pydns.wire.edns import OUR_SIZE, opt_record
from pydns.wire.question import read_question

if TYPE_CHECKING:
    from pydns.listen.taker import Answerable
    from pydns.packetcache import PacketCache
    from pydns.router import Route
    from pydns.server import Server
    from pydns.settings import Alike
    from pydns.upstream.exchange import Exchange

LATER: Final = b""
"""In place of an answer: it comes later."""

_DEADLINE: Final = 5.0  # seconds in which a query is answered, or has failed
_OPT: Final = opt_record(OUR_SIZE, 0, False)
_OPT_WITH_DO: Final = opt_record(OUR_SIZE, 0, True)
_OPT_LENGTH: Final = 11
_LEAST: Final = 512  # octets that every client takes over UDP, RFC 1035 section 2.3.4
_MOST_TALLIES: Final = 4096
_GATHERED: Final = 256  # durations

_Kind = tuple["PacketCache", bytes, bytes, bool, int, str, int, int]
"""What answers have in common that count the same: transport and family (whose cache it is), zone, type, DO, rcode, the
plugin, the sizes of query and answer."""


class RelayLane:
    """The relayed queries of one address and router."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._router = server.router
        self._tallies: dict[_Kind, _Tally] = {}
        self._gather = _GATHERED

    def ask(
        self,
        wire: bytes,
        question: bytes,
        name: bytes,
        type_: int,
        do: bool,
        client: Answerable,
        packets: PacketCache,
        route: Route,
        zone: bytes,
        now: float,
    ) -> bytes | None:
        """Has an upstream asked a plain query's question, and gives `LATER`; None where that takes a Query."""
        relay = route.relay
        if relay is None or client.transport != "udp":
            return None
        upstream = relay.upstream(name, type_)
        if upstream is None:
            return None
        self._server.under_way += 1
        self._router.under_way += 1
        upstream.pass_on(
            question,
            plain_tail(question, wire[2] << 8 | wire[3], do),
            self._ended,
            (wire, client.lasting(), packets, route, zone, do),
            now,
            relay.timeout,
            now + _DEADLINE,
        )
        return LATER

    def _ended(self, exchange: Exchange) -> None:
        """The answer is there, or there is none."""
        asked, client, packets, route, zone, do = exchange.about
        try:
            answer = passed_on(exchange, asked, do, route.relay)
            if answer is not None:
                rcode, seconds = exchange.rcode, exchange.seconds
                exchange.upstream.counts.answered(rcode, seconds)
                question = exchange.question
                kind = packets, zone, question[-4:-2], do, rcode, route.relay.by, len(asked), len(answer)
                tally = self._tallies.get(kind)
                if tally is None:
                    self._count_first(kind, asked, client, route, answer, seconds)
                else:
                    durations = tally.seconds
                    durations.append(seconds)
                    if len(durations) >= self._gather:
                        tally.hand_in()
        except Exception:
            answer = None  # the chain will stumble over the same, and there it is told
        if answer is None:
            self._go_on(exchange)
            return
        self._server.under_way -= 1
        self._router.under_way -= 1
        client.send(answer)

    def _go_on(self, exchange: Exchange) -> None:
        asked, client, packets, route, zone, _ = exchange.about
        server = self._server
        query = read_question(asked, client, server.house.changes.epoch)
        query.ask, query.server, query.zone = server.ask, server.label, zone
        query.began = perf_counter() - (trio.current_time() - exchange.sent)
        later = route.relay.later(query, exchange)
        later.amends = route.relay.amends
        later.about = query, packets.key_of(query), packets, route, self._router
        server.answer_later(later)

    def _count_first(
        self, kind: _Kind, asked: bytes, client: Answerable, route: Route, answer: bytes, seconds: float
    ) -> None:
        if len(self._tallies) >= _MOST_TALLIES:
            self.hand_in()
            self._tallies.clear()
        query = read_question(asked, client, 0)
        query.zone, query.server = kind[1], self._server.label
        reply = Reply(rcode=kind[4], by=kind[5], replay=False)
        self._tallies[kind] = _Tally(observed(route.observers, query, reply, answer, seconds))

    def retire(self) -> None:
        """Nothing new comes: what comes back still is counted at once."""
        self._gather = 1

    def hand_in(self) -> None:
        """Has all answers since the last time counted."""
        for tally in self._tallies.values():
            tally.hand_in()


class _Tally:
    """What answers took that all count the same, since it was handed in."""

    __slots__ = ("_alike", "seconds")

    def __init__(self, alike: tuple[Alike, ...]) -> None:
        self._alike = alike
        self.seconds: list[float] = []

    def hand_in(self) -> None:
        seconds, self.seconds = self.seconds, []
        if seconds:
            tell(self._alike, len(seconds), seconds)


def passed_on(exchange: Exchange, asked: bytes, do: bool, relay: Any) -> bytes | None:
    """The message for the client, made of the upstream's; None where there is more to say than it says."""
    wire, opt = exchange.wire, exchange.opt
    if exchange.rcode not in relay.rcodes or not wire or wire[2] & 0x02:
        return None
    end = 12 + len(exchange.question)
    records = wire[10] << 8 | wire[11]
    if opt:
        if len(wire) != opt + _OPT_LENGTH:
            return None
        records -= 1
    else:
        opt = len(wire)
    most = relay.records
    if most < 256 and (wire[7] > most or wire[9] > most or records > most or wire[6] or wire[8]):
        return None
    flags, theirs = asked[2] << 8 | asked[3], wire[2] << 8 | wire[3]
    flags = 0x8000 | flags & 0x7910 | theirs & 0x048F | (theirs & 0x20 if do or flags & 0x20 else 0)
    if len(asked) == end:
        tail = b""
    else:
        records += 1
        tail = _OPT_WITH_DO if do else _OPT
    answer = b"".join(
        (asked[:2], flags.to_bytes(2), wire[4:10], records.to_bytes(2), asked[12:end], wire[end:opt], tail)
    )
    if len(answer) > _LEAST:
        size = asked[end + 3] << 8 | asked[end + 4] if tail else 0
        if len(answer) > OUR_SIZE or len(answer) > size:
            return None
    return answer
