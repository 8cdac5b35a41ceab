"""NOTIFY as it comes in (RFC 1996): what is asked of it, and what it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydns.errors import WireError
from pydns.names import to_text
from pydns.records import Ede, Rcode, Type
from pydns.reply import Reply
from pydns.transfer.reading import records
from pydns.transfer.soa import read_soa

if TYPE_CHECKING:
    from pydns.query import Query

_MOST: Final = 16
"""Records of its answer section that are looked at."""


def serial_in(query: Query) -> int | None:
    """The serial that it tells of; None where it tells of none. It is a hint and no more (section 3.7)."""
    wire = query.wire
    count = min(wire[6] << 8 | wire[7], _MOST)
    try:
        for owner, type_, _, rdata in records(wire, query.question_end, count):
            if owner == query.name and type_ == Type.SOA:
                return read_soa(rdata).serial
    except WireError:
        pass
    return None


def accepted(by: str, why: str) -> Reply:
    """Section 4.7: the question, and that we are who it is for."""
    return Reply(flags=Reply.AA, by=by, why=why, replay=False)


def malformed(by: str) -> Reply:
    """Nothing but a change of the SOA can be told."""
    return Reply.failure(Ede.NOT_SUPPORTED, f"{by}: NOTIFY of another type than SOA", rcode=Rcode.FORMERR, by=by)


def stranger(by: str, host: str, zone: bytes) -> Reply:
    """Section 3.10."""
    text = f"{by}: {host} is no primary of {to_text(zone)}"
    return Reply.failure(Ede.PROHIBITED, text, rcode=Rcode.REFUSED, by=by)


def unknown(by: str, zone: bytes) -> Reply:
    text = f"{by}: {to_text(zone)} is transferred from nowhere"
    return Reply.failure(Ede.NOT_AUTHORITATIVE, text, rcode=Rcode.NOTAUTH, by=by)
