"""Adapt: print a Corefile as TOML, with imports put in and variables filled in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from pydns.cli import arguments
from pydns.cli.findings import show_findings
from pydns.cli.source import Source
from pydns.corefile.adapt import adapt
from pydns.errors import CorefileErrorGroup

SUMMARY: Final = "print a Corefile as TOML"

_HELP: Final = """\
What was read is printed: server blocks, their keys taken apart, and directives in their
order, with what was imported and what variables held. Directives need not be known;
`pydns check` tells whether they are.

exit codes: 0 printed; 1 errors, or no such file (told on standard error); 2 wrong usage

examples:
  pydns adapt
  pydns adapt /etc/coredns/Corefile > Corefile.toml
"""


def parser() -> argparse.ArgumentParser:
    found = arguments.make_parser("adapt", SUMMARY, _HELP)
    arguments.add_corefile(found)
    return found


def run(argv: Sequence[str]) -> int:
    options = arguments.parse(parser(), argv)
    source = Source(options.corefile)
    try:
        text = adapt(source.corefile())
    except CorefileErrorGroup as group:
        show_findings(group.errors, source, sys.stderr)
        return 1
    sys.stdout.write(text)
    return 0
