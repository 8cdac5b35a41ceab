"""Give zones to secondaries (AXFR, IXFR), and tell them when one has changed (NOTIFY)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import names
from pydns.errors import WireError
from pydns.plugin import CallNext, Plugin, Turn, leave, none_packed
from pydns.records import Class, Ede, Rcode, Type, type_text
from pydns.reply import Reply
from pydns.tsig.ring import NamesKeys
from pydns.wire.edns import OUR_SIZE
from pydns.zone.holder import Held, HoldsZones
from pydns_plugins.transfer.content import Content, serial_in, since, whole
from pydns_plugins.transfer.notices import Notices
from pydns_plugins.transfer.options import Rule, read_rules
from pydns_plugins.transfer.outgoing import About, Outgoing
from pydns_plugins.transfer.packing import pack

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word
    from pydns.query import Query
    from pydns.zone.zone import Zone

AT_ONCE: Final = 100
PER_CLIENT: Final = 10
"""Transfers under way, in all and to one address; who wants another one is told to come again."""

SHORT: Final = 1000
"""Records of one that does not count for that, since it is over at once.

NSD asks for all zones that it is to have in one go, and who was told to come again comes after a long while.
"""

_TRANSFERS: Final = frozenset((int(Type.AXFR), int(Type.IXFR)))
_FLAGS: Final = 0x8400  # a response, authoritative
_FEW: Final = 64  # records of differences that may fit a datagram
_OPT_ROOM: Final = 11


class Transfer(Plugin, NamesKeys):
    """All transfer directives of one server block: the one with the longest zone that holds the name counts."""

    name: ClassVar[str] = "transfer"
    frees_task: ClassVar[bool] = True
    amends_later: ClassVar[bool] = True
    packed = none_packed
    amend = leave

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules: dict[bytes, Rule] = {}
        for rule in rules:
            for zone in rule.zones:
                self.rules.setdefault(zone, rule)  # the first, as in CoreDNS
        self._notices = Notices(self)
        self._under_way: Counter[str] = Counter()

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_rules(directives, block)),)

    def named_keys(self) -> Iterable[tuple[bytes, Word]]:
        to = (each for rule in self.rules.values() for each in rule.to)
        return [(each.key, each.word) for each in to if each.key is not None and each.word is not None]

    def at_once(self, query: Query) -> Reply | Turn:
        return Turn.SERVE if query.type in _TRANSFERS else Turn.NEXT

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        rule = self.rule_of(query.name)
        if query.type not in _TRANSFERS or query.class_ != Class.IN or query.depth or rule is None:
            return await call_next(query)
        reply, outcome = self._answer(query, rule)
        reply.by = self.name
        reply.replay = False
        self._count(query, outcome)
        return reply

    def rule_of(self, zone: bytes) -> Rule | None:
        found = names.longest_match(zone, self.rules)  # type: ignore[arg-type]  # of a dict only its keys are read
        return None if found is None else self.rules[found]

    def _answer(self, query: Query, rule: Rule) -> tuple[Reply, str]:
        """The reply, and what it is counted as."""
        datagram = query.client.transport == "udp"
        if datagram and query.type == Type.AXFR:
            # Not defined over UDP (RFC 5936 section 4.2). NSD and Knot say NOTIMP, BIND FORMERR.
            return Reply.failure(Ede.NOT_SUPPORTED, "AXFR over UDP", rcode=Rcode.NOTIMP), "udp"
        signature = query.signature
        if not rule.lets(query.peer.host, signature.key if signature is not None else None):
            text = "transfer: not to this address" if signature is None else "transfer: not to this address and key"
            return Reply.failure(Ede.PROHIBITED, text, rcode=Rcode.REFUSED), "refused"
        held = self.find(query.name)
        if held is None:
            text = f"no zone {names.to_text(query.name)} to transfer"
            return Reply.failure(Ede.NOT_AUTHORITATIVE, text, rcode=Rcode.NOTAUTH), "not_authoritative"
        zone = held.zone
        if zone is None:
            return Reply.failure(Ede.NOT_READY, f"{names.to_text(query.name)} is not there now"), "not_ready"
        try:
            content = whole(zone) if query.type == Type.AXFR else since(held, zone, serial_in(query))
        except WireError as error:
            return Reply.failure(Ede.OTHER, error.reason, rcode=Rcode.FORMERR), "malformed"
        if datagram:
            return self._datagram(query, zone, content)
        if content.records > SHORT and self._is_busy(query.client.peer.host):
            return Reply.failure(Ede.OTHER, "as many transfers are under way as may be"), "busy"
        return self._stream(query, zone, content)

    def _datagram(self, query: Query, zone: Zone, content: Content) -> tuple[Reply, str]:
        """The differences where they fit, else the SOA alone: then the client comes over TCP (RFC 1995 section 2)."""
        if content.kind == "IXFR" and content.records <= _FEW:
            origin = query.origin
            question = origin.wire[12 : origin.question_end]
            first, *others = pack(content.chunks, _head(query), question)
            size = origin.edns.size if origin.edns is not None else 0
            room = min(max(size, 512), OUR_SIZE) - (_OPT_ROOM if origin.edns is not None else 0)
            if query.signature is not None:
                room -= query.signature.room
            if not others and len(first) <= room:
                return Reply(wire=first, flags=Reply.AA), "incremental"
        return Reply(zone.soa.records(), flags=Reply.AA), "current" if content.kind == "current" else "soa"

    def _stream(self, query: Query, zone: Zone, content: Content) -> tuple[Reply, str]:
        origin = query.origin
        packed = pack(content.chunks, _head(query), origin.wire[12 : origin.question_end])
        first = next(packed)
        reply = Reply(wire=first, flags=Reply.AA)
        peer, signature = query.client.peer, query.signature
        key = f" with key {names.to_text(signature.key)}" if signature is not None else ""
        what = f"{type_text(query.type)} of {names.to_text(zone.origin)} {zone.serial}"
        what += f" to {peer.host} port {peer.port}{key}"
        if content.kind != type_text(query.type):
            what += f" ({'the whole zone' if content.kind == 'AXFR' else 'it has that already'})"
        about = About(what, content.records)
        if about.records > SHORT:
            self._under_way[peer.host] += 1
        self._gauge(1)
        reply.following = Outgoing(first, packed, about, partial(self._end, peer.host, about))
        reply.why = content.kind
        return reply, {"AXFR": "full", "IXFR": "incremental", "current": "current"}[content.kind]

    def _is_busy(self, host: str) -> bool:
        return self._under_way.total() >= AT_ONCE or self._under_way[host] >= PER_CLIENT

    def _end(self, host: str, about: About, is_whole: bool) -> None:
        if about.records > SHORT:
            self._under_way[host] -= 1
            if not self._under_way[host]:
                del self._under_way[host]
        self._gauge(-1)
        if not is_whole:
            self.house.metrics.counter("pydns_transfer_broken_total", "Transfers that broke off.").add()

    def _gauge(self, more: int) -> None:
        text = "Transfers to secondaries that are under way."
        self.house.metrics.gauge("pydns_transfer_under_way", text, merge="sum").add(amount=more)

    def _count(self, query: Query, outcome: str) -> None:
        self.house.metrics.counter(
            "pydns_transfer_requests_total", "Queries for transfers, by how they were answered.", "type", "outcome"
        ).add(type_text(query.type), outcome)

    def held(self) -> Iterator[Held]:
        """All zones that plugins of the block hold, those of the first in the chain first."""
        for holder in self._holders():
            yield from holder.held()

    def find(self, origin: bytes) -> Held | None:
        """The zone of that name, of the first in the chain that holds it."""
        return next((held for holder in self._holders() if (held := holder.find(origin)) is not None), None)

    def _holders(self) -> Iterator[HoldsZones]:
        return (plugin for plugin in self.house.siblings(self) if isinstance(plugin, HoldsZones))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        await self._notices.run()

    def inherit(self, old: Self) -> None:
        """Who was told of a version is not told of it again."""
        self._notices.inherit(old._notices)


def _head(query: Query) -> bytes:
    origin = query.origin
    return origin.seen_id.to_bytes(2) + (_FLAGS | (origin.flags & 0x0100)).to_bytes(2) + bytes(8)
