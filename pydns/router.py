"""From a query's name to the server block that answers it, for one address."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydns.names import ROOT, ancestors, parent
from pydns.records import Type

if TYPE_CHECKING:
    from pydns.later import Later
    from pydns.packed import AskPacked
    from pydns.plugin import CallNext
    from pydns.query import Query
    from pydns.refusal import WatchRefusals
    from pydns.relay import Relay
    from pydns.reply import Reply
    from pydns.settings import Observer

log = logging.getLogger("pydns.server")


class Route:
    """A server block as the router sees it: a chain for each opcode, the classes it answers, and its filters.

    `at_once` gives the answers to plain queries that are there at once (see `pydns.chain.fold_at_once`).
    `packed` those to plain queries that depend on name and type alone, and `relay` is who passes other plain queries on
    (`pydns.chain.fold_packed`). `packed_do` is `packed` for those who set DO.
    `refusals`: see `Settings.refusals`.
    """

    __slots__ = (
        "at_once", "chains", "classes", "filters", "observers", "packed", "packed_do", "reads_options", "refusals",
        "relay",
    )  # fmt: skip

    def __init__(
        self,
        chains: Mapping[int, CallNext],
        classes: frozenset[int],
        reads_options: frozenset[int] = frozenset(),
        filters: Sequence[Callable[[Query], bool]] = (),
        observers: Sequence[Observer] = (),
        at_once: Callable[[Query], Reply | Later | None] | None = None,
        refusals: Mapping[str, WatchRefusals] | None = None,
        packed: AskPacked | None = None,
        relay: Relay | None = None,
        packed_do: AskPacked | None = None,
    ) -> None:
        self.chains = chains
        self.classes = classes
        self.reads_options = reads_options
        self.filters = tuple(filters)
        self.observers = tuple(observers)
        self.at_once = at_once
        self.refusals = refusals or {}
        self.packed = packed
        self.relay = relay
        self.packed_do = packed_do

    def takes(self, query: Query) -> bool:
        """A filter that fails takes nothing: what it would have kept out must not come in."""
        try:
            return all(takes(query) for takes in self.filters)
        except Exception as error:
            log.error("a filter failed: %s: %s", type(error).__name__, error)
            return False


class Router:
    """The longest zone that holds the name; of its blocks the first, in Corefile order, whose filters take the query.

    Where none does, shorter zones are tried. A zone's DS records stand in its parent (RFC 4035 section 3.1.4.1), so DS
    at exactly a block's zone goes to the block of a parent zone, if there is one.
    """

    __slots__ = ("_only", "_routes", "opcodes", "reads_options", "refusals", "under_way")

    def __init__(self, routes: Mapping[bytes, Sequence[Route]]) -> None:
        self._routes = {zone: tuple(found) for zone, found in routes.items()}
        every = [route for found in self._routes.values() for route in found]
        self.opcodes = frozenset(opcode for route in every for opcode in route.chains)
        self.reads_options = frozenset(code for route in every for code in route.reads_options)
        self.refusals = tuple(
            {name: watch for route in reversed(every) for name, watch in route.refusals.items()}.values()
        )
        """Who is told of messages to this address that are no plugin's matter."""
        self.under_way = 0
        """Queries that are being answered by these blocks."""
        # Most Corefiles have one block for everything: then there is nothing to look up.
        root = self._routes.get(ROOT, ())
        self._only = root[0] if len(every) == 1 and root and not root[0].filters else None

    def find(self, query: Query) -> Route | None:
        """The block that answers; sets `query.zone`. None where no block is for that name."""
        if self._only is not None:
            query.zone = ROOT
            return self._only
        name = query.name
        if query.type == Type.DS and name != ROOT:
            return self._find(query, parent(name)) or self._find(query, name)
        return self._find(query, name)

    def find_unfiltered(self, name: bytes) -> tuple[Route, bytes] | None:
        """The block that answers a name, and its zone, for all types but DS; None where only the query can tell."""
        if self._only is not None:
            return self._only, ROOT
        for zone in ancestors(name):
            for route in self._routes.get(zone, ()):
                return None if route.filters else (route, zone)
        return None

    def _find(self, query: Query, name: bytes) -> Route | None:
        for zone in ancestors(name):
            for route in self._routes.get(zone, ()):
                if not route.filters or route.takes(query):
                    query.zone = zone
                    return route
        return None
