"""What differs between two files of one zone."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pydns import names
from pydns.cli.faults import fault_lines
from pydns.cli.output import Line, plain, show
from pydns.cli.zone.source import SourceError, inspected, read_source
from pydns.records import Record, type_text
from pydns.steps import whole
from pydns.zone.difference import Delta, difference
from pydns.zone.master.reading import Severity
from pydns.zone.text import rdata_text, record_text
from pydns.zone.zone import Zone

_ENDLESS: Final = 1 << 40  # records that may differ


def run(options: argparse.Namespace) -> int:
    """Raises SourceError."""
    if options.a == options.b == "-":
        raise SourceError("only one of the two can be standard input")
    old = _zone(options.a, options.origin)
    new = _zone(options.b, options.origin)
    if old.origin != new.origin:
        text = f"{options.a} is of {names.to_text(old.origin)} and {options.b} of {names.to_text(new.origin)}"
        raise SourceError(f"{text} (say the zone's name behind them)")
    delta = whole(difference(old, new, _ENDLESS))
    assert delta is not None  # there is no end to what may differ
    removed, added = _ordered(delta.removed), _ordered(delta.added)
    if delta.old != delta.new:
        removed, added = [delta.old, *removed], [delta.new, *added]
    if options.json:
        told = {
            "origin": names.to_text(old.origin),
            "serials": [old.serial, new.serial],
            "removed": list(map(_as_json, removed)),
            "added": list(map(_as_json, added)),
        }
        print(json.dumps(told, indent=2))
    elif removed or added:
        show(_lines(options, old, new, delta, removed, added))
    return 1 if removed or added else 0


def fail(error: Exception) -> int:
    """As diff(1), which gives 1 where files differ."""
    show([plain(f"pydns: {line}") for line in str(error).splitlines()], sys.stderr)
    return 2


def _zone(path: str, origin: bytes | None) -> Zone:
    """Raises SourceError; what is wrong with the file is shown."""
    source = read_source(path, origin)
    found = inspected(source, check=False)
    if found.zone is None:
        show(fault_lines(fault for fault in found.faults if fault.severity is Severity.ERROR), sys.stderr)
        raise SourceError(f"{source.path} holds no zone")
    return found.zone


def _ordered(records: Iterable[Record]) -> list[Record]:
    """In the canonical order of names (RFC 4034 section 6.1), then by type."""
    return sorted(records, key=lambda record: (names.labels(record.owner)[::-1], record.type, record.rdata))


def _lines(
    options: argparse.Namespace, old: Zone, new: Zone, delta: Delta, removed: list[Record], added: list[Record]
) -> Iterator[Line]:
    """The records of one name and type stand together, those of before first."""
    yield ((f"--- {options.a}  serial {old.serial}, {old.records} records", "bold"),)
    yield ((f"+++ {options.b}  serial {new.serial}, {new.records} records", "bold"),)
    sets: dict[tuple[bytes, int], tuple[list[Record], list[Record]]] = {}
    for i, records in enumerate((removed, added)):
        for record in records:
            sets.setdefault((record.owner, record.type), ([], []))[i].append(record)
    soa = delta.old.owner, delta.old.type
    for key in sorted(sets, key=lambda key: (key != soa, names.labels(key[0])[::-1], key[1])):
        for sign, style, records in zip("-+", ("red", "green"), sets[key], strict=True):
            for owner, type_, _, ttl, rdata in records:
                text = record_text(owner, type_, ttl, rdata).replace("\t", " ")
                yield ((f"{sign} {text}", style),)
    yield plain(f"{len(removed)} removed, {len(added)} added")


def _as_json(record: Record) -> dict[str, Any]:
    return {
        "name": names.to_text(record.owner),
        "ttl": record.ttl,
        "type": type_text(record.type),
        "data": rdata_text(record.type, record.rdata),
    }
