"""How long and how many: what the sockets to an upstream are held to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds, 0 is no limit for `max_age` and `max_idle`.

    * `expire`: a socket or connection that was idle for so long is closed
    * `max_age`: one that is older is not used again
    * `max_idle`: so many idle TCP connections are kept for each upstream
    * `max_ports`: so many UDP sockets, each on its random port, are open for each upstream
    * `source`: the address that queries leave from; None lets the kernel choose
    """

    expire: float = 10.0
    max_age: float = 0.0
    max_idle: int = 0
    max_ports: int = 16
    source: str | None = None
