"""One address: what comes in there is read, checked, routed, answered, and fitted to its client."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import TYPE_CHECKING, Final, cast

from pydns import names
from pydns.chain import amended
from pydns.directlane import DirectLane
from pydns.errors import WireError
from pydns.later import Later
from pydns.logs import is_logged
from pydns.longmessages import LONGEST, LongMessages
from pydns.packetcache import PacketCache
from pydns.plugin import Plugin
from pydns.records import Class, Ede, Opcode, Rcode, class_text, opcode_text, type_text
from pydns.refusal import Refusal
from pydns.relaylane import RelayLane
from pydns.reply import OVERLOAD, Reply
from pydns.router import Router
from pydns.telling import observed, tell
from pydns.wire.message import bare, render
from pydns.wire.question import read_question

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from pydns.crew import Crew
    from pydns.listen.taker import Answerable, Stream
    from pydns.metrics import Metric
    from pydns.plugin import CallNext, House
    from pydns.query import Client, Query
    from pydns.reply import Credit, Messages
    from pydns.router import Route
    from pydns.settings import Observer

log = logging.getLogger("pydns.server")

_NO_VERSION: Final = (Ede.OTHER, "EDNS version 0 is the only one")
_IN: Final = int(Class.IN)  # each look at a member of an enumeration costs as much as a comparison
_STREAMS: Final = frozenset(("tcp", "tls", "https", "quic"))


class Server:
    """Takes messages from the listeners of one address (`pydns.listen.taker.Taker`).

    `label` is its address as CoreDNS's metrics write it, `dns://127.0.0.1:53`. `router` may be swapped at any time by
    `route`: queries under way end with the one that they began with.
    """

    def __init__(self, label: str, router: Router, crew: Crew, house: House) -> None:
        self.label = label
        self.house = house
        self.under_way = 0
        """Queries that were taken and not answered yet."""
        self._crew = crew
        self._long = LongMessages()
        self._dropped = house.metrics.counter(
            "pydns_dropped_messages_total", "Messages that got no answer.", "server", "reason"
        )
        self._shed: Metric | None = None
        self._failures = house.metrics.counter("coredns_panics_total", "A metrics that counts the number of panics.")
        house.metrics.before_reading(self._hand_in, first=True)
        self._begin(router)

    def route(self, router: Router) -> None:
        """From now on queries go to these blocks. Answers that others gave are forgotten."""
        self._hand_in()
        self._relays.retire()
        self._begin(router)

    def _begin(self, router: Router) -> None:
        self.router = router
        self._packets: dict[tuple[str, int], PacketCache] = {}
        self._relays = RelayLane(self)
        self.direct = DirectLane(router, self.label, self._relays)

    def packets(self, transport: str, family: int) -> PacketCache:
        """The answers that may be replayed to who comes this way; another object after each `route`."""
        found = self._packets.get((transport, family))
        if found is None:
            found = self._packets[transport, family] = PacketCache(self.house.changes, self.router.reads_options)
        return found

    def close(self) -> None:
        """Nothing comes any more: what was counted is handed in, and the router may go."""
        self.route(Router({}))  # its lane and this hold each other, and the collector comes by seldom
        self.house.metrics.forget(self._hand_in)

    def _hand_in(self) -> None:
        self.direct.hand_in()
        self._relays.hand_in()
        for packets in self._packets.values():
            packets.hand_in()

    def take(self, wire: bytes, client: Answerable, now: float) -> None:
        """Takes a message: answers it at once where that can be done, or queues it."""
        packets = self.packets(client.transport, client.family)
        key = wire[2:]
        kept = packets.find(key, now)
        if kept is not None:
            client.send(packets.answer_same(wire, kept, client))
            return
        answer = self.direct.answer(wire, key, client, packets, now)
        if answer is None:
            answer = self.take_new(wire, key, client, packets, now)
        if answer:
            client.send(answer)

    def go(self) -> None:
        self._crew.go()

    def take_new(
        self, wire: bytes, message: bytes, client: Answerable, packets: PacketCache, now: float
    ) -> bytes | None:
        """As `take`, for what is neither kept nor answered directly. `message` is `wire` less its id.

        Gives the answer where it is there at once; where it is not, `client.lasting().send` is called for it.
        """
        try:
            if len(wire) > LONGEST:
                opcode = wire[2] >> 3 & 15
                if opcode == Opcode.QUERY or opcode not in self.router.opcodes:
                    raise WireError("a query longer than any honest one")
                if not self._long.may_be_read(len(wire), client.transport, now, len(self._crew.queue)):
                    self._drop(OVERLOAD)
                    client.lasting().send(None)
                    return None
            query = read_question(wire, client, self.house.changes.epoch)
        except WireError as error:
            refused = self._unread(wire, client, error)
            if refused is None:
                client.lasting().send(None)
            return refused
        key = packets.key_of(query)
        if key is not None and key != message:  # in other letters, or with options left out
            same = packets.find(key, now)
            if same is not None:
                return packets.answer(wire, query.question_end, same, client)
        query.ask = self.ask
        query.server = self.label
        edns = query.edns
        if query.class_ == _IN and query.flags & 0x7800 == 0 and (edns is None or not edns.version):
            answer = self._answer_at_once(query, client, key, packets)
            if isinstance(answer, Later):
                return None
            if answer is not None:
                return answer
        refusal = self._refusal(query)
        if refusal is not None:
            return self._refuse(query, refusal)
        query.client = client = client.lasting()
        query.began = perf_counter()
        if self._crew.add((self, query, key, client)):
            self.under_way += 1
        else:
            self._drop(OVERLOAD)
            client.send(None)
        return None

    def _answer_at_once(
        self, query: Query, client: Answerable, key: bytes | None, packets: PacketCache
    ) -> bytes | Later | None:
        """The message for a plain query whose answer stands in memory, or what will give it.

        None where the chain must be asked.
        """
        route = self.router.find(query)
        if route is None or route.at_once is None or query.question_end == 12:
            return None
        try:
            reply = route.at_once(query)
            if isinstance(reply, Later):
                query.client = client.lasting()
                self._expect(reply, query, key, packets, route)
                return reply
            if reply is None or reply.dropped:
                return None
            return self._finish(query, reply, key, packets, route.observers)
        except Exception:
            return None  # the chain will stumble over the same, and there it is told

    def _expect(self, later: Later, query: Query, key: bytes | None, packets: PacketCache, route: Route) -> None:
        """The query is answered when its reply is there: no coroutine waits for it."""
        query.began = perf_counter()
        router = self.router
        router.under_way += 1
        self.under_way += 1
        later.about = query, key, packets, route, router
        later.then = self.answer_later

    def answer_later(self, later: Later) -> None:
        """The reply is there, or there is none: then the chain is asked."""
        query, key, packets, route, router = later.about
        answer: bytes | None = None
        try:
            reply = amended(query, later.reply(), later.amends)
            if reply is not None and not reply.dropped:
                answer = self._finish(query, reply, key, packets, route.observers)
        except Exception:
            answer = None  # the chain will stumble over the same, and there it is told
        router.under_way -= 1
        if answer is None and self._crew.add((self, query, key, query.client)):
            self._crew.go()
            return
        self.under_way -= 1
        if answer is None:
            self._drop(OVERLOAD)
        query.client.send(answer)

    def _unread(self, wire: bytes, client: Client, error: WireError) -> bytes | None:
        """What the sender of a message that is no query gets: FORMERR with its id, or nothing at all."""
        if error.reply_with is None:
            self._dropped.add(self.label, "response" if len(wire) >= 12 else "short")
            return None
        opcode = wire[2] >> 3 & 15
        rcode = error.reply_with if opcode in self.router.opcodes else Rcode.NOTIMP
        answer = bare(wire, rcode)
        tell(self.router.refusals, Refusal(self.label, client, wire, None, rcode, answer))
        return answer

    def _refusal(self, query: Query) -> Reply | None:
        """The answer to what is not for any plugin."""
        if query.edns is not None and query.edns.version:
            return Reply(rcode=Rcode.BADVERS, errors=(_NO_VERSION,))  # RFC 6891 section 6.1.3
        if query.opcode not in self.router.opcodes:
            text = f"no plugin takes {opcode_text(query.opcode)}"
            return Reply.failure(Ede.NOT_SUPPORTED, text, rcode=Rcode.NOTIMP)
        if query.question_end == 12:
            return Reply()  # it wants a cookie and nothing else (RFC 7873 section 5.4), and there is none here
        return None

    async def answer(self, query: Query, key: bytes | None) -> bytes | None:
        """The message that answers a query; None where nothing is to leave.

        Whatever goes wrong in the chain is SERVFAIL here, a line in the log and a count.
        """
        router = self.router
        router.under_way += 1
        client = query.client
        packets = self._packets.get((client.transport, client.family))
        route = router.find(query)
        observers = route.observers if route is not None else ()
        try:
            chain = _chain(route, query)
            if isinstance(chain, Reply):
                answer = self._refuse(query, chain)
            else:
                answer = self._finish(query, await chain(query), key, packets, observers)
        except Exception as error:
            answer = self._failed(query, error, observers)
        finally:
            router.under_way -= 1
            self.under_way -= 1
        return answer

    async def ask(self, query: Query) -> Reply:
        """The reply of the chain that a question from within leads to."""
        chain = _chain(self.router.find(query), query)
        return chain if isinstance(chain, Reply) else await chain(query)

    def _refuse(self, query: Query, refusal: Reply) -> bytes | None:
        answer = self._finish(query, refusal, None)
        if answer is not None:
            refused = Refusal(self.label, query.client, query.wire, query, refusal.rcode, answer)
            tell(self.router.refusals, refused)
        return answer

    def overdue(self, query: Query) -> bytes:
        """The answer to a query that took too long."""
        text = f"no answer in {self._crew.patience:g} s"
        log.warning("%s %s: %s", names.to_text(query.name), type_text(query.type), text)
        route = self.router.find(query)
        reply = _signed(query, Reply.failure(Ede.OTHER, text))
        answer = self._finish(query, reply, None, None, route.observers if route else ())
        assert answer is not None  # it is not dropped
        return answer

    def give_up(self) -> None:
        """For the crew: a query that was taken is dropped, since it stood in the queue for too long."""
        self.under_way -= 1
        self._drop(OVERLOAD)

    def _drop(self, reason: str) -> None:
        self._dropped.add(self.label, reason)
        if self._shed is not None and reason == OVERLOAD:
            self._shed.add(self.label, "query")

    def shed(self, on: bool) -> None:
        """Has drops counted as the shed plugin's, or no more."""
        if on and self._shed is None:
            self._shed = self.house.metrics.counter(
                "coredns_shed_dropped_total", "Counter of dropped queries and responses.", "server", "reason"
            )
            for reason in ("query", "response"):
                self._shed.add(self.label, reason, amount=0)
        elif not on:
            self._shed = None

    def count_shed(self, reason: str, count: int) -> None:
        """For listeners that shed: so many a `query` or a `response` were dropped at the socket."""
        if self._shed is not None:
            self._shed.add(self.label, reason, amount=count)

    def _finish(
        self,
        query: Query,
        reply: Reply,
        key: bytes | None,
        packets: PacketCache | None = None,
        observers: Sequence[Observer] = (),
    ) -> bytes | None:
        if reply.dropped:
            self._drop(reply.by or "plugin")
            observed(observers, query, reply, None, perf_counter() - query.began if query.began else 0.0)
            return None
        answer = render(query, reply, stream=query.client.transport in _STREAMS)
        for finish in reply.finish:
            answer = finish(query, answer)
        credits_: tuple[Credit, ...] = ()
        if reply.counters:
            credits_ = tuple([count(query.wire, query.client, answer) for count in reply.counters])
        if observers:
            seconds = perf_counter() - query.began if query.began else 0.0
            credits_ += observed(observers, query, reply, answer, seconds)
        if key is not None and packets is not None:
            packets.offer(key, query, reply, answer, credits_)
        if reply.watchers:
            tell(reply.watchers, query.wire, query.client, answer)
        if reply.following is not None:
            _follow(query.client, reply.following)
        return answer

    def _failed(self, query: Query, error: Exception, observers: Sequence[Observer]) -> bytes | None:
        self._failures.add()
        by = _raised_by(error.__traceback__)
        if not is_logged(error):
            trace = error if self.house.debug else None
            what = f"{by}: " if by else ""
            name, type_ = names.to_text(query.name), type_text(query.type)
            log.error("%s %s: %s%s: %s", name, type_, what, type(error).__name__, error, exc_info=trace)
        text = f"{by or 'pydns'} failed: {type(error).__name__}"
        return self._finish(query, _signed(query, Reply.failure(Ede.OTHER, text, by=by)), None, None, observers)


