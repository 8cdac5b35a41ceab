"""Reads a query without dnslib: one question, and of the other sections only what the house must know."""

from __future__ import annotations

from typing import Final

from pydns.errors import WireError
from pydns.names import LOWER
from pydns.query import Client, Edns, Query
from pydns.records import Opcode, Type
from pydns.wire.edns import COOKIE, options
from pydns.wire.scan import HEADER, opt_at

_OPT_LENGTH: Final = 11
_NOTHING: Final = b"\0\0\0\0\0\0"


def read_question(wire: bytes, client: Client, epoch: int) -> Query:
    """The query in a client's message.

    Raises WireError: `reply_with` None for what deserves silence (no header, or a response, RFC 9619 and RFC 8906),
    FORMERR for what is malformed (or of an opcode with another form, such as DSO). A query without a question but with
    a COOKIE (RFC 7873 section 5.4) is read as one for the root with type 0.
    """
    if len(wire) < 12:
        raise WireError("shorter than a header", None)
    flags = wire[2] << 8 | wire[3]
    if flags & 0x8000:
        raise WireError("a response, where a query was expected", None)
    if wire[4:6] != b"\0\1":
        return _without_question(wire, client, flags, epoch)
    # The plain case: an uncompressed name, then its type and class.
    offset = 12
    try:
        while length := wire[offset]:
            if length > 63:
                raise WireError("a compressed or reserved label in the question")
            offset += 1 + length
        end = offset + 5
        if offset - 11 > 255:
            raise WireError("a name of over 255 octets")
        type_ = wire[offset + 1] << 8 | wire[offset + 2]
        class_ = wire[offset + 3] << 8 | wire[offset + 4]
    except IndexError:
        raise WireError("the question is cut") from None
    name = wire[12 : offset + 1].translate(LOWER)
    edns = None
    if len(wire) != end or wire[6:12] != _NOTHING:
        edns = _edns(wire, end, flags)
    return Query(wire, name, type_, class_, flags, end, edns, client, epoch)


def _edns(wire: bytes, end: int, flags: int) -> Edns | None:
    """The OPT that most queries have as their only other record; whatever else stands there is walked over."""
    if len(wire) >= end + _OPT_LENGTH and wire[6:12] == b"\0\0\0\0\0\1" and wire[end : end + 3] == b"\0\0\x29":
        rdata = end + _OPT_LENGTH
        if len(wire) != rdata + (wire[rdata - 2] << 8 | wire[rdata - 1]):
            raise WireError("the OPT record does not end with the message")
    else:
        opt = opt_at(wire, end)
        # Answers in a query mean nothing; only IXFR brings its SOA (RFC 1995 section 3).
        bears = flags >> 11 & 15 == Opcode.QUERY and wire[6:10] != b"\0\0\0\0"
        if bears and wire[end - 4 : end - 2] != Type.IXFR.to_bytes(2):
            raise WireError("records in a query")
        if not opt:
            return None
        end, rdata = opt, opt + _OPT_LENGTH
    pairs: tuple[tuple[int, bytes], ...] = ()
    if length := wire[rdata - 2] << 8 | wire[rdata - 1]:
        pairs = options(wire[rdata : rdata + length])
        _check_cookie(pairs)
    flags = wire[end + 7]
    return Edns(wire[end + 3] << 8 | wire[end + 4], wire[end + 6], flags >= 0x80, pairs, flags & 0x40 != 0)


def _check_cookie(pairs: tuple[tuple[int, bytes], ...]) -> None:
    """A cookie is 8 octets of the client's, then none or 8 to 32 of the server's (RFC 7873 section 5.2.2)."""
    for code, data in pairs:
        if code == COOKIE and len(data) != 8 and not 16 <= len(data) <= 40:
            raise WireError(f"a cookie of {len(data)} octets")


def _without_question(wire: bytes, client: Client, flags: int, epoch: int) -> Query:
    _, _, questions, answers, authority, additional = HEADER.unpack_from(wire)
    if questions == 0 and answers == authority == 0 and additional == 1 and wire[12:15] == b"\0\0\x29":
        # Read it as if it asked for the root: what stands behind the header has the same form.
        widened = wire[:4] + b"\0\1" + wire[6:12] + b"\0\0\0\0\1" + wire[12:]
        edns = _edns(widened, 17, flags)
        if edns is not None and any(code == COOKIE for code, _ in edns.options):
            return Query(wire, b"\0", 0, 1, flags, 12, edns, client, epoch)
    raise WireError(f"{questions} questions")
