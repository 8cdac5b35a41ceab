"""What happened with one upstream since somebody last asked: plain numbers, handed to the metrics in batches."""

from __future__ import annotations


class Counts:
    """Numbers since the last `take`.

    `udp_hits` and `tcp_hits` are queries over a socket that was open, `..._misses` those that opened one; `junk` are
    messages that were no answer to anything asked, or no good one; `failed_checks` are health checks.
    """

    __slots__ = ("failed_checks", "junk", "tcp_hits", "tcp_misses", "udp_hits", "udp_misses")

    def __init__(self) -> None:
        self.udp_hits = self.udp_misses = self.tcp_hits = self.tcp_misses = self.junk = self.failed_checks = 0

    def take(self) -> Counts:
        """A copy of the numbers, which begin at 0 again."""
        copy = Counts()
        for slot in Counts.__slots__:
            setattr(copy, slot, getattr(self, slot))
            setattr(self, slot, 0)
        return copy