def _signed(query: Query, failure: Reply) -> Reply:
    """What is made here in place of a reply that failed is signed as that one would have been."""
    signature = query.signature
    if signature is not None:
        failure.finish = (signature,)
    return failure


def _follow(client: Client, messages: Messages) -> None:
    """Has the messages leave behind the answer, where more than one can."""
    if client.transport in _STREAMS:
        cast("Stream", client).follow(messages)
    else:
        messages.close()


def _chain(route: Route | None, query: Query) -> CallNext | Reply:
    """The chain of the block that a query was routed to, or the answer to what is not for any."""
    if route is None:
        text = f"no server block for {names.to_text(query.name)}"
        return Reply.failure(Ede.PROHIBITED, text, rcode=_not_here(query))
    if query.class_ != Class.IN and query.class_ not in route.classes:
        text = f"no plugin takes class {class_text(query.class_)}"
        return Reply.failure(Ede.NOT_SUPPORTED, text, rcode=_not_here(query))
    chain = route.chains.get(query.flags >> 11 & 15)
    if chain is None:
        text = f"no plugin takes {opcode_text(query.opcode)} for {names.to_text(query.zone)}"
        return Reply.failure(Ede.NOT_SUPPORTED, text, rcode=Rcode.NOTIMP)
    return chain


def _not_here(query: Query) -> Rcode:
    """An update of a zone that is none of the server's has an rcode of its own (RFC 2136 section 3.1.1)."""
    return Rcode.NOTAUTH if query.opcode == Opcode.UPDATE else Rcode.REFUSED


def _raised_by(trace: TracebackType | None) -> str:
    """The name of the plugin that an exception came out of first; empty where none had a part in it."""
    by = ""
    while trace is not None:
        for name in ("self", "plugin"):  # a plugin's own function, and the link to it
            who = trace.tb_frame.f_locals.get(name)
            if isinstance(who, Plugin):
                by = who.name  # the innermost is the last
        trace = trace.tb_next
    return by
