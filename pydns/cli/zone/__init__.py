"""Zone: find what is wrong with a zone's file, and what differs between two."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Final

from pydns import names
from pydns.cli import arguments
from pydns.cli.faults import as_json, fault_lines
from pydns.cli.output import Line, show
from pydns.cli.zone import differing
from pydns.cli.zone.source import SourceError, inspected, read_source
from pydns.zone.master.reading import Severity

SUMMARY: Final = "find what is wrong with a zone's file, and what differs between two"

_HELP: Final = """\
check reads FILE as the server does and tells all that is wrong with it, not the first
fault alone, as FILE:LINE:COLUMN: WHAT. Errors are what BIND would not serve the zone for:
what cannot be read, no SOA or NS record, a CNAME beside other data, a name server of the
zone without an address. Warnings are what it serves and hardly anybody means: missing glue,
MX and SRV to a CNAME, TTLs that differ, records of other zones. Nothing is looked up.

diff prints the records that are in A alone (-) and in B alone (+), by name.

ORIGIN is the zone's name. Left out, it is the SOA's where that is absolute (or $ORIGIN
stands ahead of it), else what the file is called for: db.example.org, example.org.zone.
- as FILE is standard input; pipes are read too, and what a secondary keeps on disk.

exit codes of check: 0 no error (there may be warnings); 1 errors; 2 wrong usage
exit codes of diff: 0 the same records; 1 they differ; 2 a file cannot be read, or wrong usage

examples:
  pydns zone check db.example.org
  pydns zone check --json /etc/pydns/zones/internal example.org
  pydns zone diff db.example.org.old db.example.org example.org
  pydns zone diff db.example.org <(dig @192.0.2.1 example.org AXFR)
"""


def parser() -> argparse.ArgumentParser:
    found = arguments.make_parser("zone", SUMMARY, _HELP)
    verbs = found.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = _verb(verbs, "check", "tell what is wrong with a zone's file")
    check.add_argument("file", metavar="FILE", help="the file to read; - is standard input")
    diff = _verb(verbs, "diff", "tell what differs between two files of one zone")
    diff.add_argument("a", metavar="A", help="the file of before")
    diff.add_argument("b", metavar="B", help="the file of now")
    for verb in (check, diff):
        verb.add_argument("origin", metavar="ORIGIN", nargs="?", type=_origin, help="the name of the zone")
        verb.add_argument("--json", action="store_true", help="print one JSON object")
    return found


def run(argv: Sequence[str]) -> int:
    options = parser().parse_args(argv)
    if options.verb == "check":
        return _check(options)
    try:
        return differing.run(options)
    except SourceError as error:
        return differing.fail(error)


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False)


def _origin(text: str) -> bytes:
    try:
        return names.from_text(text)
    except names.NameSyntaxError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _check(options: argparse.Namespace) -> int:
    source = read_source(options.file, options.origin)
    found = inspected(source)
    origin = names.to_text(source.origin)
    serial, records = (found.zone.serial, found.zone.records) if found.zone is not None else (None, None)
    if options.json:
        told = {
            "ok": not found.errors,
            "origin": origin,
            "serial": serial,
            "records": records,
            "errors": [as_json(fault) for fault in found.faults if fault.severity is Severity.ERROR],
            "warnings": [as_json(fault) for fault in found.faults if fault.severity is Severity.WARNING],
            "left_out": found.errors + found.warnings - len(found.faults),
        }
        print(json.dumps(told, indent=2))
    else:
        lines: list[Line] = fault_lines(found.faults)
        more = found.errors + found.warnings - len(found.faults)
        if more:
            lines.append(((f"{source.path}: {more} more", "bold"),))
        if not found.errors:
            lines.append((("OK", "bold green"), (f" {origin} serial {serial}, {records} records", "")))
        show(lines)
    return 1 if found.errors else 0
