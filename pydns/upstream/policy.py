"""In which order upstreams are asked."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from pydns.upstream.upstream import Upstream

MEASURE_AGAIN: Final = 10.0
"""Seconds after which `latency` measures an upstream that was not asked meanwhile."""

_SLOW: Final = 3.0  # times the usual time are slow
_LEAST_PATIENCE: Final = 0.01  # seconds
_MOST_PATIENCE: Final = 0.5
_UNKNOWN_PATIENCE: Final = 0.1  # where the usual time is not known


class Policy:
    """`order` gives the upstreams in the order in which one query tries them. Never empty where `upstreams` is not.

    `measures`: True where it has patience, or upstreams to measure; else nobody need ask it for these.
    """

    measures: ClassVar[bool] = False

    def order(self, upstreams: Sequence[Upstream]) -> Sequence[Upstream]:
        raise NotImplementedError

    def patience(self, upstream: Upstream) -> float:
        """Seconds after which a spare query goes to a second upstream."""
        return math.inf

    def unmeasured(self, upstreams: Sequence[Upstream], now: float) -> Upstream | None:
        """An upstream that is to get a copy of the query, only to see how fast it is."""
        return None


class Random(Policy):
    """A random order for each query."""

    def order(self, upstreams: Sequence[Upstream]) -> Sequence[Upstream]:
        if len(upstreams) == 1:
            return upstreams
        return random.sample(upstreams, len(upstreams))


class RoundRobin(Policy):
    """Each query begins one further."""

    def __init__(self) -> None:
        self._next = 0

    def order(self, upstreams: Sequence[Upstream]) -> Sequence[Upstream]:
        first = self._next % len(upstreams)
        self._next = first + 1
        return (*upstreams[first:], *upstreams[:first])


class Sequential(Policy):
    """Always in the order of the Corefile."""

    def order(self, upstreams: Sequence[Upstream]) -> Sequence[Upstream]:
        return upstreams


class Latency(Policy):
    """The fastest first, as measured.

    Clients do not wait for measurements: who was not asked for a while gets a copy of a query. When the first is slower
    than usual a spare query goes to the second, and the first good answer counts.
    """

    measures: ClassVar[bool] = True

    def order(self, upstreams: Sequence[Upstream]) -> Sequence[Upstream]:
        return sorted(upstreams, key=_latency)

    def patience(self, upstream: Upstream) -> float:
        if upstream.latency is None:
            return _UNKNOWN_PATIENCE
        return min(max(_SLOW * upstream.latency, _LEAST_PATIENCE), _MOST_PATIENCE)

    def unmeasured(self, upstreams: Sequence[Upstream], now: float) -> Upstream | None:
        for upstream in upstreams:
            if upstream.measured + MEASURE_AGAIN < now and upstream.usable:
                upstream.measured = now  # one copy is enough
                return upstream
        return None


def _latency(upstream: Upstream) -> float:
    return float("inf") if upstream.latency is None else upstream.latency


POLICIES: Final[dict[str, Callable[[], Policy]]] = {
    "random": Random,
    "round_robin": RoundRobin,
    "sequential": Sequential,
    "latency": Latency,
}
"""By the words of a Corefile."""
