"""Ask other servers: over UDP and TCP, the healthy ones first, and never believe a forged answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.later import Later
from pydns.names import ROOT, is_within
from pydns.plugin import CallNext, Plugin, Turn, leave
from pydns.query import Query
from pydns.records import Class, Ede, Rcode, Type
from pydns.relay import Relay
from pydns.reply import OVERLOAD, Reply
from pydns.upstream.endpoint import Endpoint
from pydns.upstream.pool import Pool
from pydns.upstream.resolvconf import MOST_OCTETS, nameservers
from pydns.watch import read_whole
from pydns_plugins.forward.asking import Asked, Asking
from pydns_plugins.forward.numbers import Numbers
from pydns_plugins.forward.options import MAX_UPSTREAMS, Options, read

if TYPE_CHECKING:
    from pydns.upstream.exchange import Exchange
    from pydns.upstream.upstream import Upstream

log = logging.getLogger("pydns.forward")

_TRANSFERS: Final = frozenset((Type.AXFR, Type.IXFR))
_RELAYED: Final = frozenset((Rcode.NOERROR, Rcode.NXDOMAIN))  # nobody above has a word to say about these


class Forward(Plugin):
    """One `forward` directive. Several in a block are asked in their order: each passes on what is not its own."""

    name: ClassVar[str] = "forward"
    frees_task: ClassVar[bool] = True
    answers_later: ClassVar[bool] = True

    classes: ClassVar[frozenset[int]] = frozenset((Class.IN, Class.CH))
    """CH too, so that `version.bind` can be asked of an upstream, as in CoreDNS."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.followers: Sequence[Forward] = ()
        self._takes_all = options.zones == (ROOT,) and not options.except_
        self.pool = Pool(options.limits, options.checks, (to for to in options.targets if isinstance(to, Endpoint)))
        self.under_way = 0
        self._most = options.max_concurrent  # of it what is this process's own
        self._asking = Asking(options)
        self._numbers = Numbers(self._asking)
        self._read: dict[Path, tuple[Endpoint, ...]] = {}  # what files said when they last said something

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        errors: list[CorefileError] = []
        found = [cls(options) for _, options in values.each(directives, lambda each: read(each, block), errors)]
        if errors:
            raise CorefileErrorGroup(errors)
        for i, forward in enumerate(found):
            forward.followers = tuple(found[i + 1 :])
        return found

    @property
    def zones(self) -> Sequence[bytes]:
        return self.options.zones

    def takes(self, name: bytes) -> bool:
        """The name is in FROM, and not in `except`, which FROM itself never is."""
        options = self.options
        if not any(is_within(name, zone) for zone in options.zones):
            return False
        if not options.except_ or name in options.zones:
            return True
        return not any(is_within(name, zone) for zone in options.except_)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        if not self._takes_all and not self.takes(query.name):
            return await call_next(query)
        options = self.options
        if self._most and self.under_way >= self._most:
            self._numbers.rejects += 1
            text = f"{options.max_concurrent} queries are forwarded already"
            return Reply.failure(Ede.OTHER, text, rcode=Rcode.REFUSED, by=self.name)
        if query.type in _TRANSFERS:
            return Reply.failure(
                Ede.NOT_SUPPORTED, "a zone transfer is not forwarded", rcode=Rcode.NOTIMP, by=self.name
            )
        if not self.pool.upstreams:
            return Reply.failure(Ede.NO_REACHABLE_AUTHORITY, f"no name server in {self._files()}", by=self.name)
        if self.house.crowded():
            return Reply.drop(OVERLOAD)
        self.under_way += 1
        try:
            reply = await self._asking.ask(query, self.pool, self.house.crowded)
        finally:
            self.under_way -= 1
        if self.followers and self._leads_on(reply) and any(follower.takes(query.name) for follower in self.followers):
            return await call_next(query)
        return reply

    def at_once(self, query: Query) -> Turn | Later:
        """Asks the first upstream, where nothing speaks against it; what comes of it is a reply or a beginning."""
        if not self._takes_all and not self.takes(query.name):
            return Turn.NEXT
        if self.options.max_concurrent or self.followers or query.type in _TRANSFERS:
            return Turn.SERVE
        return self._asking.begin(query, self.pool) or Turn.SERVE

    amend = leave

    def relay(self, below: Relay | None) -> Relay | None:
        options = self.options
        if options.max_concurrent or self.followers or options.force_tcp or self._asking.measures:
            return None
        return Relay(self._upstream, options.read_timeout, self.name, _RELAYED - options.failover, self._later)

    def _upstream(self, name: bytes, type_: int) -> Upstream | None:
        if not self._takes_all and not self.takes(name):
            return None
        return self._asking.first(self.pool)

    def _later(self, query: Query, exchange: Exchange) -> Later:
        return Asked(query, self.options.failover, exchange)

    def stops(self) -> Sequence[bytes]:
        options = self.options
        if self.followers and (options.next or options.next_on_nodata):
            return ()

        def is_whole(zone: bytes) -> bool:
            return not any(is_within(zone, each) or is_within(each, zone) for each in options.except_)

        return [zone for zone in options.zones if is_whole(zone)]

    def _leads_on(self, reply: Reply) -> bool:
        """True where `next` or `next_on_nodata` names such an answer of an upstream."""
        wire = reply.wire
        if wire is None:
            return False
        if reply.rcode in self.options.next:
            return True
        return self.options.next_on_nodata and reply.rcode == Rcode.NOERROR and wire[6:8] == b"\0\0"

    def _files(self) -> str:
        return ", ".join(map(str, self.options.files))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._most = self.house.family.portion(self.options.max_concurrent)
        self._numbers.begin(self.house.metrics, self.pool)
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self.pool.run)
                if self.options.files:
                    await nursery.start(self._follow)
                task_status.started()
        finally:
            self._numbers.end()

    def ready(self) -> bool:
        return bool(self.pool.upstreams)

    def inherit(self, old: Self) -> None:
        self.pool = old.pool
        self._read = old._read

    async def _follow(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Keeps the upstreams as the files have them."""
        with self.house.files.follow(self.options.files) as files:
            await self._load()
            task_status.started()
            while True:
                await files.changed()
                await self._load()

    async def _load(self) -> None:
        """A file that names no server, or that cannot be read, leaves what it said before."""
        for path in self.options.files:
            kept = "its last name servers stay" if path in self._read else "there are none from it"
            try:
                text = (await read_whole(path, MOST_OCTETS)).decode("utf-8", "replace")
            except OSError as error:
                log.warning("%s: %s; %s", path, error.strerror or error, kept)
                continue
            found = nameservers(text, str(path))
            if found:
                self._read[path] = found
            else:
                log.warning("%s: no nameserver line; %s", path, kept)
        endpoints: list[Endpoint] = []
        for target in self.options.targets:
            endpoints.extend((target,) if isinstance(target, Endpoint) else self._read.get(target, ()))
        endpoints = list(dict.fromkeys(endpoints))
        if len(endpoints) > MAX_UPSTREAMS:
            log.warning(
                "%d upstreams with those of %s; the first %d are asked", len(endpoints), self._files(), MAX_UPSTREAMS
            )
        self._publish(endpoints[:MAX_UPSTREAMS])

    def _publish(self, endpoints: Sequence[Endpoint]) -> None:
        old = tuple(upstream.endpoint for upstream in self.pool.upstreams)
        if tuple(endpoints) == old:
            return
        self._numbers.hand_in()
        self.pool.replace(endpoints)
        log.info("upstreams are now %s", " ".join(map(str, endpoints)))
        if old:  # other servers may answer otherwise
            for zone in self.options.zones:
                self.house.changes.zone(zone)
