"""Corefile lines and blocks for tests of plugins, made by hand, and queries that these are asked."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable

from pydns import names
from pydns.corefile.tree import Directive, Key, Position, ServerBlock, Word
from pydns.plugin import Plugin
from pydns.query import Query
from pydns.reply import Reply
from pydns.testing import FakeNext, query


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


async def asked(
    plugin: Plugin, name: str, type_: str = "A", outside: Callable[[Query], Awaitable[Reply]] | None = None
) -> Reply:
    """What the plugin answers; `outside` is asked for names that lead out of it."""
    wanted = query(name, type_)
    wanted.ask = outside  # type: ignore[assignment]  # any coroutine function will do
    return await plugin.serve(wanted, FakeNext())
