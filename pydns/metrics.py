"""Counts that anybody may read: names and labels as CoreDNS's, kept in plain dictionaries.

The prometheus plugin reads them when it is asked; until then counting costs one dictionary look-up.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

Merge = Literal["sum", "max", "min"]
"""How the values of several processes become one: counts are added; what all know alike is the highest of them."""


class Metric:
    """One counter or gauge: a number for each tuple of label values."""

    __slots__ = ("help", "kind", "labels", "merge", "name", "values")

    def __init__(self, name: str, help_: str, labels: tuple[str, ...], kind: str, merge: Merge) -> None:
        self.name = name
        self.help = help_
        self.labels = labels
        self.kind = kind
        self.merge = merge
        self.values: dict[tuple[str, ...], float] = {}

    def add(self, *values: str, amount: float = 1) -> None:
        """Count `amount` more for these label values."""
        self.values[values] = self.values.get(values, 0) + amount

    def set(self, *values: str, to: float) -> None:
        self.values[values] = to

    def value(self, *values: str) -> float:
        return self.values.get(values, 0)


class Histogram:
    """Values in buckets: for each tuple of label values how many fell into each bucket, and their sum.

    `bounds`: the upper bounds of the buckets, each its own bucket's too; what is above all falls into one more.
    """

    __slots__ = ("bounds", "counts", "help", "kind", "labels", "name", "sums")

    def __init__(self, name: str, help_: str, labels: tuple[str, ...], bounds: Sequence[float]) -> None:
        self.name = name
        self.help = help_
        self.labels = labels
        self.kind = "histogram"
        self.bounds = tuple(bounds)
        self.counts: dict[tuple[str, ...], list[int]] = {}
        self.sums: dict[tuple[str, ...], float] = {}

    def observe(self, *values: str, value: float) -> None:
        """One more value for these label values."""
        counts = [0] * (len(self.bounds) + 1)
        counts[bisect_left(self.bounds, value)] = 1
        self.add(*values, counts=counts, total=value)

    def add(self, *values: str, counts: Sequence[int], total: float) -> None:
        """Values that were put into buckets elsewhere, and their sum."""
        before = self.counts.get(values)
        self.counts[values] = list(counts) if before is None else [a + b for a, b in zip(before, counts, strict=True)]
        self.sums[values] = self.sums.get(values, 0.0) + total


class Metrics:
    """The metrics of one process; they outlive reloads. A name asked for twice is the same metric."""

    def __init__(self) -> None:
        self._metrics: dict[str, Metric] = {}
        self._histograms: dict[str, Histogram] = {}
        self._before_reading: list[Callable[[], None]] = []

    def counter(self, name: str, help_: str, *labels: str, merge: Merge = "sum") -> Metric:
        return self._metrics.setdefault(name, Metric(name, help_, labels, "counter", merge))

    def gauge(self, name: str, help_: str, *labels: str, merge: Merge = "max") -> Metric:
        """`merge` is "sum" for a gauge of what each process has for itself, such as open connections."""
        return self._metrics.setdefault(name, Metric(name, help_, labels, "gauge", merge))

    def histogram(self, name: str, help_: str, *labels: str, bounds: Sequence[float]) -> Histogram:
        return self._histograms.setdefault(name, Histogram(name, help_, labels, bounds))

    def before_reading(self, hook: Callable[[], None], *, first: bool = False) -> None:
        """`hook` is called before the values are read: who counts in batches hands in its counts there.

        `first`: ahead of the others, since they count what it hands in.
        """
        self._before_reading.insert(0 if first else len(self._before_reading), hook)

    def forget(self, hook: Callable[[], None]) -> None:
        if hook in self._before_reading:
            self._before_reading.remove(hook)

    def forget_states(self) -> None:
        """Gauges are empty, but for those that are summed: what they tell is known elsewhere from now on."""
        for metric in self._metrics.values():
            if metric.kind == "gauge" and metric.merge != "sum":
                metric.values.clear()

    def read(self) -> Iterator[Metric | Histogram]:
        for hook in tuple(self._before_reading):
            hook()
        # Others may come while these are written.
        yield from tuple(self._metrics.values())
        yield from tuple(self._histograms.values())
