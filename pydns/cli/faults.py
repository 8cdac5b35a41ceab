"""How the faults of a zone's file are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydns.cli.output import Line
from pydns.zone.master.reading import Fault, Severity


def fault_lines(faults: Iterable[Fault]) -> list[Line]:
    return [_line(fault) for fault in faults]


def as_json(fault: Fault) -> dict[str, Any]:
    """Line and column are null where they are not known."""
    return {
        "file": fault.file,
        "line": fault.line or None,
        "column": fault.column or None,
        "message": fault.message,
        "remedy": "",
    }


def _line(fault: Fault) -> Line:
    if fault.severity is Severity.WARNING:
        return ((f"{fault.place}: ", "bold"), ("warning: ", "bold yellow"), (fault.message, "bold"))
    return ((f"{fault.place}: ", "bold"), (fault.message, "bold red"))
