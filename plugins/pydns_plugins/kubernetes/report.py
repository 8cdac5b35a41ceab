"""What the log and the metrics tell about the data."""

from __future__ import annotations

import logging
from pathlib import Path

from pydns.metrics import Metrics
from pydns_plugins.kubernetes.source import Loaded, Source

log = logging.getLogger("pydns.kubernetes")

KINDS = ("namespaces", "services", "endpoints", "pods")


def report(metrics: Metrics, file: Path, source: Source, loaded: Loaded) -> None:
    """Tells of new data."""
    totals = ", ".join(f"{number} {kind}" for kind, number in _sizes(source).items())
    log.info("%s: %s (+%d -%d)", file, totals, loaded.added, loaded.removed)
    changes = metrics.counter(
        "pydns_kubernetes_changes_total",
        "Services, endpoints and pods that came and went.",
        "source",
        "change",
        merge="max",  # all workers see the same
    )
    changes.add(str(file), "added", amount=loaded.added)
    changes.add(str(file), "removed", amount=loaded.removed)


def count(metrics: Metrics, file: Path, source: Source) -> None:
    """Sets the gauges after each look at the source, whether it was good or not."""
    objects = metrics.gauge("pydns_kubernetes_objects", "What the cluster has.", "source", "kind")
    for kind, number in _sizes(source).items():
        objects.set(str(file), kind, to=number)
    complaints = metrics.gauge("pydns_kubernetes_complaints", "Sources that cannot be used as they are.", "source")
    complaints.set(str(file), to=bool(source.complaint))
    modified = metrics.gauge("pydns_kubernetes_modified_timestamp_seconds", "When a source last changed.", "source")
    modified.set(str(file), to=source.modified)


def _sizes(source: Source) -> dict[str, int]:
    cluster = source.cluster
    if cluster is None:
        return dict.fromkeys(KINDS, 0)
    endpoints = sum(len(each.endpoints) for each in cluster.slices)
    return dict(zip(KINDS, (len(cluster.namespaces), len(cluster.services), endpoints, len(cluster.pods)), strict=True))
