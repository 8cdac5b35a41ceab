"""Messages that are longer than any query: which of them are read. Anybody may send them."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 4096
"""Octets of a query; what is queued is bounded in number, and so in memory. Other opcodes may bring more (RFC 2136)."""

_QUEUED: Final = 500
"""Messages that may be queued ahead of a longer one. It is dropped where more are: 20,000 would take a gigabyte."""

_AT_ONCE: Final = 128 * 1024
"""Octets of those in one batch of datagrams. More are dropped: to walk over the records of 64 KiB takes 1.6 ms."""


class LongMessages:
    """Those of one server."""

    def __init__(self) -> None:
        self._moment = -1.0
        self._octets = 0  # that were taken then

    def may_be_read(self, length: int, transport: str, now: float, queued: int) -> bool:
        """`now` is when its batch came, `queued` how many messages wait to be answered."""
        if queued > _QUEUED:
            return False
        if transport != "udp":  # each connection has its turn
            return True
        if now != self._moment:
            self._moment, self._octets = now, 0
        self._octets += length
        return self._octets <= _AT_ONCE
