"""Complete a client's search path in its place: one query and one answer, where it would send five."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar, Self

import trio

from pydns import names
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.errors import WireError
from pydns.packed import Passage
from pydns.plugin import CallNext, Plugin, Turn, pass_on
from pydns.query import DepthError, Query
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.searchpath import KnowsSearchPath
from pydns.upstream.resolvconf import MOST_OCTETS, search_list
from pydns.watch import read_whole
from pydns_plugins.autopath.options import Options, read_options
from pydns_plugins.autopath.waste import Waste

log = logging.getLogger("pydns.autopath")

_NXDOMAIN = int(Rcode.NXDOMAIN)
_PASSAGE = Passage(missing=False)


class Autopath(Plugin):
    """The autopath directive of one server block."""

    name: ClassVar[str] = "autopath"
    frees_task: ClassVar[bool] = True
    amends_later: ClassVar[bool] = True

    host = Path("/etc/resolv.conf")
    """Where clients in a cluster have the rest of their search lists from: their node has the same."""

    def __init__(self, options: Options, block_zones: Sequence[bytes]) -> None:
        self.options = options
        self._zones = frozenset(options.zones)
        self._block_zones = frozenset(block_zones)
        self._search: tuple[bytes, ...] = ()
        self._knows: KnowsSearchPath | None = None
        self._waste: Waste | None = None
        self._complaint = ""

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(values.once(directives), block), block.zones),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        reply = await call_next(query)
        if reply.dropped or reply.rcode != _NXDOMAIN:
            return reply
        path = self._path(query)
        return await self._complete(query, reply, path, call_next) if path is not None else self._wasted(query, reply)

    at_once = pass_on

    def amend(self, query: Query, reply: Reply) -> Reply | Turn:
        if reply.rcode != _NXDOMAIN:
            return reply
        return Turn.SERVE if self._path(query) is not None else self._wasted(query, reply)

    def passage(self) -> Passage:
        return _PASSAGE

    def _path(self, query: Query) -> tuple[bytes, ...] | None:
        """The client's search path, where the name that it asks for was made by the first part of it."""
        name = query.name
        if query.depth or query.class_ != Class.IN or names.longest_match(name, self._zones) is None:
            return None
        if self._knows is not None:
            path = self._knows.search_path(name, lambda: ip_address(query.peer.host.partition("%")[0]).packed)
            return (*path, *self._search) if path is not None else None
        search = self._search
        return search if search and name != search[0] and names.is_within(name, search[0]) else None

    async def _complete(self, query: Query, first: Reply, path: tuple[bytes, ...], call_next: CallNext) -> Reply:
        """The first answer along the path that is no NXDOMAIN; the one that is there where there is none."""
        for name in _candidates(query.name, path):
            reply = await self._ask(query, name, call_next)
            if reply is None or reply.dropped or reply.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
                break  # nobody knows what it would have been: the client is to find out
            if reply.rcode == Rcode.NOERROR:
                return self._answer(query, name, reply)
        return self._wasted(query, first)

    async def _ask(self, query: Query, name: bytes, call_next: CallNext) -> Reply | None:
        """The answer for another name, its records to be seen; None where it cannot be had."""
        try:
            if names.longest_match(name, self._block_zones) is not None:
                return (await call_next(query.replace(name=name))).opened()
            return (await query.resolve(name, query.type)).opened()  # another server block's
        except (DepthError, WireError):
            return None

    def _answer(self, query: Query, name: bytes, reply: Reply) -> Reply:
        """The answer of another name, as one of the name that was asked for."""
        whole = reply.replace(by=self.name, why=f"{names.to_text(name)}, by the search path of the client")
        if reply.answer:
            cname = Record(query.name, Type.CNAME, Class.IN, reply.answer[0].ttl, name)
            whole.answer = (cname, *reply.answer)
        whole.flags &= ~Reply.AD  # of the CNAME there is no proof
        whole.local, whole.orders = False, None
        whole.replay = reply.replay and not reply.ages  # the TTL of the CNAME does not count down with the others
        whole.counters = (*reply.counters, self._counts().success(query.server))
        return whole

    def _wasted(self, query: Query, reply: Reply) -> Reply:
        """Notes that a name was denied which nobody but a search path has made."""
        namespace = self._group(query.name)
        if namespace is None or query.depth:  # what is asked from within is no client's search
            return reply
        return reply.replace(counters=(*reply.counters, self._counts().counter(namespace)))

    def _group(self, name: bytes) -> str | None:
        if self._knows is not None:
            return self._knows.group(name)
        return "" if any(names.is_within(name, each) for each in self._search) else None

    def _counts(self) -> Waste:
        if self._waste is None:
            self._waste = Waste(self.house.metrics)
        return self._waste

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        if self.options.plugin:
            self._knows = _found(self.options.plugin, self.house.siblings(self))
            self._knows.falls_through = not self.options.holds_back
        path = self.options.file or self.host
        with self.house.files.follow((path,)) as files:
            await self._load(path)
            task_status.started()
            while True:
                await files.changed()
                await self._load(path)

    async def _load(self, path: Path) -> None:
        try:
            text = (await read_whole(path, MOST_OCTETS)).decode("utf-8", "replace")
        except OSError as error:
            self._complain(f"{path}: cannot be read: {error.strerror or error}")
            return
        search = search_list(text, str(path))
        if not search and self.options.file is not None:
            self._complain(f"{path}: has no search list")
            return
        self._complaint = ""
        if search != self._search and self._search:
            self.house.changes.everything()
        self._search = search

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            log.warning("%s", complaint)
        self._complaint = complaint

    def inherit(self, old: Self) -> None:
        self._search = old._search


def _found(name: str, plugins: Sequence[Plugin]) -> KnowsSearchPath:
    """The plugin of that name. Raises ValueError."""
    for plugin in plugins:
        if plugin.name == name and isinstance(plugin, KnowsSearchPath):
            return plugin
    raise ValueError(f"{name} does not know where its clients look for names")


def _candidates(name: bytes, path: tuple[bytes, ...]) -> Iterator[bytes]:
    """What the client will ask for next, up to the bare name."""
    base = name[: len(name) - len(path[0])]
    for ending in dict.fromkeys((*path[1:], names.ROOT)):
        candidate = base + ending
        if candidate != name and len(candidate) <= names.MAX_LENGTH:
            yield candidate
