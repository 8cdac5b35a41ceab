"""Counts that anybody may read: names and labels as CoreDNS's, kept in plain dictionaries.

The prometheus plugin reads them when it is asked; until then counting costs one dictionary look-up.
"""

from collections.abc import Callable, Iterator


class Metric:
    """One counter or gauge: a number for each tuple of label values."""

    __slots__ = ("help", "kind", "labels", "name", "values")

    def __init__(self, name: str, help_: str, labels: tuple[str, ...], kind: str) -> None:
        self.name = name
        self.help = help_
        self.labels = labels
        self.kind = kind
        self.values: dict[tuple[str, ...], float] = {}

    def add(self, *values: str, amount: float = 1) -> None:
        """Count `amount` more for these label values."""
        self.values[values] = self.values.get(values, 0) + amount

    def set(self, *values: str, to: float) -> None:
        self.values[values] = to

    def value(self, *values: str) -> float:
        return self.values.get(values, 0)


class Metrics:
    """The metrics of one process; they outlive reloads. A name asked for twice is the same metric."""

    def __init__(self) -> None:
        self._metrics: dict[str, Metric] = {}
        self._before_reading: list[Callable[[], None]] = []

    def counter(self, name: str, help_: str, *labels: str) -> Metric:
        return self._metrics.setdefault(name, Metric(name, help_, labels, "counter"))

    def gauge(self, name: str, help_: str, *labels: str) -> Metric:
        return self._metrics.setdefault(name, Metric(name, help_, labels, "gauge"))

    def before_reading(self, hook: Callable[[], None]) -> None:
        """`hook` is called before the values are read: who counts in batches hands in its counts there."""
        self._before_reading.append(hook)

    def forget(self, hook: Callable[[], None]) -> None:
        if hook in self._before_reading:
            self._before_reading.remove(hook)

    def read(self) -> Iterator[Metric]:
        for hook in self._before_reading:
            hook()
        yield from tuple(self._metrics.values())  # others may come while these are written
