"""Folds a server block's plugins into one function, once, when the block is made."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from pydns.later import Later
from pydns.packed import FREE, AskPacked, Packed, Passage
from pydns.plugin import AtOnce, CallNext, Plugin, Turn, leave, none_packed, pass_on
from pydns.records import Ede, Opcode
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.relay import Relay

_OURS = "pydns_plugins."

Serve = Callable[["Query", CallNext], Coroutine[Any, Any, Reply]]


def fold(plugins: Sequence[Plugin], opcode: int) -> CallNext:
    """The chain for one opcode: the plugins that declare it, in their order, then the end."""
    call: CallNext = end
    for plugin in reversed(plugins):
        if (opcode in plugin.opcodes or plugin.every_opcode) and not _does_nothing(type(plugin)):
            link = _link if type(plugin).__module__.startswith(_OURS) else _checking_link
            call = link(plugin, call)
            if not plugin.frees_task:
                call = _with_task(call)
    return call


def _does_nothing(kind: type[Plugin]) -> bool:
    return kind.serve is AtOnce.serve and kind.at_once is pass_on and kind.amend is leave


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


def _with_task(link: CallNext) -> CallNext:
    """For a plugin that may hold something of its task's: from here on the query keeps the one that it has."""

    def keeping(query: Query) -> Coroutine[Any, Any, Reply]:
        query.may_be_set_aside = False
        return link(query)

    return keeping


Ask = Callable[["Query"], "Reply | Turn | Later"]
Amend = Callable[["Query", "Reply"], "Reply | Turn"]


def fold_at_once(plugins: Sequence[Plugin], opcode: int) -> Callable[[Query], Reply | Later | None] | None:
    """The same chain for answers that are there at once, or that come by themselves; None where no plugin has such.

    The function gives None where the chain itself must be asked.
    """
    sources: list[tuple[Ask, tuple[Amend, ...]]] = []
    amends: tuple[Amend, ...] = ()  # of the plugins passed so far, the innermost first
    amends_later = True  # all of these do
    for plugin in plugins:
        if opcode not in plugin.opcodes and not plugin.every_opcode:
            continue
        kind = type(plugin)
        if not _speaks_at_once(kind) or (kind.answers_later and not amends_later):
            break
        if kind.at_once is not pass_on:
            sources.append((plugin.at_once, amends))
        if kind.amend is Plugin.amend:
            break
        if kind.amend is not leave:
            amends = plugin.amend, *amends
        amends_later = amends_later and kind.amends_later
    if not sources:
        return None

    def answer(query: Query) -> Reply | Later | None:
        for ask, amends in sources:
            found = ask(query)
            if found is Turn.NEXT:
                continue
            if isinstance(found, Later):
                found.amends = amends
                return found
            return amended(query, found, amends)
        return None

    return answer


def amended(query: Query, found: Reply | Turn | None, amends: tuple[Amend, ...]) -> Reply | None:
    """What the plugins above make of a reply; None where the chain itself must be asked."""
    for amend in amends:
        if not isinstance(found, Reply):
            return None
        found = amend(query, found)
    return found if isinstance(found, Reply) else None


def fold_packed(plugins: Sequence[Plugin]) -> tuple[AskPacked | None, Relay | None, AskPacked | None]:
    """The same chain for plain queries of class IN, as far as answers depend on name and type alone.

    The function gives `Turn.NEXT` where none of the plugins that were asked has the name, `Turn.SERVE` where the chain
    must be asked in another way. None: no plugin has such answers. Then who relays the queries that nobody has, and the
    function for queries with DO.
    """
    sources, asked = _packed_sources(plugins, do=False)
    return _ask_packed(sources), _fold_relay(plugins, asked), _ask_packed(_packed_sources(plugins, do=True)[0])


_Sources = list[tuple[Callable[[bytes, int], "Packed | Turn"], Passage]]


def _packed_sources(plugins: Sequence[Plugin], *, do: bool) -> tuple[_Sources, list[Plugin]]:
    """Who is asked for packed answers, with the way up from there, and all who were found to have none as well."""
    sources: _Sources = []
    asked: list[Plugin] = []
    above = FREE
    for plugin in plugins:
        if Opcode.QUERY not in plugin.opcodes:
            continue
        kind = type(plugin)
        if kind.at_once is not pass_on:
            if not _stands_for(kind, "packed", "at_once", "serve"):
                break
            asked.append(plugin)
            if kind.packed is not none_packed:
                sources.append((plugin.packed, above))
        if kind.amend is not leave:
            passage = plugin.passage() if _stands_for(kind, "passage", "amend", "serve") else None
            if passage is None or (do and passage.signs):
                break
            passage = passage._replace(signs=False)
            if passage != FREE:
                above = above.after(passage)
    return sources, asked


def _ask_packed(sources: _Sources) -> AskPacked | None:
    if not sources:
        return None

    def answer(name: bytes, type_: int) -> Packed | Turn:
        for ask, passage in sources:
            found = ask(name, type_)
            if found is Turn.NEXT:
                continue
            return found if passage is FREE or isinstance(found, Turn) else passage.through(found) or Turn.SERVE
        return Turn.NEXT

    return answer


def _fold_relay(plugins: Sequence[Plugin], asked: Sequence[Plugin]) -> Relay | None:
    """`asked` are those that have no answer to what is relayed."""
    relay: Relay | None = None
    amends: tuple[Amend, ...] = ()
    for plugin in reversed(plugins):
        kind = type(plugin)
        if Opcode.QUERY not in plugin.opcodes or _does_nothing(kind):
            continue
        if plugin not in asked or kind.amend is not leave:
            relay = plugin.relay(relay) if _stands_for(kind, "relay", "at_once", "amend", "serve") else None
        if not (kind.amends_later or kind.answers_later):
            relay = None
        if relay is None:
            amends = ()
        elif kind.amend is not leave:
            amends = *amends, plugin.amend
    return None if relay is None else relay._replace(amends=amends)


def _speaks_at_once(kind: type[Plugin]) -> bool:
    return _stands_for(kind, "at_once", "serve")


def _stands_for(kind: type[Plugin], name: str, *others: str) -> bool:
    """Whether a plugin's method says what `others` would do: not where a derived class has changed those alone."""
    for each in kind.__mro__:
        if name in vars(each):
            return each is not Plugin
        if any(other in vars(each) for other in others):
            return False
    return False


async def end(query: Query) -> Reply:
    """Where no plugin had an answer."""
    return Reply.failure(Ede.OTHER, "no plugin had an answer")
