"""Counts of what the rules did, under CoreDNS's names and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydns.names import to_text
from pydns_plugins.acl.table import Action

if TYPE_CHECKING:
    from pydns.metrics import Metric, Metrics
    from pydns.query import Client, Query
    from pydns.reply import Counter, Credit

_REFUSED: Final = {Action.BLOCK: "blocked", Action.FILTER: "filtered", Action.DROP: "dropped"}
_NO_VIEW: Final = ""


class Counts:
    """The counts of one process. Who counts a query gets what counts the replays of its answer (`Reply.counters`)."""

    def __init__(self, metrics: Metrics) -> None:
        self._refused = {
            action: metrics.counter(
                f"coredns_acl_{done}_requests_total",
                f"Counter of DNS requests being {done}.",
                "server",
                "zone",
                "view",
            )
            for action, done in _REFUSED.items()
        }
        self._allowed = metrics.counter(
            "coredns_acl_allowed_requests_total", "Counter of DNS requests being allowed.", "server", "view"
        )

        self._replays: dict[tuple[str, ...], Counter] = {}

    def refused(self, action: Action, query: Query, zone: bytes) -> Counter:
        return self._count(self._refused[action], query.server, to_text(zone), _NO_VIEW)

    def allowed(self, query: Query) -> Counter:
        return self._count(self._allowed, query.server, _NO_VIEW)

    def _count(self, metric: Metric, *labels: str) -> Counter:
        metric.add(*labels)
        key = metric.name, *labels
        return self._replays.get(key) or self._replays.setdefault(key, _replays(metric, labels))


def _replays(metric: Metric, labels: tuple[str, ...]) -> Counter:
    def credit(count: int) -> None:
        metric.add(*labels, amount=count)

    def counter(_query: bytes, _client: Client, _answer: bytes) -> Credit:
        return credit

    return counter
