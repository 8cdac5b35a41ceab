"""What the lines of a master file say to those behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydns.names import LOWER
from pydns.zone.master.spelling import Naming

Add = Callable[[bytes, int, int, bytes], None]
"""Takes a record: owner, type, TTL, rdata. As `Builder.add`."""


@dataclass(slots=True)
class Where:
    """The place of the record that is given to `Add` at this moment; the line counts from 1."""

    file: str = ""
    line: int = 0


@dataclass(slots=True)
class State:
    """As the master file has it at one line.

    * `owner`: of the last record, in small letters; None ahead of the first
    * `default_ttl`: of $TTL, or of a SOA that had no TTL; `last_ttl`: that a record had
    * `told_old_ttls`: it is told that records without a TTL have that of the record ahead (RFC 1035)
    """

    add: Add
    naming: Naming
    where: Where = field(default_factory=Where)
    owner: bytes | None = None
    default_ttl: int | None = None
    last_ttl: int | None = None
    told_old_ttls: bool = False
    records: int = 0
    folded_origin: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.folded_origin = self.naming.origin.translate(LOWER)

    def change_origin(self, origin: bytes) -> None:
        if origin != self.naming.origin:
            self.naming.change_origin(origin)
            self.folded_origin = origin.translate(LOWER)
