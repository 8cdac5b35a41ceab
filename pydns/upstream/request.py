"""The message that goes to an upstream: the client's question under our own header and our own OPT record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydns.names import LOWER
from pydns.wire.edns import opt_record

if TYPE_CHECKING:
    from pydns.query import Query

UDP_SIZE: Final = 1232
"""Octets of UDP payload that we take: what fits into an IPv6 packet of 1280 (DNS flag day 2020)."""

ECS: Final = 8
"""EDNS Client Subnet (RFC 7871), the one option of a client that is meant for the upstream too."""

_HOP_BY_HOP: Final = frozenset((10, 11, 12))  # COOKIE (RFC 7873), keepalive (RFC 7828), padding (RFC 7830)
_LEAST_SIZE: Final = 512  # less means the same (RFC 6891 section 6.2.3)
_PASSED_FLAGS: Final = 0x0130  # RD, AD and CD
_HEADS: Final = {flags: flags.to_bytes(2) + b"\0\1\0\0\0\0\0\1" for flags in range(_PASSED_FLAGS + 1)}
_PLAIN_OPT: Final = opt_record(UDP_SIZE, 0, False)
_DO_OPT: Final = opt_record(UDP_SIZE, 0, True)


class Request:
    """What to ask an upstream, but for the id.

    * `question`: name, type and class as they are sent, in the client's spelling (its 0x20 bits reach the upstream)
    * `tail`: the message behind its id, with our OPT
    * `options`: the EDNS options in that OPT; it offers `size` octets
    """

    __slots__ = ("options", "question", "tail")

    def __init__(
        self,
        question: bytes,
        flags: int,
        do: bool,
        options: tuple[tuple[int, bytes], ...] = (),
        size: int = UDP_SIZE,
    ) -> None:
        self.question = question
        self.options = options
        if options or size != UDP_SIZE:
            self.tail = _HEADS[flags & _PASSED_FLAGS] + question + opt_record(size, 0, do, options)
        else:
            self.tail = plain_tail(question, flags, do)

    @classmethod
    def of(cls, query: Query) -> Request:
        """OPT is hop by hop (RFC 6891 section 6.1.1): of the client's only DO and ECS pass, and what plugins added."""
        edns = query.edns
        if edns is None:
            return cls(_question(query), query.flags, False)
        options = _passed(query) if edns.options else ()
        size = UDP_SIZE
        if edns is not query.origin.edns and edns.size < UDP_SIZE:  # a plugin wants less (the client's is its own)
            size = max(edns.size, _LEAST_SIZE)
        return cls(_question(query), query.flags, edns.do, options, size)


def plain_tail(question: bytes, flags: int, do: bool) -> bytes:
    """The `tail` of a request without options."""
    return _HEADS[flags & _PASSED_FLAGS] + question + (_DO_OPT if do else _PLAIN_OPT)


def without_opt(tail: bytes, question: bytes) -> bytes:
    """A request's tail for an upstream that does not know EDNS (RFC 6891 section 7)."""
    return tail[:2] + b"\0\1\0\0\0\0\0\0" + question


def _question(query: Query) -> bytes:
    asked = query.wire[12 : query.question_end]
    if query.origin is query:
        return asked
    numbers = query.type.to_bytes(2) + query.class_.to_bytes(2)
    if asked[:-4].translate(LOWER) == query.name:
        return asked[:-4] + numbers
    return query.name + numbers


def _passed(query: Query) -> tuple[tuple[int, bytes], ...]:
    assert query.edns is not None
    sent = query.origin.edns.options if query.origin.edns is not None else ()
    return tuple(
        option
        for option in query.edns.options
        if option[0] not in _HOP_BY_HOP and (option[0] == ECS or option not in sent)
    )
