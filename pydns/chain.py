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

_OURS = "pydns_plugins."

Serve = Callable[["Query", CallNext], Coroutine[Any, Any, Reply]]


def fold(plugins: Sequence[Plugin], opcode: int) -> CallNext:
    """The chain for one opcode: the plugins that declare it, in their order, then the end."""
    call: CallNext = end
    for plugin in reversed(plugins):
        if opcode in plugin.opcodes:
            link = _link if type(plugin).__module__.startswith(_OURS) else _checking_link
            call = link(plugin, call)
    return call


def _link(plugin: Plugin, call_next: CallNext) -> CallNext:
    serve: Serve = plugin.serve

    def link(query: Query) -> Coroutine[Any, Any, Reply]:
        return serve(query, call_next)  # a plain function: one coroutine less for each plugin and query

    return link


def _checking_link(plugin: Plugin, call_next: CallNext) -> CallNext:
    """For a plugin from outside: what it returns is looked at, so that its fault is not taken for another's."""

    async def link(query: Query) -> Reply:
        reply: object = await plugin.serve(query, call_next)
        if not isinstance(reply, Reply):
            raise TypeError(f"{plugin.name} returned {reply!r}, which is no Reply")
        return reply

    return link


async def end(query: Query) -> Reply:
    """Where no plugin had an answer."""
    return Reply.failure(Ede.OTHER, "no plugin had an answer")
