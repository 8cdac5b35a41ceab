"""The metrics of forward, under CoreDNS's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydns.records import rcode_text
from pydns.upstream.counts import BOUNDS

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.upstream.pool import Pool
    from pydns_plugins.forward.asking import Asking

_PROXY = "forward"  # the label proxy_name


class Numbers:
    """Counts gather in plain attributes and are handed in when the metrics are read. `rejects`: over max_concurrent."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._metrics: Metrics | None = None
        self._pool: Pool | None = None
        self.rejects = 0

    def begin(self, metrics: Metrics, pool: Pool) -> None:
        self._metrics, self._pool = metrics, pool
        counter = metrics.counter
        self._broken = counter("coredns_forward_healthcheck_broken_total", "Queries for which all upstreams were down.")
        self._rejects = counter(
            "coredns_forward_max_concurrent_rejects_total", "Queries refused, as there were max_concurrent already."
        )
        self._failed_checks = counter(
            "coredns_proxy_healthcheck_failures_total", "Health checks that failed.", "proxy_name", "to"
        )
        self._hits = counter(
            "coredns_proxy_conn_cache_hits_total", "Queries over an open socket.", "proxy_name", "to", "proto"
        )
        self._misses = counter(
            "coredns_proxy_conn_cache_misses_total", "Queries over a new socket.", "proxy_name", "to", "proto"
        )
        self._durations = metrics.histogram(
            "coredns_proxy_request_duration_seconds",
            "Histogram of the time each request took.",
            "proxy_name",
            "to",
            "rcode",
            bounds=BOUNDS,
        )
        self._junk = counter(
            "pydns_proxy_ignored_messages_total",
            "Messages from an upstream that answered nothing that was asked, or were broken.",
            "proxy_name",
            "to",
        )
        metrics.before_reading(self.hand_in)

    def end(self) -> None:
        if self._metrics is not None:
            self.hand_in()
            self._metrics.forget(self.hand_in)

    def hand_in(self) -> None:
        if self._pool is None:
            return
        self._broken.add(amount=self._asking.broken)
        self._rejects.add(amount=self.rejects)
        self._asking.broken = self.rejects = 0
        for upstream in self._pool.upstreams:
            to, counts = upstream.name, upstream.counts.take()
            self._failed_checks.add(_PROXY, to, amount=counts.failed_checks)
            self._hits.add(_PROXY, to, "udp", amount=counts.udp_hits)
            self._hits.add(_PROXY, to, "tcp", amount=counts.tcp_hits)
            self._misses.add(_PROXY, to, "udp", amount=counts.udp_misses)
            self._misses.add(_PROXY, to, "tcp", amount=counts.tcp_misses)
            for rcode, durations in counts.answers.items():
                self._durations.add(_PROXY, to, rcode_text(rcode), counts=durations.counts, total=durations.total)
            self._junk.add(_PROXY, to, amount=counts.junk)
