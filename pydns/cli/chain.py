"""Chain: show in which order the plugins of each server block are asked, and what is never reached."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from pydns import names
from pydns.cli import arguments
from pydns.cli.findings import show_findings
from pydns.cli.output import Line, plain, show
from pydns.cli.source import Source
from pydns.errors import CorefileErrorGroup
from pydns.lint import Placed, placed, warnings
from pydns.setup import DEFAULT_PORT, load

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive
    from pydns.setup import Block

SUMMARY: Final = "show the order in which plugins are asked, and what is never reached"

_HELP: Final = """\
The order is fixed; where directives stand in a Corefile changes nothing, save among
several of one plugin. For each server block its zones and addresses are printed, then its
plugins as queries go through them, with the place of each in the Corefile. Those without
a number see no query: they say how the block is run. Warnings follow at the end.

exit codes: 0 printed (there may be warnings); 1 errors, or no such file; 2 wrong usage

examples:
  pydns chain /etc/pydns/Corefile
  pydns chain -p 1053 - < Corefile
"""

_WIDEST: Final = 60  # of what a plugin is configured for


def parser() -> argparse.ArgumentParser:
    found = arguments.make_parser("chain", SUMMARY, _HELP)
    arguments.add_corefile(found)
    arguments.add_port(found, DEFAULT_PORT)
    return found


def run(argv: Sequence[str]) -> int:
    options = arguments.parse(parser(), argv)
    source = Source(options.corefile)
    try:
        configuration = load(source.corefile, options.port)
    except CorefileErrorGroup as group:
        show_findings(group.errors, source, sys.stderr)
        return 1
    for i, block in enumerate(configuration.blocks):
        if i:
            show([plain("")])
        show(_block_lines(block))
    doubts = warnings(configuration)
    if doubts:
        show([plain("")])
        show_findings(doubts, source)
    return 0


def _block_lines(block: Block) -> Iterator[Line]:
    bind = f"on {', '.join(block.hosts())}" if block.settings.bind else "on all addresses"
    if block.settings.bind_except:
        bind += f" but {', '.join(block.settings.bind_except)}"
    for scheme, port, zone, key in block.ports():
        yield (
            (names.to_text(zone), "bold"),
            (f"  {scheme}  port {port}  {bind}", ""),
            (f"  {key.position.file}:{key.position.line}", "dim"),
        )
    chain = placed(block)
    places = [", ".join(f"{d.position.file}:{d.position.line}" for d in each.directives) for each in chain]
    widest_name = max((len(each.plugin.name) for each in chain), default=0)
    widest_place = max(map(len, places), default=0)
    number = 0
    for each, place in zip(chain, places, strict=True):
        count = ""
        if each.plugin.opcodes:
            number += 1
            count = f"{number}."
        yield (
            (f"{count:>5} ", "dim"),
            (f"{each.plugin.name:<{widest_name}}", "bold" if count else ""),
            (f"  {place:<{widest_place}}", "dim"),
            (f"  {_told(each)}".rstrip(), ""),
        )


def _told(each: Placed) -> str:
    """What the plugin is configured for, in the Corefile's own words."""
    text = "; ".join(filter(None, map(_directive_text, each.directives)))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def _directive_text(directive: Directive) -> str:
    words = " ".join(directive.args)
    options = len(directive.block or ())
    if not options:
        return words
    return f"{words} {{ {options} {'line' if options == 1 else 'lines'} }}".lstrip()
