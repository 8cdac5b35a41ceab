"""Answer A, AAAA and PTR from hosts files and entries in the Corefile, and follow the files as they change."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final, Self

import trio

from pydns import names
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.look import Look
from pydns.packed import Packed
from pydns.plugin import AtOnce, Turn
from pydns.query import Query
from pydns.records import Class, Ede, Type
from pydns.reply import Reply
from pydns.watch import POLL
from pydns_plugins.hosts.content import Content
from pydns_plugins.hosts.loader import Loaded, Loader, Settings
from pydns_plugins.hosts.options import Options, read_options

log = logging.getLogger("pydns.hosts")

RETRY: Final = 5.0
"""Seconds after which a file is tried again that could not be read, though nothing about it changed."""

NO_FILE: Final = Path("/dev/null")
"""So Corefiles say that there is no file, since without a FILE it is /etc/hosts."""

# Plain numbers: each look at a member of an enumeration costs as much as a comparison.
_A, _AAAA, _PTR, _IN = int(Type.A), int(Type.AAAA), int(Type.PTR), int(Class.IN)


class Hosts(AtOnce):
    """The hosts directive of one server block."""

    name: ClassVar[str] = "hosts"

    def __init__(self, options: Options) -> None:
        self.options = options
        self._zones = frozenset(options.zones)
        self._every_name = names.ROOT in self._zones
        self._fallthrough = frozenset(options.fallthrough)
        self._lets_some_on = bool(options.fallthrough) or not self._every_name  # queries for names
        self._loader = Loader(options.inline, Settings(options.zones, options.reverse, options.ttl))
        self._content: Content | None = None

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(values.once(directives), block)),)

    def at_once(self, query: Query) -> Reply | Turn:
        name, type_ = query.name, query.type
        if query.class_ != _IN:
            return Turn.NEXT
        content = self._content
        if content is None:
            if self._every_name or names.longest_match(name, self._zones) is not None:
                return Reply.failure(Ede.NOT_READY, "hosts: the files are not read yet", by=self.name)
            return Turn.NEXT
        if type_ == _PTR:
            # Zones say whose names are given, not which addresses may be asked. An unknown one goes on, as in CoreDNS.
            found = content.reverse(name) if self.options.reverse else None
            if found is None:
                return Turn.NEXT
            reply = Reply(found[0], flags=Reply.AA, by="hosts", why=found[1])
            reply.local = True
            return reply
        if not self._every_name and names.longest_match(name, self._zones) is None:
            return Turn.NEXT
        is_address = type_ in (_A, _AAAA)
        if not is_address and self.options.unsupported and self._may_fall_through(name):
            return Turn.NEXT
        entry = content.find(name)
        if entry is None:
            if self._may_fall_through(name):
                return Turn.NEXT
            # There is no SOA to prove an NXDOMAIN with (RFC 2308 section 3), so it is SERVFAIL, as in CoreDNS.
            text = f"hosts: no entry for {names.to_text(name)} and no fallthrough"
            return Reply.failure(Ede.OTHER, text, by=self.name)
        a, aaaa, why = entry
        answer = (a if type_ == _A else aaaa) if is_address else ()
        reply = Reply(answer, flags=Reply.AA, by="hosts", why=why)
        reply.local = True
        if not answer:
            reply.lifetime = self.options.ttl  # no record says how long it holds; a change ends it at once anyhow
        return reply

    def packed(self, name: bytes, type_: int) -> Packed | Turn:
        content = self._content
        if content is None:
            return Turn.SERVE
        if type_ != _A and type_ != _AAAA:
            may_go_on = self._lets_some_on or type_ == _PTR
            return Turn.NEXT if may_go_on and self._has_none(content, name, type_) else Turn.SERVE
        if not self._every_name and names.longest_match(name, self._zones) is None:
            return Turn.NEXT
        found = content.packed(name, type_)
        if found is None:
            return Turn.NEXT if self._may_fall_through(name) else Turn.SERVE
        return found

    def _has_none(self, content: Content, name: bytes, type_: int) -> bool:
        """Whether a query for another type than A and AAAA goes on."""
        if type_ == _PTR:
            return not self.options.reverse or content.reverse(name) is None
        if not self._every_name and names.longest_match(name, self._zones) is None:
            return True
        return self._may_fall_through(name) and (self.options.unsupported or content.packed(name, _A) is None)

    def _may_fall_through(self, name: bytes) -> bool:
        """Whether a query for what is not here goes on to the next plugin."""
        return names.longest_match(name, self._fallthrough) is not None

    def stops(self) -> Sequence[bytes]:
        """Of these, unknown PTRs still go on."""
        return [zone for zone in self.options.zones if not names.overlaps(zone, self._fallthrough)]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        for word in self.options.strangers:
            log.warning("%s: %s is in none of the zones of hosts and is never answered", word.position, word)
        self._loader.family = self.house.family
        reload = self.options.reload
        wanted = [path for path in self.options.files if path != NO_FILE]
        with self.house.files.follow(wanted, every=POLL if reload is None else reload) as files:
            await self._load(files.look)
            task_status.started()
            while reload != 0:
                with trio.move_on_after(RETRY if self._loader.failing else float("inf")):
                    await files.changed()
                await self._load(files.look)

    async def _load(self, look: Look) -> None:
        loaded = await self._loader.load(look)
        if loaded is not None:
            self._publish(loaded)
        metrics = self.house.metrics
        label = str(self.options.files[0])
        for name, help_, value in (
            ("coredns_hosts_entries", "The combined number of entries in hosts and Corefile.", self._loader.entries),
            ("pydns_hosts_faults", "Bad lines and names in hosts files.", self._loader.faults),
            ("pydns_hosts_complaints", "Hosts files that cannot be used as they are now.", self._loader.complaints),
        ):
            metrics.gauge(name, help_, "hostsfile").set(label, to=value)
        metrics.gauge("coredns_hosts_reload_timestamp_seconds", "The timestamp of the last reload of hosts file.").set(
            to=self._loader.modified
        )

    def _publish(self, loaded: Loaded) -> None:
        """New content and the end of old answers in one step."""
        first = self._content is None
        self._content = loaded.content
        if not first:
            if loaded.changed is None:
                self.house.changes.everything()
            else:
                self.house.changes.names(loaded.changed)
        files = " ".join(map(str, self.options.files))
        log.info("%s: %d entries (+%d -%d)", files, self._loader.pairs, loaded.added, loaded.removed)
        changes = self.house.metrics.counter(
            "pydns_hosts_changes_total", "Entries that came and went.", "hostsfile", "change", merge="max"
        )
        changes.add(str(self.options.files[0]), "added", amount=loaded.added)
        changes.add(str(self.options.files[0]), "removed", amount=loaded.removed)

    def ready(self) -> bool:
        return self._content is not None

    def inherit(self, old: Self) -> None:
        """The data of before serves on until the files were looked at; only changed ones are read again."""
        self._loader.inherit(old._loader)
        self._content = old._content
