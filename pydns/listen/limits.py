"""How much a TCP listener bears, of all and of each."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class TcpLimits:
    """Seconds, counts and octets. The seconds are CoreDNS's.

    * `idle`: without anything under way (RFC 7766 section 6.2.3)
    * `read`: from the first octet of a message to its last
    * `write`: for 64 KiB of answers to leave, or for all that waits where that is less
    * `connections`, `per_client`: open at once, in all and from one IPv4 address or IPv6 /64
    * `queries`: under way on one connection; the next ones are read when some were answered
    * `output`: octets of answers that wait on one connection; beyond it nothing more is read there
    * `output_in_all`: of all connections; beyond it the one is closed that has not read for longest
    * `most_queries`: on one connection before it is closed, None for any number
    """

    idle: float = 10.0
    read: float = 3.0
    write: float = 5.0
    connections: int = 4096
    per_client: int = 512
    queries: int = 128
    output: int = 1 << 20
    output_in_all: int = 64 << 20
    most_queries: int | None = None


DEFAULTS: Final = TcpLimits()


def affordable_connections(wanted: int) -> int:
    """So many, or half the file descriptors that the process may open: upstreams, files and UDP need theirs."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft // 2))
