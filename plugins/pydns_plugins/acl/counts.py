"""Counts of what the rules did, under CoreDNS's names and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydns.names import to_text
from pydns_plugins.acl.table import Action

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.query import Query

_REFUSED: Final = {Action.BLOCK: "blocked", Action.FILTER: "filtered", Action.DROP: "dropped"}
_NO_VIEW: Final = ""


class Counts:
    """The counts of one process."""

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

    def refused(self, action: Action, query: Query, zone: bytes) -> None:
        self._refused[action].add(query.server, to_text(zone), _NO_VIEW)

    def allowed(self, query: Query) -> None:
        self._allowed.add(query.server, _NO_VIEW)
