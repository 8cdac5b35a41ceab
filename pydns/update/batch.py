"""Updates that go to disk together: each waits for one write, however many there are."""

from __future__ import annotations

from typing import NamedTuple

from pydns.zone.difference import Delta
from pydns.zone.zone import Zone


class Prepared(NamedTuple):
    """An update that is worked out: what it changes, the zone with it, and its entry in the journal."""

    delta: Delta
    zone: Zone
    entry: bytes


class Batch:
    """`done` where all are on disk and published, or none of them; then `error` says why."""

    def __init__(self) -> None:
        self.prepared: list[Prepared] = []
        self.done = False
        self.error = ""

    def fail(self, error: str) -> None:
        self.done, self.error = True, error
