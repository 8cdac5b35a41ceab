"""What the log and the metrics tell about the data."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import trio

from pydns.metrics import Metrics
from pydns_plugins.kubernetes.live import Live
from pydns_plugins.kubernetes.source import Loaded, Source

if TYPE_CHECKING:
    from pydns_plugins.kubernetes.snapshot import Snapshot

log = logging.getLogger("pydns.kubernetes")

KINDS = ("namespaces", "services", "endpoints", "pods")


def report(metrics: Metrics, source: Source, loaded: Loaded) -> None:
    """Tells of new data."""
    totals = ", ".join(f"{number} {kind}" for kind, number in _sizes(source).items())
    log.info("%s: %s (+%d -%d)", source.path, totals, loaded.added, loaded.removed)
    _count_changes(metrics, str(source.path), loaded.added, loaded.removed)


def count(metrics: Metrics, source: Source) -> None:
    """Sets the gauges after each look at the source, whether it was good or not."""
    _set_gauges(metrics, str(source.path), _sizes(source), bool(source.complaint), source.modified)


def count_live(metrics: Metrics, live: Live, snapshot: Snapshot | None = None) -> None:
    """Counts what came and went since the last time, and sets the gauges."""
    _count_changes(metrics, live.place, live.added, live.removed)
    live.added = live.removed = 0
    _set_gauges(metrics, live.place, _sizes_of_live(live), bool(live.complaints), live.modified)
    age = metrics.gauge("pydns_kubernetes_age_seconds", "Since when the API was not heard.", "source")
    lost_since = live.lost_since
    age.set(live.place, to=0.0 if lost_since is None else trio.current_time() - lost_since)
    if snapshot is not None:
        written = metrics.gauge(
            "pydns_kubernetes_snapshot_timestamp_seconds",
            "When the snapshot was written or still true.",
            "source",
        )
        written.set(live.place, to=snapshot.written)


def count_request(metrics: Metrics, place: str, status: str) -> None:
    """Counts what the API answered, by CoreDNS's name."""
    metrics.counter(
        "coredns_kubernetes_rest_client_requests_total", "Requests to the API.", "code", "method", "host"
    ).add(status, "GET", place)


def measure_programming(metrics: Metrics, kind: str, seconds: float) -> None:
    """Counts how long it took from a change in the cluster until it was answered, by CoreDNS's name."""
    metrics.histogram(
        "coredns_kubernetes_dns_programming_duration_seconds",
        "Histogram of the time (in seconds) it took to program a dns instance.",
        "service_kind",
        bounds=[0.001 * 2**i for i in range(20)],
    ).observe(kind, value=seconds)


def report_live(live: Live) -> None:
    """Tells that the first lists are there."""
    log.info("%s: %s", live.place, ", ".join(f"{number} {kind}" for kind, number in _sizes_of_live(live).items()))


def report_restored(live: Live, snapshot: Snapshot, age: float) -> None:
    """Tells that the API cannot be reached, and what is answered meanwhile."""
    log.warning("%s: not reached yet; answers are those of %s, %.0f s old", live.place, snapshot.path, age)
    live.complaints.consequence = "the answers of the snapshot stay in force"


def _count_changes(metrics: Metrics, source: str, added: int, removed: int) -> None:
    changes = metrics.counter(
        "pydns_kubernetes_changes_total",
        "Services, endpoints and pods that came and went.",
        "source",
        "change",
        merge="max",  # all workers see the same
    )
    changes.add(source, "added", amount=added)
    changes.add(source, "removed", amount=removed)


def _set_gauges(metrics: Metrics, source: str, sizes: Mapping[str, int], complains: bool, modified: float) -> None:
    objects = metrics.gauge("pydns_kubernetes_objects", "What the cluster has.", "source", "kind")
    for kind, number in sizes.items():
        objects.set(source, kind, to=number)
    complaints = metrics.gauge("pydns_kubernetes_complaints", "Sources that cannot be used as they are.", "source")
    complaints.set(source, to=complains)
    time = metrics.gauge("pydns_kubernetes_modified_timestamp_seconds", "When a source last changed.", "source")
    time.set(source, to=modified)


def _sizes_of_live(live: Live) -> dict[str, int]:
    sizes = {kind: live.size(kind) for kind in KINDS}
    return sizes | {"endpoints": len(live.index.endpoints_at)}


def _sizes(source: Source) -> dict[str, int]:
    cluster = source.cluster
    if cluster is None:
        return dict.fromkeys(KINDS, 0)
    endpoints = sum(len(each.endpoints) for each in cluster.slices)
    return dict(zip(KINDS, (len(cluster.namespaces), len(cluster.services), endpoints, len(cluster.pods)), strict=True))
