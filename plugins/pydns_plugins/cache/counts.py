"""What is counted, by the names and labels that CoreDNS gives to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.reply import Credit
    from pydns_plugins.cache.store import Store

_NO_VIEW: Final = ""


class Counts:
    """Plain numbers that grow, of the queries that came to a cache through one server (an address).

    Requests are not counted: they are hits and misses together.
    """

    __slots__ = (
        "denial_evictions", "denial_hits", "drops", "misses", "prefetches", "stale", "success_evictions",
        "success_hits",
    )  # fmt: skip

    def __init__(self) -> None:
        self.success_hits = 0
        self.denial_hits = 0
        self.misses = 0
        self.prefetches = 0
        self.stale = 0
        self.drops = 0
        self.success_evictions = 0
        self.denial_evictions = 0

    # See `Reply.counters`: kept answers go out again without passing by here.

    def success_counter(self, _query: bytes, _client: object, _answer: bytes) -> Credit:
        return self._success_replayed

    def denial_counter(self, _query: bytes, _client: object, _answer: bytes) -> Credit:
        return self._denial_replayed

    def miss_counter(self, _query: bytes, _client: object, _answer: bytes) -> Credit:
        return self._miss_replayed

    def _success_replayed(self, count: int) -> None:
        self.success_hits += count

    def _denial_replayed(self, count: int) -> None:
        self.denial_hits += count

    def _miss_replayed(self, count: int) -> None:
        self.misses += count


class ServerCounts(dict[str, Counts]):
    """The counts of one cache by server (`Query.server`), handed in as metrics when somebody reads those."""

    def __init__(self, zones: str) -> None:
        super().__init__()
        self._zones = zones
        self._handed_in: dict[tuple[str, ...], int] = {}

    def __missing__(self, server: str) -> Counts:
        counts = self[server] = Counts()
        return counts

    def hand_in(self, metrics: Metrics, success: Store | None, denial: Store | None) -> None:
        """Adds what is new since the last time. Without stores their entries count as gone."""
        for store in (success, denial):
            for server in store.held if store is not None else ():
                self[server]  # it may have stored before a reload, and nothing since
        for server, counts in self.items():
            self._count(metrics, server, counts)
            self._entries(metrics, server, "success", success)
            self._entries(metrics, server, "denial", denial)

    def _count(self, metrics: Metrics, server: str, counts: Counts) -> None:
        requests = counts.success_hits + counts.denial_hits + counts.misses
        for what, help_, total in (
            ("requests", "The count of cache requests.", requests),
            ("misses", "The count of cache misses.", counts.misses),
            ("prefetch", "The number of times the cache has prefetched a cached item.", counts.prefetches),
            ("served_stale", "The number of requests served from stale cache entries.", counts.stale),
            ("drops", "The number of responses that are not cached, due to a wrong question.", counts.drops),
        ):
            metric = metrics.counter(f"coredns_cache_{what}_total", help_, "server", "zones", "view")
            metric.add(server, self._zones, _NO_VIEW, amount=self._new(total, server, what))
        for what, help_, type_, total in (
            ("hits", "The count of cache hits.", "success", counts.success_hits),
            ("hits", "The count of cache hits.", "denial", counts.denial_hits),
            ("evictions", "The count of cache evictions.", "success", counts.success_evictions),
            ("evictions", "The count of cache evictions.", "denial", counts.denial_evictions),
        ):
            metric = metrics.counter(f"coredns_cache_{what}_total", help_, "server", "type", "zones", "view")
            metric.add(server, type_, self._zones, _NO_VIEW, amount=self._new(total, server, what, type_))

    def _entries(self, metrics: Metrics, server: str, type_: str, store: Store | None) -> None:
        entries, octets = store.held.get(server, (0, 0)) if store is not None else (0, 0)
        for name, help_, total in (
            ("coredns_cache_entries", "The number of elements in the cache.", entries),
            ("pydns_cache_bytes", "The memory that the elements in the cache take, in octets, nearly.", octets),
        ):
            metric = metrics.gauge(name, help_, "server", "type", "zones", "view", merge="sum")
            # Added, not set: caches of other blocks with the same server and zones share the number.
            metric.add(server, type_, self._zones, _NO_VIEW, amount=self._new(total, server, name, type_))

    def _new(self, total: int, *what: str) -> int:
        """What `total` grew by since it was handed in."""
        new = total - self._handed_in.get(what, 0)
        self._handed_in[what] = total
        return new
