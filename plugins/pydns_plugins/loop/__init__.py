"""Find forwarding loops while they are there, and take out the upstream that leads into one."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns.corefile import values
from pydns.names import LOWER, is_within, to_text
from pydns.plugin import CallNext, Plugin, Turn, leave
from pydns.query import Query
from pydns.records import Class, Ede, Type
from pydns.reply import Reply
from pydns.upstream.pool import AsksUpstreams
from pydns.upstream.request import Request
from pydns.waiter import Waiter

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.relay import Relay
    from pydns.upstream.upstream import Upstream

log = logging.getLogger("pydns.loop")

PATIENCE: Final = 2.0
"""Seconds in which a probe comes back, or is answered, or neither."""

QUIET: Final = 30.0
"""Seconds between two probes of an upstream that gives no cause for one."""

SUSPICIOUS: Final = 1.0
"""Seconds between two probes of one whose queries fail, as they do in a loop."""

CAUGHT: Final = 2.0
"""Seconds between two probes of one that leads into a loop."""

ALIKE: Final = 64
"""The same question to upstreams so many times between two looks is more than clients do: a probe goes out at once."""

_LOOK: Final = 0.25  # seconds between two looks at who is due
_RANDOM: Final = 16  # octets: nobody can ask for a probe's name before it has gone out
_SEAL: Final = 8  # octets by which other workers know it for one of ours
_LABEL: Final = bytes((2 * (_RANDOM + _SEAL),))
_WORD: Final = 0.5  # seconds in which another worker's word comes
_TOPIC: Final = "loop"  # what workers tell each other: a probe's first label
_RD: Final = 0x0100


class _Probe:
    """A question that must not come back, and the upstream that it was sent to."""

    __slots__ = ("came_back", "upstream", "zone")

    def __init__(self, upstream: Upstream, zone: bytes) -> None:
        self.upstream = upstream
        self.zone = zone
        self.came_back = trio.Event()


class Loop(Plugin):
    """The loop directive of one server block: it watches over all upstreams that the block's plugins ask."""

    name: ClassVar[str] = "loop"
    frees_task: ClassVar[bool] = True
    amends_later: ClassVar[bool] = True

    _probes: ClassVar[dict[bytes, _Probe]] = {}
    """Under way, by their first label. A probe of one block may come back by another, so all blocks know all."""

    def __init__(self, zones: Sequence[bytes]) -> None:
        self.zones = zones
        self._next: dict[Upstream, float] = {}  # when it is probed next
        self._troubles: dict[Upstream, int] = {}  # as they were at the last probe
        self._alike: dict[bytes, int] = {}  # what upstreams were asked since the last look, and how often
        self._watch = self._asked  # bound once
        self._wake = trio.Event()

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        values.alone(directive)
        return (cls(block.zones),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        if query.type == Type.HINFO and query.name[:1] == _LABEL and self._is_probe(query.name[1 : 1 + _LABEL[0]]):
            return Reply.failure(Ede.OTHER, "a probe for forwarding loops came back", by=self.name)
        return await call_next(query)

    def at_once(self, query: Query) -> Turn:
        return Turn.SERVE if query.type == Type.HINFO else Turn.NEXT

    amend = leave

    def relay(self, below: Relay | None) -> Relay | None:
        if below is None:
            return None
        ask, probes = below.upstream, int(Type.HINFO)

        def upstream(name: bytes, type_: int) -> Upstream | None:
            return None if type_ == probes else ask(name, type_)

        return below._replace(upstream=upstream)

    def _asked(self, question: bytes) -> None:
        """An upstream is asked this, whichever way the query took."""
        question = question.translate(LOWER)  # which makes some types one, and that does no harm
        count = self._alike[question] = self._alike.get(question, 0) + 1
        if count % ALIKE == 0:
            self._suspect()

    def _is_probe(self, label: bytes) -> bool:
        """Whether it has come back: to who sent it, or to another worker, which then tells who did."""
        probe = self._probes.get(label)
        if probe is not None:
            self._caught(probe)
            return True
        family = self.house.family
        if family.count == 1 or not hmac.compare_digest(self._seal(label[: 2 * _RANDOM]), label[2 * _RANDOM :]):
            return False
        family.say(_TOPIC, label)
        return True

    def _seal(self, random: bytes) -> bytes:
        return hmac.digest(self.house.family.secret, random, "sha256")[:_SEAL].hex().encode()

    def _heard(self, label: bytes) -> None:
        probe = self._probes.get(label)
        if probe is not None:
            self._caught(probe)

    def _suspect(self) -> None:
        """A question may be going round without a cache to stop it, thousands of times a second: look now."""
        now = trio.current_time()
        for upstream, due in self._next.items():
            if not upstream.looping and due > now + _LOOK and due - now < QUIET - _LOOK:
                self._next[upstream] = now
        self._wake.set()

    def _caught(self, probe: _Probe) -> None:
        probe.came_back.set()
        if not probe.upstream.looping:
            probe.upstream.looping = True
            log.warning(
                "forwarding loop: what is asked of %s for %s comes back to this server; it is not asked meanwhile",
                probe.upstream.name,
                to_text(probe.zone),
            )
            self._count(probe.upstream)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        try:
            with self.house.family.hear(_TOPIC, self._heard):
                async with trio.open_nursery() as nursery:
                    await self._keep_probing(nursery)
        finally:
            # A pool may live on without a loop directive to watch over it: then nobody else would let it be asked.
            for upstream in self._next:
                self._leave(upstream)
            for upstream in self._next.keys() - self._watched_by_others():
                self._release(upstream)

    async def _keep_probing(self, nursery: trio.Nursery) -> None:
        while True:
            now = trio.current_time()
            for upstream, zone in self._due(now):
                self._next[upstream] = now + QUIET
                nursery.start_soon(self._probe, upstream, zone)
            self._alike.clear()
            self._wake = trio.Event()
            with trio.move_on_after(_LOOK):
                await self._wake.wait()

    def _due(self, now: float) -> Iterator[tuple[Upstream, bytes]]:
        present: set[Upstream] = set()
        for plugin in self.house.siblings(self):
            if not isinstance(plugin, AsksUpstreams) or not plugin.pool.is_open:
                continue
            zone = self._zone(plugin)
            if zone is None:
                continue
            for upstream in plugin.pool.upstreams:
                present.add(upstream)
                upstream.watch = self._watch
                if upstream not in self._next:
                    self._next[upstream] = now
                elif upstream.troubles != self._troubles.get(upstream, 0):
                    self._next[upstream] = min(self._next[upstream], now + SUSPICIOUS)
                    self._troubles[upstream] = upstream.troubles
                if self._next[upstream] <= now:
                    yield upstream, zone
        for gone in self._next.keys() - present:
            self._next.pop(gone)
            self._troubles.pop(gone, None)
            self._leave(gone)
            self._release(gone)

    def _leave(self, upstream: Upstream) -> None:
        """It is not watched any more, unless the loop directive of another configuration has begun to."""
        if upstream.watch is self._watch:
            upstream.watch = None

    def _watched_by_others(self) -> set[Upstream]:
        blocks = (block for blocks in self.house.generations for block in blocks if self not in block)
        return {
            upstream
            for block in blocks
            if any(isinstance(plugin, Loop) for plugin in block)
            for plugin in block
            if isinstance(plugin, AsksUpstreams)
            for upstream in plugin.pool.upstreams
        }

    def _release(self, upstream: Upstream) -> None:
        """It may be asked, as far as loops go."""
        if upstream.looping:
            upstream.looping = False
            self._count(upstream)

    def _zone(self, plugin: AsksUpstreams) -> bytes | None:
        """A zone whose names come to this block, and are asked of that plugin's upstreams."""
        for asked in plugin.zones:
            for own in self.zones:
                if is_within(own, asked):
                    return own
                if is_within(asked, own):
                    return asked
        return None

    async def _probe(self, upstream: Upstream, zone: bytes) -> None:
        token = secrets.token_hex(_RANDOM).encode()
        token += self._seal(token)
        name = _LABEL + token + zone
        if len(name) > 255:
            return  # nothing below a zone of such a name can be asked for
        question = name + int(Type.HINFO).to_bytes(2) + int(Class.IN).to_bytes(2)
        probe = self._probes[token] = _Probe(upstream, zone)
        try:
            waiter = Waiter()
            now = trio.current_time()
            exchange = upstream.begin(
                Request(question, _RD, False), waiter.wake, now, stream=False, timeout=PATIENCE, latest=now + PATIENCE
            )
            while not exchange.done:
                await waiter
            if self.house.family.count > 1:
                # It is answered where it came back, and that may be quicker than the word of it.
                with trio.move_on_after(_WORD):
                    await probe.came_back.wait()
        finally:
            del self._probes[token]
        self._troubles[upstream] = upstream.troubles  # its own failure is no cause for another
        if probe.came_back.is_set():
            self._next[upstream] = trio.current_time() + CAUGHT
        elif upstream.looping:
            log.info("no forwarding loop through %s any more: it is asked again", upstream.name)
            self._release(upstream)

    def _count(self, upstream: Upstream) -> None:
        help_ = "1 where what is asked of an upstream comes back to this server, so that it is not asked."
        self.house.metrics.gauge("pydns_loop_upstream_looping", help_, "to").set(upstream.name, to=upstream.looping)
