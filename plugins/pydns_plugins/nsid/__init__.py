"""Tell clients that want to know which server answered them (RFC 5001)."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns.corefile import values
from pydns.errors import CorefileError
from pydns.plugin import AtOnce
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word

NSID: Final = 3
MOST: Final = 255
"""Octets of data, so that an answer over UDP keeps room for its records."""

_HEX: Final = "hex:"


class Nsid(AtOnce):
    """The nsid directive of one server block. `data` None is the host's name."""

    name: ClassVar[str] = "nsid"

    def __init__(self, data: bytes | None = None) -> None:
        self.data = data

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        values.no_block(directive)
        return (cls(_data(directive.args) if directive.args else None),)

    def amend(self, query: Query, reply: Reply) -> Reply:
        edns = query.origin.edns
        # RFC 5001 section 2.1: only for who asks.
        if edns is None or not edns.options or reply.dropped or not any(code == NSID for code, _ in edns.options):
            return reply
        data = os.fsencode(socket.gethostname())[:MOST] if self.data is None else self.data
        others = tuple(option for option in reply.options if option[0] != NSID)
        return reply.replace(options=(*others, (NSID, data)))


def _data(words: Sequence[Word]) -> bytes:
    """The words with a blank between each two; or the octets of one that is `hex:` and digits."""
    first = words[0]
    if first.startswith(_HEX) and len(words) == 1:
        try:
            data = bytes.fromhex(first.removeprefix(_HEX))
        except ValueError:
            raise CorefileError(first.position, f"{str(first)!r} is not {_HEX} and pairs of hex digits") from None
    else:
        data = os.fsencode(" ".join(words))
    if len(data) > MOST:
        raise CorefileError(first.position, f"an identifier of {len(data)} octets", f"at most {MOST}")
    return data
