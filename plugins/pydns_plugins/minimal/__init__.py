"""Send no more than the answer: authority and additional records go where the client can do without them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns.corefile import values
from pydns.errors import WireError
from pydns.packed import FREE, Passage
from pydns.plugin import AtOnce
from pydns.query import Query
from pydns.records import Rcode, Type
from pydns.reply import Reply
from pydns.wire.scan import scan

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

_TRANSFERS: Final = frozenset((Type.AXFR, Type.IXFR))
_PROOFS: Final = frozenset((Type.NSEC, Type.NSEC3))
_NEEDED: Final = frozenset((Type.SOA, Type.NS))
_ANSWER: Final = 1  # as in `Entry.section`
_AUTHORITY: Final = 2


class Minimal(AtOnce):
    """Has no options."""

    name: ClassVar[str] = "minimal"

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        for directive in directives:
            values.alone(directive)
        return (cls(),)

    def amend(self, query: Query, reply: Reply) -> Reply:
        if reply.rcode != Rcode.NOERROR or reply.dropped or query.type in _TRANSFERS:
            return reply
        wire = reply.wire
        if wire is not None:
            return _cut(reply, wire, query.do)
        if not reply.authority and not reply.additional:
            return reply
        types = {record.type for record in reply.authority}
        return reply.replace(authority=(), additional=()) if _may_go(bool(reply.answer), types, query.do) else reply

    def passage(self) -> Passage:
        """A packed answer holds nothing that one can do without."""
        return FREE


def _cut(reply: Reply, wire: bytes, do: bool) -> Reply:
    """The message up to the end of its answer section. Nothing in there points to what stands behind it."""
    if wire[8:12] == b"\0\0\0\0":
        return reply
    try:
        layout = scan(wire)
    except WireError:
        return reply  # it is not ours to mend
    answer = [entry for entry in layout.entries if entry.section == _ANSWER]
    if not _may_go(bool(answer), {entry.type for entry in layout.entries if entry.section == _AUTHORITY}, do):
        return reply
    end = answer[-1].end if answer else layout.question_end
    return reply.replace(wire=wire[:8] + b"\0\0\0\0" + wire[12:end])


def _may_go(answered: bool, authority: Collection[int], do: bool) -> bool:
    """Whether the records behind the answer may go, from the types in the authority section."""
    if answered:
        # A validator needs the proof that a wildcard's answer was due (RFC 4035 section 3.1.3.3).
        return not (do and _PROOFS.intersection(authority))
    # Without an answer it may be a denial or a delegation, which are in the authority section (RFC 2308 section 2.2).
    return not _NEEDED.intersection(authority)
