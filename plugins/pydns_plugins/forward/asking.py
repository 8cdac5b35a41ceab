"""One query to the upstreams: who is asked, in which order, and when to give up."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import trio

from pydns.later import Later
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.upstream.answer import reply_of
from pydns.upstream.exchange import Exchange
from pydns.upstream.policy import POLICIES
from pydns.upstream.request import Request
from pydns.waiter import Waiter

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.upstream.pool import Pool
    from pydns.upstream.upstream import Upstream
    from pydns_plugins.forward.options import Options

DEADLINE: Final = 5.0
"""Seconds in which a query is answered, or has failed."""

MOST_AT_ONCE: Final = 2500
"""Exchanges under way; beyond these, queries go to the crew, which bounds them."""

_PAUSE: Final = 0.05  # seconds before upstreams that all failed are tried again
_STREAMS: Final = frozenset(("tcp", "tls", "https"))
_POOR: Final = frozenset((Rcode.SERVFAIL, Rcode.REFUSED))  # not worth more than a spare answer that is under way


class Asking:
    """How one forward asks its pool. `broken` counts queries that found all upstreams down.

    `measures`: see `pydns.upstream.policy`.
    """

    def __init__(self, options: Options) -> None:
        self._policy = POLICIES[options.policy]()
        self._options = options
        self.broken = 0
        self.measures = self._policy.measures

    def first(self, pool: Pool) -> Upstream | None:
        """Who is to be asked first; None where it takes more than one that can be asked now."""
        upstreams = pool.upstreams
        if not upstreams or self.measures or pool.under_way >= MOST_AT_ONCE:
            return None
        upstream = upstreams[0] if len(upstreams) == 1 else self._policy.order(upstreams)[0]
        return upstream if upstream.usable else None

    def begin(self, query: Query, pool: Pool) -> Asked | None:
        """Asks the first upstream; None where it takes more than that."""
        upstream = self.first(pool)
        if upstream is None:
            return None
        options, now = self._options, trio.current_time()
        asked = Asked(query, options.failover)
        exchange = upstream.begin(
            Request.of(query), asked.ended, now, self._over_stream(query), options.read_timeout, now + DEADLINE
        )
        if exchange.done:
            query.tried = exchange
            return None
        return asked

    def _over_stream(self, query: Query) -> bool:
        options = self._options
        return options.force_tcp or (query.client.transport in _STREAMS and not options.prefer_udp)

    async def ask(self, query: Query, pool: Pool, crowded: Callable[[], bool] = lambda: False) -> Reply:
        """The first answer that an upstream gives, or SERVFAIL with the reason.

        Where it is `crowded`, each upstream is asked once.
        """
        options, policy = self._options, self._policy
        upstreams = pool.upstreams
        request = Request.of(query)
        waiter, timeout = Waiter(query.may_be_set_aside), options.read_timeout
        now = trio.current_time()
        latest = now + DEADLINE
        stream = self._over_stream(query)
        most = options.max_connect_attempts
        order = upstreams if len(upstreams) == 1 else policy.order(upstreams)
        copied = policy.unmeasured(order[1:], now) if policy.measures else None

        tried = query.tried
        if isinstance(tried, Exchange) and tried.upstream in upstreams:
            query.tried = None
            latest = tried.sent + DEADLINE
            order = (*(upstream for upstream in order if upstream is not tried.upstream), tried.upstream)
        else:
            tried = None

        answered: tuple[Upstream, ...] = ()
        reply: Reply | None = None
        failure = ""
        attempts = 0
        for upstream in itertools.chain(() if tried is None else (tried.upstream,), self._candidates(order)):
            if upstream in answered:
                break  # once round: each of them gave an rcode that `failover` names, or none
            if tried is None:
                exchange = upstream.begin(request, waiter.wake, now, stream, timeout, latest)
            else:
                exchange, tried = tried, None
            if policy.measures:
                exchanges = [exchange]
                if copied is not None:
                    exchanges.append(copied.begin(request, waiter.wake, now, stream, timeout, latest))
                    copied = None
                exchange = await self._first_good(exchanges, order, request, waiter, latest)
            else:
                while not exchange.done:
                    await waiter
            if exchange.wire:
                exchange.upstream.counts.answered(exchange.rcode, exchange.seconds)
                reply = reply_of(exchange, query, "forward")
                if reply.rcode not in options.failover:
                    return reply
                answered += (exchange.upstream,)
                now = trio.current_time()
                continue
            failure = f"{exchange.upstream.name}: {exchange.failure}"
            attempts += 1
            if attempts == (2 * len(upstreams) if most is None else most):
                break
            if attempts % len(order) == 0:
                if crowded():
                    break
                await trio.sleep(_PAUSE)
            now = trio.current_time()
            if now >= latest:
                break
        if reply is not None:
            return reply
        return failed(failure or _why_none(upstreams))

    def _candidates(self, order: Sequence[Upstream]) -> Iterator[Upstream]:
        """Round after round those that are up; where none is, one at random, in case the checks are wrong.

        Never one whose queries come back to us.
        """
        while True:
            broken = True
            for upstream in order:
                if upstream.usable:
                    broken = False
                    yield upstream
            if broken:
                self.broken += 1
                others = [upstream for upstream in order if not upstream.looping]
                if others and not self._options.failfast:
                    yield random.choice(others)
                return

    async def _first_good(
        self,
        exchanges: list[Exchange],
        order: Sequence[Upstream],
        request: Request,
        waiter: Waiter,
        latest: float,
    ) -> Exchange:
        """Waits for the first of the exchanges that has a good answer, else for all of them.

        Where the policy has a spare query and the first upstream is slow, it is sent to the next one. A poor answer of
        the first counts as well once its time is up.
        """
        first = exchanges[0]
        patience = self._policy.patience(first.upstream)
        may_be_set_aside, waiter.may_be_set_aside = waiter.may_be_set_aside, False  # the scope is this task's
        with trio.move_on_after(patience):
            await _settle(exchanges, waiter)
        waiter.may_be_set_aside = may_be_set_aside
        best = _best(exchanges) or (first if first.wire else None)
        if best is None:
            asked = {exchange.upstream for exchange in exchanges}
            spare = next((each for each in order if each not in asked and each.usable), None)
            if spare is not None:
                timeout, now = self._options.read_timeout, trio.current_time()
                exchanges.append(spare.begin(request, waiter.wake, now, first.stream, timeout, latest))
            best = await _settle(exchanges, waiter)
        return best


class Asked(Later):
    """A query that the first upstream was asked, and the exchange when it has ended."""

    __slots__ = ("_exchange", "_failover", "_query")

    def __init__(self, query: Query, failover: frozenset[int], exchange: Exchange | None = None) -> None:
        super().__init__()
        self._query = query
        self._failover = failover
        self._exchange = exchange

    def ended(self, exchange: Exchange) -> None:
        """For the exchange."""
        if self.then is not None:
            self._exchange = exchange
            self.then(self)

    def reply(self) -> Reply | None:
        exchange, query = self._exchange, self._query
        assert exchange is not None
        self._exchange = None  # which holds this in turn: only the collector would free both
        if exchange.wire:
            reply = reply_of(exchange, query, "forward")
            if reply.rcode not in self._failover:
                exchange.upstream.counts.answered(exchange.rcode, exchange.seconds)
                return reply
        query.tried = exchange
        return None


async def _settle(exchanges: Sequence[Exchange], waiter: Waiter) -> Exchange:
    while (best := _best(exchanges)) is None:
        await waiter
    return best


def _best(exchanges: Sequence[Exchange]) -> Exchange | None:
    """The one to answer with: a good one at once, a poor one or a failed one when none is under way any more."""
    for exchange in exchanges:
        if exchange.wire and exchange.rcode not in _POOR:
            return exchange
    if all(exchange.done for exchange in exchanges):
        return next((exchange for exchange in exchanges if exchange.wire), exchanges[0])
    return None


def _why_none(upstreams: Sequence[Upstream]) -> str:
    looping = [upstream.name for upstream in upstreams if upstream.looping]
    if looping:
        return f"a forwarding loop: what is asked of {', '.join(looping)} comes back to this server"
    return "all upstreams are down"


def failed(reason: str) -> Reply:
    """SERVFAIL that tells why (RFC 8914 section 4.24)."""
    reply = Reply.failure(Ede.NETWORK_ERROR, reason, by="forward")
    reply.why = reason
    return reply
