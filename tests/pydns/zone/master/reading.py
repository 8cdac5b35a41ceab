"""Zone text as read, in the words of a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydns import names
from pydns.zone.master.driver import read_whole
from pydns.zone.master.reader import read_zone
from pydns.zone.master.reading import Reading
from pydns.zone.text import record_text

ORIGIN = names.from_text("example.org")
HEAD = "$TTL 3600\n@ SOA ns admin 1 7200 900 1209600 300\n@ NS ns\n"
HEAD_LINES = 3


class Told(NamedTuple):
    records: list[str]
    faults: list[str]
    reading: Reading


def read(text: str | bytes, files: Mapping[str, str] | None = None, origin: bytes = ORIGIN) -> Told:
    """Records as `www 3600 A 192.0.2.1`, owners less the origin; faults as `3:5: what` of the file `db`."""
    found: list[tuple[bytes, int, int, bytes]] = []
    data = text if isinstance(text, bytes) else text.encode("latin-1")
    include = _include({} if files is None else files)
    reading = read_whole(read_zone(data, "db", origin, lambda *record: found.append(record), include=include))
    suffix = "." + names.to_text(origin)
    records = []
    for record in found:
        owner, ttl, _, type_, rdata = record_text(*record).split("\t")
        records.append(f"{'@' if owner == suffix[1:] else owner.removesuffix(suffix)} {ttl} {type_} {rdata}")
    return Told(records, [str(fault).removeprefix("db:") for fault in reading.faults], reading)


def read_below(text: str, files: Mapping[str, str] | None = None) -> Told:
    """The same behind a sound beginning of three lines, of which nothing is given; lines count from 1 all the same."""
    told = read(HEAD + text, files)
    moved = []
    for fault in told.faults:
        line, colon, rest = fault.partition(":")
        moved.append(f"{int(line) - HEAD_LINES}{colon}{rest}" if line.isdigit() else fault)
    return Told(told.records[2:], moved, told.reading)


def _include(files: Mapping[str, str]) -> Callable[[str], bytes]:
    def include(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[path].encode("latin-1")

    return include
