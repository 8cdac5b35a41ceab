"""Counts what search paths cost: queries for names that nobody has but the search list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.query import Client
    from pydns.reply import Counter, Credit

MOST: Final = 200
"""Namespaces that are counted for themselves. What comes after them is counted together, so that metrics stay small."""

OTHERS: Final = "..."


class Waste:
    """`counter` for each reply that denies such a name; replays of it are counted as well."""

    def __init__(self, metrics: Metrics) -> None:
        self._wasted = metrics.counter(
            "pydns_autopath_waste_total", "Denials of names that search paths have made.", "namespace"
        )
        self._success = metrics.counter(
            "coredns_autopath_success_total", "Counter of requests that did autopath.", "server"
        )
        self._counters: dict[tuple[str, str], Counter] = {}
        self._namespaces: set[str] = set()

    def counter(self, namespace: str) -> Counter:
        if namespace not in self._namespaces:
            if len(self._namespaces) >= MOST:
                namespace = OTHERS
            self._namespaces.add(namespace)
        return self._counter("waste", namespace, lambda count: self._wasted.add(namespace, amount=count))

    def success(self, server: str) -> Counter:
        """For each reply that spares the client the rest of its search."""
        return self._counter("success", server, lambda count: self._success.add(server, amount=count))

    def _counter(self, what: str, label: str, add: Credit) -> Counter:
        """The same for the same, so that replays of many replies are counted together."""
        found = self._counters.get((what, label))
        if found is None:
            found = self._counters[what, label] = _counting(add)
        return found


def _counting(add: Callable[[int], None]) -> Counter:
    def count(query: bytes, client: Client, answer: bytes) -> Credit:
        add(1)
        return add

    return count
