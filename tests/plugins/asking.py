"""Queries, clients and Corefile lines for tests of plugins that need little else."""

from __future__ import annotations

import shlex
from typing import NamedTuple

from pydns import names
from pydns.corefile.tree import Directive, Key, Position, ServerBlock, Word
from pydns.query import Address, Edns, Query
from pydns.records import Class, type_from_text


class Someone(NamedTuple):
    """A client."""

    peer: Address = Address("192.0.2.9", 40212)
    transport: str = "udp"
    local: Address = Address("192.0.2.53", 53)


def query(
    name: str = "example.org",
    type_: str = "A",
    client: Someone = Someone(),  # noqa: B008 -- it is immutable
    *,
    flags: int = 0x0100,
    class_: int = Class.IN,
    edns: Edns | None = None,
    id_: int = 1053,
) -> Query:
    """A query as a listener makes it; `edns` shows in the attributes alone."""
    number = type_from_text(type_)
    wire = b"".join((id_.to_bytes(2), flags.to_bytes(2), b"\0\1\0\0\0\0\0\0", names.from_text(name)))
    wire += number.to_bytes(2) + class_.to_bytes(2)
    return Query(wire, names.from_text(name), number, class_, flags, len(wire), edns, client, 0)


def directives(text: str) -> list[Directive]:
    """The directives of lines as they stand in a Corefile; indented ones are the block of the one above."""
    found: list[Directive] = []
    for number, line in enumerate(text.splitlines(), 1):
        lexer = shlex.shlex(line, posix=True)
        lexer.whitespace_split, lexer.escape, lexer.quotes, lexer.commenters = True, "", '"', ""
        name, *args = (Word(word, Position("Corefile", number, i)) for i, word in enumerate(lexer, 1))
        if line.startswith(" "):
            last = found.pop()
            found.append(Directive(last.name, last.args, (*(last.block or ()), Directive(name, tuple(args)))))
        else:
            found.append(Directive(name, tuple(args)))
    return found


def block(*zones: str) -> ServerBlock:
    """A server block without directives; without zones it is the root's."""
    place = Position("Corefile", 1, 1)
    return ServerBlock(
        tuple(Key(Word(zone, place), "dns", names.from_text(zone), None) for zone in zones or (".",)), ()
    )
