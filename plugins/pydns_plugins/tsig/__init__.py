"""Check the signatures of queries (TSIG, RFC 8945), sign what answers them, and demand them where that is wanted."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import names
from pydns.corefile import values
from pydns.errors import WireError
from pydns.plugin import CallNext, Plugin, Turn, leave
from pydns.query import Query
from pydns.records import Ede, Opcode, Rcode, opcode_text, type_text
from pydns.reply import Reply
from pydns.tsig.record import may_hold_one
from pydns.tsig.ring import HoldsKeys, find_key
from pydns.tsig.server import Signature, read_signature
from pydns.watch import POLL
from pydns_plugins.tsig.files import KeysError, read_files
from pydns_plugins.tsig.options import Options, read_options
from pydns_plugins.tsig.signed import Signed

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.packed import Packed
    from pydns.tsig.key import Key

log = logging.getLogger("pydns.tsig")

RETRY: Final = 5.0
"""Seconds after which a file is tried again that could not be read, though nothing about it changed."""


class Tsig(Plugin, HoldsKeys):
    """The tsig directive of one server block."""

    name: ClassVar[str] = "tsig"
    every_opcode: ClassVar[bool] = True
    frees_task: ClassVar[bool] = True
    amends_later: ClassVar[bool] = True
    amend = leave

    def __init__(self, options: Options) -> None:
        self.options = options
        self._zones = frozenset(options.zones)
        self._from_files: dict[bytes, Key] = {}
        self._find = partial(find_key, self)

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(values.once(directives), block)),)

    def own_key(self, name: bytes) -> Key | None:
        return self.options.keys.get(name) or self._from_files.get(name)

    def may_know(self, name: bytes) -> bool:
        return name in self.options.keys or bool(self.options.files)

    def at_once(self, query: Query) -> Reply | Turn:
        if may_hold_one(query.wire, query.question_end, query.edns is not None):
            return Turn.SERVE
        return Turn.SERVE if self._demands(query.name, query.type, query.opcode) else Turn.NEXT

    def packed(self, name: bytes, type_: int) -> Packed | Turn:
        return Turn.SERVE if self._demands(name, type_, Opcode.QUERY) else Turn.NEXT

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        if query.depth or names.longest_match(query.name, self._zones) is None:
            return await call_next(query)
        signature: Signature | None = None
        if may_hold_one(query.wire, query.question_end, query.edns is not None):
            try:
                signature = read_signature(query.wire, self._find, time.time)
            except WireError as error:
                self._count("FORMERR")
                return Reply(rcode=Rcode.FORMERR, errors=((Ede.OTHER, error.reason),), by=self.name, replay=False)
        if signature is None:
            if self._demands(query.name, query.type, query.opcode):
                self._count("none")
                return self._refusal(query)
            return await call_next(query)
        self._count(signature.fault.name if signature.fault is not None else "good")
        if signature.fault is not None:
            log.debug("%s: %s of key %s", query.client.peer.host, signature.fault.name, names.to_text(signature.key))
            return _signed(Reply(rcode=Rcode.NOTAUTH, by=self.name, replay=False), signature)
        query.signature = signature
        reply = await call_next(query)
        return reply if reply.dropped else _signed(reply, signature)

    def _demands(self, name: bytes, type_: int, opcode: int) -> bool:
        options = self.options
        if not options.demands:
            return False
        demanded = (options.types is None or type_ in options.types) or (
            options.opcodes is None or opcode in options.opcodes
        )
        return demanded and names.longest_match(name, self._zones) is not None

    def _refusal(self, query: Query) -> Reply:
        what = type_text(query.type) if not query.opcode else opcode_text(query.opcode)
        text = f"tsig: {what} wants a signature here"
        return Reply.failure(Ede.PROHIBITED, text, rcode=Rcode.REFUSED, by=self.name)

    def _count(self, outcome: str) -> None:
        help_ = "Queries with a signature, or without one that was demanded, by what was found."
        self.house.metrics.counter("pydns_tsig_queries_total", help_, "outcome").add(outcome)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        if not self.options.files:
            task_status.started()
            return
        with self.house.files.follow(self.options.files, every=POLL) as files:
            failing = await self._load(at_start=True)
            task_status.started()
            while True:
                with trio.move_on_after(RETRY if failing else float("inf")):
                    await files.changed()
                failing = await self._load()

    async def _load(self, *, at_start: bool = False) -> bool:
        """Reads the files; what was known before holds on where one of them is not sound. True then."""
        try:
            found = await read_files(self.options.files, self.options.keys)
        except KeysError as error:
            if at_start:
                raise
            log.error("%s; the keys of before hold on", error)
            return True
        if found != self._from_files or at_start:
            log.info("%s: %d keys", " ".join(map(str, self.options.files)), len(found))
        self._from_files = found
        for hear in tuple(self.listeners_for_keys):
            hear()
        return False


def _signed(reply: Reply, signature: Signature) -> Reply:
    """The same reply; what leaves of it is signed, as the very last step."""
    following = Signed(reply.following, signature) if reply.following is not None else None
    return reply.replace(finish=(*reply.finish, signature), following=following, replay=False)
