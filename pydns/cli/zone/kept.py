"""What a secondary keeps on disk (`pydns.transfer.packed`), looked at as master files are."""

from __future__ import annotations

import time

from pydns.names import is_name
from pydns.steps import whole
from pydns.transfer.packed import MAGIC, PackedError, Unpacking
from pydns.zone.checks import checking
from pydns.zone.inspection import Inspection
from pydns.zone.master.reading import Fault, Severity


def is_kept(data: bytes) -> bool:
    return data.startswith(MAGIC)


def origin_of(data: bytes) -> bytes | None:
    """The zone that is in it; None where that is no name."""
    start = len(MAGIC) + 2
    origin = data[start : start + int.from_bytes(data[start - 2 : start])]
    return origin if is_name(origin) else None


def inspect(data: bytes, path: str, origin: bytes, *, check: bool = True) -> Inspection:
    """As `pydns.zone.inspection.inspect`; there are no lines to be told."""
    unpacking = Unpacking(origin)
    try:
        whole(unpacking.take(data))
        zone = whole(unpacking.finish())
    except PackedError as error:
        return Inspection(None, 1, 0, (Fault(path, 0, 0, str(error)),))
    if not check:
        return Inspection(zone, 0, 0, ())
    found = whole(checking(zone, int(time.time())))
    faults = tuple(Fault(path, 0, 0, each.message, each.severity) for each in found.kept)
    return Inspection(zone, found.counts[Severity.ERROR], found.counts[Severity.WARNING], faults)
