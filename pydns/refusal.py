"""A message that was answered without any plugin's having been asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pydns.query import Client, Query


class Refusal(NamedTuple):
    """What came, and what its sender got: REFUSED, NOTIMP, FORMERR or BADVERS.

    `server` is the address that was asked (see `Query.server`). `query` is None where `wire` could not be read.
    `client` is good while this is told, and may be another's after that.
    """

    server: str
    client: Client
    wire: bytes
    query: Query | None
    rcode: int
    answer: bytes


WatchRefusals = Callable[[Refusal], None]
"""Who wants to know of each refusal: see `Settings.refusals`."""
