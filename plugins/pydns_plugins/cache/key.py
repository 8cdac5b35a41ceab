"""What makes two questions the same to a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydns.query import Query

ECS: Final = 8
"""The EDNS option of a client's subnet (RFC 7871)."""

Options = tuple[tuple[int, bytes], ...]

_RD_CD: Final = 0x0110
_DO, _CO = 1, 2  # in bits that are none of these
_HOP_BY_HOP: Final = frozenset((10, 11, 12))  # COOKIE (RFC 7873), keepalive (RFC 7828), padding (RFC 7830)

Key = tuple[bytes, int, int, int, Options]
"""Name, type, class, the bits RD, CD (RFC 4035 section 4.7), DO and CO (RFC 9824 section 5.1), and the EDNS options
that go to upstreams.

RD is in it since what an upstream says without recursion is no answer for who wants it."""


def key_of(query: Query) -> Key:
    bits = query.flags & _RD_CD
    edns = query.edns
    if edns is None:
        return query.name, query.type, query.class_, bits, ()
    if edns.do:
        bits |= _DO | _CO if edns.co else _DO
    passed = _passed(query, edns.options) if edns.options else ()
    return query.name, query.type, query.class_, bits, passed


def _passed(query: Query, options: Options) -> Options:
    """Of the client's own options the subnet alone goes on, as it was asked (RFC 7871 section 7.3.1).

    What a plugin above has added goes on as well.
    """
    edns = query.origin.edns
    sent = edns.options if edns is not None else ()
    return tuple(
        option for option in options if option[0] == ECS or (option[0] not in _HOP_BY_HOP and option not in sent)
    )
