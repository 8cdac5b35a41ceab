"""Check: find everything that is wrong with a Corefile, without opening a socket."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pydns.cli import arguments
from pydns.cli.findings import as_json, show_findings
from pydns.cli.output import show
from pydns.cli.source import Source
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.lint import LintWarning, warnings
from pydns.setup import DEFAULT_PORT, load

if TYPE_CHECKING:
    from pydns.setup import Configuration

SUMMARY: Final = "find all errors in a Corefile, without opening a socket"

_HELP: Final = """\
Every directive is read by its plugin as when the server starts, and all faults are told,
not the first alone, as FILE:LINE:COLUMN: WHAT (REMEDY). Nothing is bound, asked or looked
up; Python files that `plugin` names are run. Warnings tell what is allowed but hardly
meant. Whether ports are free and data files are sound shows when the server starts.

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
    servers = plugins = 0
    try:
        configuration = load(source.corefile, options.port)
    except CorefileErrorGroup as group:
        errors = group.errors
    else:
        doubts = warnings(configuration)
        servers, plugins = _counts(configuration)
    if options.json:
        found = {
            "ok": not errors,
            "errors": [as_json(error) for error in errors],
            "warnings": [as_json(doubt) for doubt in doubts],
            "servers": servers,
            "plugins": plugins,
        }
        print(json.dumps(found, indent=2))
    else:
        show_findings([*errors, *doubts], source)
        if not errors:
            show([(("OK", "bold green"), (f" {_counted(servers, 'server')} {_counted(plugins, 'plugin')}", ""))])
    return 1 if errors else 0


def _counts(configuration: Configuration) -> tuple[int, int]:
    return len(configuration.blocks), sum(len(block.plugins) for block in configuration.blocks)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
