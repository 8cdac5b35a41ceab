"""Sign answers as they go, for who wants to validate them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import names
from pydns.corefile import values
from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import DnssecError
from pydns.dnssec.ds import NO_CDNSKEY, NO_CDS, ds
from pydns.dnssec.keyfiles import SigningKey
from pydns.errors import WireError
from pydns.packed import Packed, Passage
from pydns.plugin import CallNext, Plugin, Turn
from pydns.query import Query
from pydns.records import Class, Ede, Rcode, Record, Type
from pydns.reply import OVERLOAD, Reply
from pydns.signing.examination import examine
from pydns.zone.master.reading import Fault
from pydns_plugins.dnssec.denial import NXNAME
from pydns_plugins.dnssec.known import Known
from pydns_plugins.dnssec.options import Options, read_options
from pydns_plugins.dnssec.plan import ORIGINAL_TTL, Plan, Planner, RRset
from pydns_plugins.dnssec.signatures import Signatures

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

log = logging.getLogger("pydns.dnssec")

_IN = int(Class.IN)
_KEY_TYPES: Final = frozenset((int(Type.DNSKEY), int(Type.CDS), int(Type.CDNSKEY)))
_NEVER: Final = frozenset((int(Type.AXFR), int(Type.IXFR)))


class Dnssec(Plugin):
    """The dnssec directive of one server block."""

    name: ClassVar[str] = "dnssec"
    frees_task = True

    def __init__(self, options: Options) -> None:
        self.options = options
        self.signatures = Signatures(options.capacity)
        self._zones = frozenset(options.zones)
        self._apex = _KEY_TYPES if options.cds else frozenset((int(Type.DNSKEY),))
        self._known = Known(())
        self._planner = self._make_planner()
        self._hits: dict[str, int] = {}
        self._misses: dict[str, int] = {}
        self._before: Dnssec | None = None
        self._failed = False

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(values.once(directives), block)),)

    # Answers

    def at_once(self, query: Query) -> Reply | Turn:
        own = self._own(query)
        if own is None:
            return Turn.NEXT
        return own if own.rcode else self.amend(query, own)

    def amend(self, query: Query, reply: Reply) -> Reply | Turn:
        """Where all signatures are at hand that is all."""
        if not self._wants(query, reply):
            return reply
        if not self.signatures.keys:
            return self._not_ready()
        if reply.wire is not None:
            return Turn.SERVE
        plan = self._planner.plan(query, reply, reply.ages)
        if plan is None:
            return reply
        made = self.signatures.made
        signed = self._sign(query, plan, reply)
        if signed is None:
            return Turn.SERVE
        made = self.signatures.made - made
        self._hits[query.server] = self._hits.get(query.server, 0) + len(plan.wanted()) - made
        self._misses[query.server] = self._misses.get(query.server, 0) + made
        return signed

    def packed(self, name: bytes, type_: int) -> Packed | Turn:
        """Nobody else has the keys."""
        return Turn.SERVE if type_ in _KEY_TYPES and name in self._zones else Turn.NEXT

    def passage(self) -> Passage:
        return Passage(signs=True)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        own = self._own(query)
        reply = own or await call_next(query)
        if not self._wants(query, reply) or (reply.rcode and own is not None):
            return reply
        if not self.signatures.keys:
            return self._not_ready()
        try:
            opened = reply.opened()
        except WireError:
            return reply
        plan = self._planner.plan(query, opened, reply.ages or reply.wire is not None)
        if plan is None:
            return reply
        made = self.signatures.made
        missing = [each for each in plan.wanted() if self.signatures.at_once(each) is None]
        made = self.signatures.made - made + len(missing)
        self._hits[query.server] = self._hits.get(query.server, 0) + len(plan.wanted()) - made
        self._misses[query.server] = self._misses.get(query.server, 0) + made
        for _ in range(3):  # in which some of the others may go again, where very many are wanted
            if missing:
                if self.house.crowded():
                    return Reply.drop(OVERLOAD)
                await self.signatures.make(missing)
            signed = self._sign(query, plan, opened)
            if signed is not None:
                return signed
            missing = [each for each in plan.wanted() if self.signatures.find(each) is None]
        return Reply.failure(Ede.OTHER, f"{self.name}: signatures are made too slowly", by=self.name)

    def _wants(self, query: Query, reply: Reply) -> bool:
        edns = query.edns
        if edns is None or not edns.do or reply.dropped or query.class_ != _IN or query.type in _NEVER:
            return False
        return names.longest_match(query.name, self._zones) is not None

    def _make_planner(self) -> Planner:
        return Planner(self.options.zones, self.options.compact, self._known, self._apex)

    def _own(self, query: Query) -> Reply | None:
        """The answer to a question for the keys; None where it is not one."""
        if query.type == NXNAME and query.class_ == _IN:
            if names.longest_match(query.name, self._zones) is None:
                return None
            # RFC 9824 section 3.5: it stands in bitmaps alone.
            return Reply.failure(Ede.INVALID_QUERY_TYPE, "no name has such records", rcode=Rcode.FORMERR, by=self.name)
        if query.type not in self._apex or query.name not in self._zones or query.class_ != _IN:
            return None
        if self._known.is_signed(query.name):
            return None  # it has the keys that it was signed with
        if not self.signatures.keys:
            return self._not_ready()
        if query.type == Type.DNSKEY:
            rdatas = [key.rdata for key in self.signatures.keys]
        elif self.options.no_ds:
            rdatas = [NO_CDS if query.type == Type.CDS else NO_CDNSKEY]
        else:
            pointed = [key for key in self.signatures.keys if key.is_sep] or self.signatures.keys
            of_zone = [key.of(query.name) for key in pointed]
            rdatas = [key.rdata if query.type == Type.CDNSKEY else ds(key) for key in of_zone]
        answer = [Record(query.name, query.type, _IN, ORIGINAL_TTL, rdata) for rdata in rdatas]
        reply = Reply(answer, flags=Reply.AA, by=self.name, why="the zone's keys")
        reply.local = True
        return reply

    def _not_ready(self) -> Reply:
        """Without signatures who validates would take the answer for a forgery, and so would who is behind it."""
        return Reply.failure(Ede.NOT_READY, f"{self.name}: the keys are not there", by=self.name)

    def _sign(self, query: Query, plan: Plan, reply: Reply) -> Reply | None:
        """The signed reply; None where a signature is missing."""
        sections = []
        for section in plan[:3]:
            records: list[Record] = []
            for rrset in section:
                signed = self._with_signatures(rrset)
                if signed is None:
                    return None
                records += signed
            sections.append(records)
        answer, authority, additional = sections
        flags = reply.flags | Reply.CO if self._planner.tells_compact(query) else reply.flags
        return reply.replace(
            wire=None, answer=answer, authority=authority, additional=additional, rcode=plan.rcode, flags=flags
        )

    def _with_signatures(self, rrset: RRset) -> Sequence[Record] | None:
        records, unsigned = rrset
        if unsigned is None:
            return records
        found = self.signatures.at_once(unsigned)
        if found is None:
            return None
        ttl = records[0].ttl
        if unsigned.records[0].ttl != ttl:
            found = tuple([record._replace(ttl=ttl) for record in found])
        return (*records, *found)

    # Life

    def examine(self) -> Sequence[Fault]:
        return examine(self.options.keys, self.options.zones)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        block = self.house.siblings(self)
        self._known = Known(block[block.index(self) + 1 :] if self in block else ())
        self._planner = self._make_planner()
        paths = [path for key in self.options.keys for path in keyfiles.files(key)]
        with self.house.files.follow(paths) as files:
            await self._load_anew()
            before, self._before = self._before, None
            if before is not None:
                self.signatures.take(before.signatures)
            self.house.metrics.before_reading(self._count)
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self.signatures.run)
                    task_status.started()
                    while True:
                        await files.changed()
                        await self._load_anew()
            finally:
                self._count()
                self.house.metrics.forget(self._count)

    async def _load(self) -> Sequence[SigningKey]:
        found: dict[bytes, SigningKey] = {}
        for path in self.options.keys:
            key = await trio.to_thread.run_sync(keyfiles.read, path)
            found[key.rdata] = key
        return tuple(found.values())

    async def _load_anew(self) -> None:
        try:
            keys = await self._load()
        except DnssecError as error:
            stay = "the keys of before sign on" if self.signatures.keys else "who wants signatures gets SERVFAIL"
            log.error("%s; %s", error, stay)
            self._failed = True
            return
        if self._failed:
            self._failed = False
            log.info("%s: the keys can be read again", names.to_text(self.options.zones[0]))
        if [key.rdata for key in keys] == [key.rdata for key in self.signatures.keys]:
            return
        self.signatures.change(keys)
        for zone in self.options.zones:
            self.house.changes.zone(zone)
        log.info("%s: keys %s", names.to_text(self.options.zones[0]), ", ".join(str(key.tag) for key in keys))

    def ready(self) -> bool:
        return bool(self.signatures.keys)

    def inherit(self, old: Self) -> None:
        self._before = old

    def _count(self) -> None:
        """Hands in what was counted."""
        metrics = self.house.metrics
        entries = metrics.gauge(
            "coredns_dnssec_cache_entries", "The number of elements in the dnssec cache.", "server", "type", merge="sum"
        )
        for counts, name, words in (
            (self._hits, "coredns_dnssec_cache_hits_total", "The count of cache hits."),
            (self._misses, "coredns_dnssec_cache_misses_total", "The count of cache misses."),
        ):
            counter = metrics.counter(name, words, "server")
            for server, count in counts.items():
                counter.add(server, amount=count)
                entries.set(server, "signature", to=len(self.signatures))
            counts.clear()
