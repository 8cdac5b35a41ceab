"""What happened with one upstream since somebody last asked: plain numbers, handed to the metrics in batches."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

BOUNDS: Final = tuple(0.00025 * 2**i for i in range(16))
"""Upper bounds of durations in seconds: from 0.25 ms to 8 s, as CoreDNS's."""

_NUMBERS: Final = ("failed_checks", "junk", "tcp_hits", "tcp_misses", "udp_hits", "udp_misses")


class Durations:
    """`counts`: how many fell into each bucket, what is above all bounds last; `total` is their sum in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0


class Counts:
    """Numbers since the last `take`.

    `udp_hits` and `tcp_hits` are queries over a socket that was open, `..._misses` those that opened one; `junk` are
    messages that were no answer to anything asked, or no good one; `failed_checks` are health checks; `answers` is what
    the answers took, by their rcode.
    """

    __slots__ = ("answers", *_NUMBERS)

    def __init__(self) -> None:
        self.udp_hits = self.udp_misses = self.tcp_hits = self.tcp_misses = self.junk = self.failed_checks = 0
        self.answers: dict[int, Durations] = {}

    def answered(self, rcode: int, seconds: float) -> None:
        """One answer to a client's query."""
        durations = self.answers.get(rcode)
        if durations is None:
            durations = self.answers[rcode] = Durations()
        durations.counts[bisect_left(BOUNDS, seconds)] += 1
        durations.total += seconds

    def take(self) -> Counts:
        """A copy of the numbers, which begin at 0 again."""
        copy = Counts()
        for slot in _NUMBERS:
            setattr(copy, slot, getattr(self, slot))
            setattr(self, slot, 0)
        copy.answers, self.answers = self.answers, {}
        return copy
