"""Reads a master file as one zone and finds all that is wrong with it, each fault with its place."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from stat import S_ISFIFO
from typing import Final, NamedTuple

from pydns import names
from pydns.errors import ZoneError
from pydns.records import Type, type_text
from pydns.steps import whole
from pydns.zone.builder import Builder
from pydns.zone.checks import Findings, checking
from pydns.zone.master.driver import read_whole
from pydns.zone.master.reader import MAX_FILE, read_file, read_zone
from pydns.zone.master.reading import Fault, Faults, Severity
from pydns.zone.master.state import Add, Where
from pydns.zone.zone import Zone

STDIN: Final = "-"

_SINGLETONS: Final = frozenset((int(Type.CNAME), int(Type.DNAME)))
_RRSIG, _SOA = int(Type.RRSIG), int(Type.SOA)
_HEAD: Final = 1 << 20  # octets of a file in which its SOA is looked for
_AFFIXES: Final = re.compile(r"db\.(?P<a>.+)|(?P<b>.+)\.(?:zone|db|hosts|txt|signed)", re.IGNORECASE)


class Inspection(NamedTuple):
    """`zone` is None where there is none to be had; `faults` are the first of `errors` and `warnings`, by place."""

    zone: Zone | None
    errors: int
    warnings: int
    faults: tuple[Fault, ...]


def read_data(path: str) -> bytes:
    """The content of a file, of standard input, or of a pipe as a shell's `<(dig ...)` is. Raises OSError."""
    if path == STDIN:
        return sys.stdin.buffer.read(MAX_FILE)
    if S_ISFIFO(os.stat(path).st_mode):
        with open(path, "rb") as pipe:
            return pipe.read(MAX_FILE)
    return read_file(path)


def inspect(data: bytes, path: str, origin: bytes, *, check: bool = True) -> Inspection:
    """Reads a zone, and checks what stands in it where each record is good (`check`). Blocks."""
    faults = Faults()
    where = Where()
    builder = Builder(origin)
    add = builder.add if not check else _Watch(builder.add, where, faults).add
    reading = read_whole(read_zone(data, path, origin, add, where=where))
    zone = None
    if not reading.errors:
        try:
            zone = whole(builder.finish())
        except ZoneError as error:
            faults.add(Fault(path, 0, 0, str(error)))
    counts = {Severity.ERROR: reading.errors, Severity.WARNING: reading.warnings}
    found = [*reading.faults, *faults.kept]
    if zone is not None and check:
        findings = whole(checking(zone, int(time.time())))
        found += _located(findings, data, path, origin)
        for severity, count in findings.counts.items():
            counts[severity] += count
    for severity, count in faults.counts.items():
        counts[severity] += count
    order = {file: i for i, file in enumerate(reading.files)}
    found.sort(key=lambda fault: (order.get(fault.file, 0), fault.line, fault.column))
    return Inspection(zone, counts[Severity.ERROR], counts[Severity.WARNING], tuple(found))


def examine(path: str, origin: bytes) -> Sequence[Fault]:
    """What is wrong with a file that a plugin would serve as this zone. Blocks."""
    try:
        found = inspect(read_file(path), path, origin)
    except OSError as error:
        text = f"cannot be read: {error.strerror or error}; {names.to_text(origin)} is SERVFAIL until it can"
        return (Fault(path, 0, 0, text, Severity.WARNING),)
    more = found.errors + found.warnings - len(found.faults)
    last = (Fault(path, 0, 0, f"{more} more", Severity.WARNING),) if more else ()
    return *found.faults, *last


class _Watch:
    """Sees what is lost when records become a zone, among those of one name that stand together."""

    def __init__(self, add: Add, where: Where, faults: Faults) -> None:
        self._add = add
        self._where = where
        self._faults = faults
        self._owner = b""
        self._first: dict[int, tuple[int, bytes]] = {}  # TTL and rdata of the first record, by type

    def add(self, owner: bytes, type_: int, ttl: int, rdata: bytes) -> None:
        if owner != self._owner:
            self._owner = owner
            self._first = {}
        first = self._first.setdefault(type_, (ttl, rdata))
        if first[0] != ttl and type_ != _RRSIG:
            text = f"TTL {ttl} beside {first[0]} of the other {type_text(type_)} records of {names.to_text(owner)}"
            self._tell(f"{text}: all have the lower one (RFC 2181 section 5.2)", Severity.WARNING)
        if type_ in _SINGLETONS and first[1] != rdata:
            self._tell(f"a second {type_text(type_)} record at {names.to_text(owner)}", Severity.ERROR)
            return
        self._add(owner, type_, ttl, rdata)

    def _tell(self, message: str, severity: Severity) -> None:
        self._faults.add(Fault(self._where.file, self._where.line, 0, message, severity))


def _located(findings: Findings, data: bytes, path: str, origin: bytes) -> Sequence[Fault]:
    """Findings as faults. Where the records stand is found by reading the file once more."""
    wanted = {finding[:2] for finding in findings.kept}
    places: dict[tuple[bytes, int, bytes | None], tuple[str, int]] = {}
    if wanted:
        where = Where()

        def look(owner: bytes, type_: int, ttl: int, rdata: bytes) -> None:
            if (owner, type_) in wanted:
                for key in ((owner, type_, rdata), (owner, type_, None)):
                    places.setdefault(key, (where.file, where.line))

        read_whole(read_zone(data, path, origin, look, where=where))
    return [
        Fault(*places.get(finding[:3], (path, 0)), 0, finding.message, finding.severity) for finding in findings.kept
    ]


class _Done(Exception):  # noqa: N818 -- no error
    """The SOA is found."""


def find_origin(data: bytes, path: str) -> bytes | None:
    """The name of the zone in a file: that of its SOA where it is absolute, else what the file is called for.

    `db.example.org`, `example.org.zone` and `example.org` are called for example.org. None where nobody can tell.
    """
    found: list[bytes] = []

    def look(owner: bytes, type_: int, ttl: int, rdata: bytes) -> None:
        if type_ == _SOA:
            found.append(owner)
            raise _Done

    end = data.rfind(b"\n", 0, _HEAD) + 1 if len(data) > _HEAD else len(data)
    with suppress(_Done):
        read_whole(read_zone(data[:end], path, names.ROOT, look, any_soa=True))
    if found and found[0] != names.ROOT:
        return found[0]
    name = Path(path).name
    match = _AFFIXES.fullmatch(name)
    text = (match["a"] or match["b"]) if match else name
    if path == STDIN or (match is None and "." not in text):
        return None
    try:
        return names.from_text(text)
    except names.NameSyntaxError:
        return None
