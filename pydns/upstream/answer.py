"""What an upstream answered, as a reply of ours: its OPT record was meant for us (RFC 6891 section 6.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydns.errors import WireError
from pydns.records import Ede
from pydns.reply import Reply
from pydns.upstream.request import ECS
from pydns.wire.edns import options
from pydns.wire.message import without_opt
from pydns.wire.scan import scan

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.upstream.exchange import Exchange

_EDE: Final = 15  # RFC 8914
_MAX_ERRORS: Final = 4
_MAX_ERROR_TEXT: Final = 200  # octets
_OPT_LENGTH: Final = 11  # octets ahead of its options
_PASSED_FLAGS: Final = 0x0400 | 0x0200 | 0x0080 | 0x0020  # AA, TC (of a cut answer over TCP), RA, AD


def reply_of(exchange: Exchange, query: Query, by: str) -> Reply:
    """The answer of an exchange that has not failed.

    Extended DNS errors go on to the client; ECS does where the query held one (RFC 7871 section 7.2.2). An extended
    rcode needs the client's EDNS; without it the answer is SERVFAIL.
    """
    wire, opt, rcode = exchange.wire, exchange.opt, exchange.rcode
    flags = (wire[2] << 8 | wire[3]) & _PASSED_FLAGS
    errors: tuple[tuple[int, str], ...] = ()
    subnet: tuple[tuple[int, bytes], ...] = ()
    if opt:
        rdata = opt + _OPT_LENGTH
        if length := wire[rdata - 2] << 8 | wire[rdata - 1]:
            errors, subnet = _read_options(wire[rdata : rdata + length], asked_subnet=_has_subnet(query))
        if rcode > 15 and query.edns is None:
            text = f"{exchange.upstream.name} answered with rcode {rcode}, which needs EDNS"
            reply = Reply.failure(Ede.OTHER, text, by=by)
            reply.why = exchange.why
            return reply
        if rdata + length == len(wire):  # the last record, as nearly always
            wire = wire[:10] + ((wire[10] << 8 | wire[11]) - 1).to_bytes(2) + wire[12:opt]
        else:
            wire = without_opt(wire, scan(wire))
    reply = Reply()
    reply.wire = wire
    reply.rcode = rcode
    reply.flags = flags
    reply.by = by
    reply.why = exchange.why
    reply.errors = errors
    reply.options = subnet
    reply.replay = False  # who has no cache above wants each query asked
    return reply


def _has_subnet(query: Query) -> bool:
    return query.edns is not None and any(code == ECS for code, _ in query.edns.options)


def _read_options(
    rdata: bytes, *, asked_subnet: bool
) -> tuple[tuple[tuple[int, str], ...], tuple[tuple[int, bytes], ...]]:
    """Its extended DNS errors and its client subnet; none where the options are broken."""
    try:
        found = options(rdata)
    except WireError:
        return (), ()
    errors = tuple(
        (int.from_bytes(data[:2]), data[2 : 2 + _MAX_ERROR_TEXT].rstrip(b"\0").decode("utf-8", "replace"))
        for code, data in found
        if code == _EDE and len(data) >= 2
    )
    subnet = next(((code, data) for code, data in found if code == ECS), None) if asked_subnet else None
    return errors[:_MAX_ERRORS], () if subnet is None else (subnet,)
