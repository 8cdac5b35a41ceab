"""What is counted, by the names that CoreDNS gives to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.reply import Credit
    from pydns_plugins.cache.store import Store


class Counts:
    """Plain numbers that grow, handed in as metrics when somebody reads those.

    Requests are not counted: they are hits and misses together.
    """

    __slots__ = (
        "_handed_in", "_zones", "denial_evictions", "denial_hits", "drops", "misses", "prefetches", "stale",
        "success_evictions", "success_hits",
    )  # fmt: skip

    def __init__(self, zones: str) -> None:
        self._zones = zones
        self.success_hits = 0
        self.denial_hits = 0
        self.misses = 0
        self.prefetches = 0
        self.stale = 0
        self.drops = 0
        self.success_evictions = 0
        self.denial_evictions = 0
        self._handed_in: dict[tuple[str, ...], int] = {}

    # See `Reply.counters`: kept answers go out again without passing by here.

    def success_counter(self, _query: bytes, _client: object, _answer: bytes) -> Credit:
        return self._success_replayed

    def denial_counter(self, _query: bytes, _client: object, _answer: bytes) -> Credit:
        return self._denial_replayed

    def _success_replayed(self, count: int) -> None:
        self.success_hits += count

    def _denial_replayed(self, count: int) -> None:
        self.denial_hits += count

    def hand_in(self, metrics: Metrics, success: Store | None, denial: Store | None) -> None:
        """Adds what is new since the last time. Without stores their entries count as gone."""
        requests = self.success_hits + self.denial_hits + self.misses
        self._add(metrics, "requests", "The count of cache requests.", requests)
        self._add(metrics, "hits", "The count of cache hits.", self.success_hits, "success")
        self._add(metrics, "hits", "The count of cache hits.", self.denial_hits, "denial")
        self._add(metrics, "misses", "The count of cache misses.", self.misses)
        self._add(metrics, "prefetch", "The number of times the cache has prefetched a cached item.", self.prefetches)
        self._add(metrics, "served_stale", "The number of requests served from stale cache entries.", self.stale)
        self._add(metrics, "drops", "The number of responses that are not cached, due to a wrong question.", self.drops)
        self._add(metrics, "evictions", "The count of cache evictions.", self.success_evictions, "success")
        self._add(metrics, "evictions", "The count of cache evictions.", self.denial_evictions, "denial")
        self._entries(metrics, success, "success")
        self._entries(metrics, denial, "denial")

    def _add(self, metrics: Metrics, what: str, help_: str, total: int, type_: str = "") -> None:
        names, values = (("type", "zones"), (type_, self._zones)) if type_ else (("zones",), (self._zones,))
        metrics.counter(f"coredns_cache_{what}_total", help_, *names).add(*values, amount=self._new(total, what, type_))

    def _entries(self, metrics: Metrics, store: Store | None, type_: str) -> None:
        # Added, not set: caches of other blocks with the same zones share the number.
        entries = self._new(0 if store is None else len(store), "entries", type_)
        bytes_ = self._new(0 if store is None else store.bytes, "bytes", type_)
        help_ = "The number of elements in the cache."
        metrics.gauge("coredns_cache_entries", help_, "type", "zones").add(type_, self._zones, amount=entries)
        help_ = "The memory that the elements in the cache take, in octets, nearly."
        metrics.gauge("pydns_cache_bytes", help_, "type", "zones").add(type_, self._zones, amount=bytes_)

    def _new(self, total: int, *what: str) -> int:
        """What `total` grew by since it was handed in."""
        new = total - self._handed_in.get(what, 0)
        self._handed_in[what] = total
        return new
