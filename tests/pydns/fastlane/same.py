"""Whether two messages say the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from pydns.records import Record, Type
from pydns.wire.opened import sections
from pydns.wire.scan import scan


def difference(one: bytes | None, other: bytes | None) -> str:
    """What differs, the order within RRsets aside; empty where nothing does."""
    if one is None or other is None:
        return "" if one is other else "one was not sent"
    for part, value, other_value in zip(("header", "question", "OPT"), _fixed(one), _fixed(other), strict=True):
        if value != other_value:
            return f"{part}: {value.hex(' ')}, {other_value.hex(' ')}"
    for part, found, other_found in zip(
        ("answer", "authority", "additional"), sections(one), sections(other), strict=True
    ):
        if _sets(found) != _sets(other_found):
            return f"{part}: {found}, {other_found}"
    return ""


def _fixed(message: bytes) -> tuple[bytes, bytes, bytes]:
    layout = scan(message)
    opt = layout.opt
    return message[:12], message[12 : layout.question_end], message[opt.owner : opt.end] if opt is not None else b""


def _sets(records: Sequence[Record]) -> list[list[Record]]:
    """The RRsets in their order, each sorted."""
    found = groupby(map(_without_serial, records), lambda record: (record.owner, record.type))
    return [sorted(records) for _, records in found]


def _without_serial(record: Record) -> Record:
    """An SOA may tell the serial of before for the few seconds of its TTL: the names that changed are others."""
    if record.type != Type.SOA:
        return record
    rdata = record.rdata
    return record._replace(rdata=rdata[:-20] + bytes(4) + rdata[-16:])
