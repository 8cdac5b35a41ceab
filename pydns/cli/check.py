"""Check: find everything that is wrong with a Corefile, without opening a socket."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pydns.cli import arguments
from pydns.cli.faults import as_json as fault_as_json
from pydns.cli.faults import fault_lines
from pydns.cli.findings import as_json, show_findings
from pydns.cli.output import show
from pydns.cli.source import Source
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.lint import LintWarning, warnings
from pydns.setup import DEFAULT_PORT, load
from pydns.zone.master.reading import Fault, Severity

if TYPE_CHECKING:
    from pydns.setup import Configuration

SUMMARY: Final = "find all errors in a Corefile, without opening a socket"

_HELP: Final = """\
Every directive is read by its plugin as when the server starts, and all faults are told,
not the first alone, as FILE:LINE:COLUMN: WHAT (REMEDY). Nothing is bound, asked or looked
up; Python files that `plugin` names are run. Warnings tell what is allowed but hardly
meant. The zones' files of *file*, *auto* and *sign* are checked as by `pydns zone check`, and
keys are read. Whether ports are free and other files are sound shows when the server starts.

exit codes: 0 no error (there may be warnings); 1 errors, or no such file; 2 wrong usage

examples:
  pydns check /etc/pydns/Corefile
  pydns check --json - < Corefile
"""


def parser() -> argparse.ArgumentParser:
    found = arguments.make_parser("check", SUMMARY, _HELP)
    arguments.add_corefile(found)
    arguments.add_port(found, DEFAULT_PORT)
    found.add_argument("--json", action="store_true", help="print one JSON object")
    return found


def run(argv: Sequence[str]) -> int:
    options = arguments.parse(parser(), argv)
    source = Source(options.corefile)
    errors: Sequence[CorefileError] = ()
    doubts: Sequence[LintWarning] = ()
    faults: Sequence[Fault] = ()
    servers = plugins = 0
    try:
        configuration = load(source.corefile, options.port)
    except CorefileErrorGroup as group:
        errors = group.errors
    else:
        doubts = warnings(configuration)
        faults = _faults(configuration)
        servers, plugins = _counts(configuration)
    bad, doubtful = ([fault for fault in faults if fault.severity is severity] for severity in Severity)
    ok = not errors and not bad
    if options.json:
        found = {
            "ok": ok,
            "errors": [*map(as_json, errors), *map(fault_as_json, bad)],
            "warnings": [*map(as_json, doubts), *map(fault_as_json, doubtful)],
            "servers": servers,
            "plugins": plugins,
        }
        print(json.dumps(found, indent=2))
    else:
        show_findings([*errors, *doubts], source)
        show(fault_lines(faults))
        if ok:
            show([(("OK", "bold green"), (f" {_counted(servers, 'server')} {_counted(plugins, 'plugin')}", ""))])
    return 0 if ok else 1


def _faults(configuration: Configuration) -> Sequence[Fault]:
    """Those of the plugins' files, each once: several blocks may serve the same."""
    found: dict[Fault, None] = {}
    for plugin in (each for block in configuration.blocks for each in block.plugins):
        try:
            found.update(dict.fromkeys(plugin.examine()))
        except Exception as error:  # a plugin from outside may do anything
            text = f"it cannot say what is wrong with its files: {type(error).__name__}: {error}"
            found[Fault(plugin.name, 0, 0, text, Severity.WARNING)] = None
    return tuple(found)


def _counts(configuration: Configuration) -> tuple[int, int]:
    return len(configuration.blocks), sum(len(block.plugins) for block in configuration.blocks)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
