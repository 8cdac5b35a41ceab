"""Metrics as text, in the format that Prometheus reads (version 0.0.4), in slices with turns for others in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import accumulate
from math import isfinite
from typing import TYPE_CHECKING, Final

import trio

from pydns.metrics import Histogram

if TYPE_CHECKING:
    from pydns.metrics import Metric, Metrics

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

SLICE: Final = 200
"""Samples that are written in one go: about half a millisecond."""


async def write(metrics: Metrics) -> AsyncIterator[bytes]:
    """All metrics, slice after slice."""
    lines: list[str] = []
    for metric in metrics.read():
        for line in _lines(metric):
            lines.append(line)
            if len(lines) >= SLICE:
                yield _joined(lines)
                lines.clear()
                await trio.lowlevel.checkpoint()
    yield _joined(lines)


def _joined(lines: list[str]) -> bytes:
    return "".join(lines).encode("utf-8", "replace")  # a backslash of another meaning would be no label any more


def _lines(metric: Metric | Histogram) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help)}\n# TYPE {metric.name} {metric.kind}\n"
    if isinstance(metric, Histogram):
        yield from _histogram(metric)
        return
    nothing_yet: dict[tuple[str, ...], float] = {} if metric.labels else {(): 0}
    for values, value in tuple((metric.values or nothing_yet).items()):
        yield f"{metric.name}{_labels(metric.labels, values)} {number(value)}\n"


def _histogram(metric: Histogram) -> Iterator[str]:
    bounds = [*map(number, metric.bounds), "+Inf"]
    names = (*metric.labels, "le")
    for values, counts in tuple(metric.counts.items()):
        for bound, count in zip(bounds, accumulate(counts), strict=True):
            yield f"{metric.name}_bucket{_labels(names, (*values, bound))} {count}\n"
        labels = _labels(metric.labels, values)
        yield f"{metric.name}_sum{labels} {number(metric.sums[values])}\n{metric.name}_count{labels} {sum(counts)}\n"


def _labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{name}="{_quoted(value)}"' for name, value in zip(names, values, strict=True)) + "}"


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def number(value: float) -> str:
    """A value as short as it can be told."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    if not isfinite(value):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    return repr(value)
