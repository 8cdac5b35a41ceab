"""One set of metrics out of those of several processes: counts are added, and what all know alike stays as it is."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from pydns.metrics import Histogram, Merge, Metric, Metrics

_MERGE: Final[Mapping[Merge, Callable[[float, float], float]]] = {"sum": operator.add, "max": max, "min": min}

Values = dict[tuple[str, ...], float]
Buckets = dict[tuple[str, ...], tuple[list[int], float]]


class Told(NamedTuple):
    """One metric of a process, as it tells of it. A histogram has `bounds`, and its values are counts and sums."""

    name: str
    help: str
    labels: tuple[str, ...]
    kind: str
    merge: Merge
    bounds: tuple[float, ...]
    values: Values | Buckets


def tell(metric: Metric | Histogram) -> Told:
    if isinstance(metric, Histogram):
        buckets = {labels: (counts, metric.sums[labels]) for labels, counts in metric.counts.items()}
        return Told(metric.name, metric.help, metric.labels, metric.kind, "sum", metric.bounds, buckets)
    return Told(metric.name, metric.help, metric.labels, metric.kind, metric.merge, (), dict(metric.values))


def add(told: Told, into: Metrics) -> None:
    """What one process tells comes to what the others told."""
    if told.kind == "histogram":
        histogram = into.histogram(told.name, told.help, *told.labels, bounds=told.bounds)
        if histogram.bounds == told.bounds and histogram.labels == told.labels:
            for labels, (counts, total) in told.values.items():  # type: ignore[misc] # they are `Buckets`
                histogram.add(*labels, counts=counts, total=total)
        return
    make = into.counter if told.kind == "counter" else into.gauge
    metric = make(told.name, told.help, *told.labels, merge=told.merge)
    values = metric.values
    merge = _MERGE[told.merge]
    for labels, value in told.values.items():
        values[labels] = merge(values[labels], value) if labels in values else value  # type: ignore[assignment, arg-type]


def outlives(told: Told) -> bool:
    """Whether what a process told counts on when it has ended: a counter must never go back."""
    return told.kind != "gauge"
