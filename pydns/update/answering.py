"""Answers UPDATE queries (RFC 2136 section 3) for a plugin whose zones take them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import trio

from pydns.names import to_text
from pydns.records import Class, Ede, Rcode, Type, rcode_text
from pydns.reply import Reply
from pydns.update.performing import Outcome
from pydns.update.updated import Updated

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.query import Query
    from pydns.zone.following import Following

log = logging.getLogger("pydns.update")

_TOLD: Final = 20  # refusals that the log tells in a minute: anybody may ask for them
_MINUTE: Final = 60.0


class Answering:
    """`plugin` is the name of the plugin that holds the zones."""

    def __init__(self, plugin: str, zones: Mapping[bytes, Following]) -> None:
        self._plugin = plugin
        self._zones = zones
        self._told: deque[float] = deque(maxlen=_TOLD)

    async def answer(self, query: Query, metrics: Metrics) -> Reply:
        outcome = await self._outcome(query)
        zone = to_text(query.name) if self._zone(query) is not None else ""
        help_ = "UPDATE queries by zone, empty where it is none of ours, and rcode."
        metrics.counter("pydns_update_requests_total", help_, "zone", "rcode").add(zone, rcode_text(outcome.rcode))
        if outcome.rcode == Rcode.NOERROR:
            return Reply(by=self._plugin, why="updated", replay=False)
        self._tell(query, outcome)
        text = f"{self._plugin}: {outcome.text}"
        return Reply.failure(outcome.code, text, rcode=outcome.rcode, by=self._plugin)

    async def _outcome(self, query: Query) -> Outcome:
        if query.type != Type.SOA:
            return Outcome(Rcode.FORMERR, Ede.OTHER, "the zone section of an update has the type SOA")
        zone = self._zone(query)
        if zone is None:
            return Outcome(Rcode.NOTAUTH, Ede.NOT_AUTHORITATIVE, f"{to_text(query.name)} is no zone here")
        if not isinstance(zone, Updated):
            return Outcome(Rcode.REFUSED, Ede.PROHIBITED, f"{to_text(query.name)} takes no updates")
        signature = query.signature
        if signature is None:
            return Outcome(Rcode.REFUSED, Ede.PROHIBITED, "an update wants a signature")
        return await zone.relay.perform(query.origin.wire, signature.key, query.client.peer.host)

    def _zone(self, query: Query) -> Following | None:
        """The zone that it is about, and of the class of ours (RFC 2136 section 3.1.1)."""
        return self._zones.get(query.name) if query.class_ == Class.IN else None

    def _tell(self, query: Query, outcome: Outcome) -> None:
        now = trio.current_time()
        if len(self._told) == _TOLD and now - self._told[0] < _MINUTE:
            return
        self._told.append(now)
        rcode, host = rcode_text(outcome.rcode), query.client.peer.host
        log.warning("%s: update from %s: %s: %s", to_text(query.name), host, rcode, outcome.text)
