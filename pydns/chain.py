"""Folds a server block's plugins into one function, once, when the block is made."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from pydns.plugin import CallNext
from pydns.records import Ede
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.plugin import Plugin
    from pydns.query import Query

Serve = Callable[["Query", CallNext], Coroutine[Any, Any, Reply]]


def fold(plugins: Sequence[Plugin], opcode: int) -> CallNext:
    """The chain for one opcode: the plugins that declare it, in their order, then the end."""
    call: CallNext = end
    for plugin in reversed(plugins):
        if opcode in plugin.opcodes:
            call = _link(plugin.serve, call)
    return call


def _link(serve: Serve, call_next: CallNext) -> CallNext:
    def link(query: Query) -> Coroutine[Any, Any, Reply]:
        return serve(query, call_next)  # a plain function: one coroutine less for each plugin and query

    return link


async def end(query: Query) -> Reply:
    """Where no plugin had an answer."""
    return Reply.failure(Ede.OTHER, "no plugin had an answer")
