"""Say who and what this server is, in TXT records of the class CH."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns import __version__, names
from pydns.corefile import values
from pydns.plugin import AtOnce, Turn, none_packed
from pydns.query import Query
from pydns.records import Class, Record, Type
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

VERSION: Final = f"pydns-{__version__}"
AUTHORS: Final = ("the pydns authors",)

_VERSION_NAMES: Final = frozenset(map(names.from_text, ("version.bind", "version.server")))
_HOST_NAMES: Final = frozenset(map(names.from_text, ("hostname.bind", "id.server")))  # RFC 4892
_AUTHOR_NAME: Final = names.from_text("authors.bind")
_MOST: Final = 255  # octets of a character string, RFC 1035 section 3.3


class Chaos(AtOnce):
    """The chaos directive of one server block."""

    name: ClassVar[str] = "chaos"

    classes: ClassVar[frozenset[int]] = frozenset((Class.CH,))

    def __init__(self, version: str = VERSION, authors: Iterable[str] = AUTHORS) -> None:
        self.version = version
        self.authors = tuple(sorted(set(authors)))

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        values.no_block(directive)
        version, *authors = directive.args or (VERSION,)
        return (cls(version, authors or AUTHORS),)

    def at_once(self, query: Query) -> Reply | Turn:
        texts = self._texts(query.name) if query.class_ == Class.CH and query.type == Type.TXT else ()
        if not texts:
            return Turn.NEXT
        answer = [Record(query.name, Type.TXT, Class.CH, 0, _packed(text)) for text in texts]
        return Reply(answer, flags=Reply.AA, by=self.name)

    packed = none_packed

    def _texts(self, name: bytes) -> Sequence[str]:
        if name in _VERSION_NAMES:
            return (self.version,)
        if name in _HOST_NAMES:
            return (socket.gethostname(),)
        return self.authors if name == _AUTHOR_NAME else ()


def _packed(text: str) -> bytes:
    """A character string; what is over its 255 octets is cut off."""
    data = os.fsencode(text)[:_MOST]
    return bytes((len(data),)) + data
