"""Reads the auto directives of a server block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.zone.options import Followed
from pydns_plugins.auto.rule import Rule, read_rule, usual

RELOAD: Final = 60.0


@dataclass
class Options(Followed):
    """What one auto directive says.

    * `zones`: in wire form; zones of files that are not within them are not served
    * `rule`: which files hold a zone, and which
    """

    zones: tuple[bytes, ...]
    folder: Path = Path()
    rule: Rule = field(default_factory=usual)
    reload: float = field(default=RELOAD, kw_only=True)


def read_options(directives: Sequence[Directive], block: ServerBlock) -> list[Options]:
    """Raises CorefileErrorGroup."""
    errors: list[CorefileError] = []
    found = [options for _, options in values.each(directives, lambda each: _read(each, block), errors)]
    if errors:
        raise CorefileErrorGroup(errors)
    return found


def _read(directive: Directive, block: ServerBlock) -> Options:
    options = Options(values.zones(directive.args, block))
    named: list[Directive] = []

    def directory(option: Directive) -> None:
        words = values.arguments(option, 1, 3)
        if named:
            raise CorefileError(option.position, f"directory stands twice, first at {named[0].position}", "keep one")
        named.append(option)
        if not words[0]:
            raise CorefileError(words[0].position, "an empty folder name")
        options.folder = values.path(words[0], block)
        if len(words) == 2:
            text = "an expression wants a template for the zone's name behind it"
            raise CorefileError(words[1].position, text, "add {1}")
        if len(words) == 3:
            options.rule = read_rule(words[1], words[2])

    values.options(directive, {"directory": directory, **options.readers()})
    if not named:
        raise CorefileError(directive.position, "auto wants a folder", "add directory DIR to its block")
    return options
