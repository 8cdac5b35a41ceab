"""What a primary is asked, as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydns.records import Type
from pydns.wire.scan import FIXED, HEADER

if TYPE_CHECKING:
    from pydns.transfer.incoming import Asked
    from pydns.zone.rrset import RRset

_IN: Final = 1
_TO_QUESTION: Final = b"\xc0\x0c"


def transfer_query(asked: Asked, soa: RRset | None) -> bytes:
    """An AXFR query, or where `soa` is given the IXFR query of who has the zone with that one (RFC 1995 section 3)."""
    question = asked.origin + asked.type.to_bytes(2) + _IN.to_bytes(2)
    if soa is None:
        return HEADER.pack(asked.id, 0, 1, 0, 0, 0) + question
    rdata = soa.rdatas[0]
    authority = _TO_QUESTION + FIXED.pack(Type.SOA, _IN, soa.ttl, len(rdata)) + rdata
    return HEADER.pack(asked.id, 0, 1, 0, 1, 0) + question + authority


def soa_query(origin: bytes, id_: int) -> bytes:
    return HEADER.pack(id_, 0, 1, 0, 0, 0) + soa_question(origin)


def soa_question(origin: bytes) -> bytes:
    return origin + Type.SOA.to_bytes(2) + _IN.to_bytes(2)
