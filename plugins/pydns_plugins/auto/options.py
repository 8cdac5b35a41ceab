"""Reads the auto directives of a server block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns_plugins.auto.rule import Rule, read_rule, usual

RELOAD: Final = 60.0


@dataclass
class Options:
    """What one auto directive says.

    * `zones`: in wire form; zones of files that are not within them are not served
    * `rule`: which files hold a zone, and which
    * `reload`: seconds between two looks at the folder where no event tells of a change; 0: it is read once
    * `mind_serial`: it is told where a zone changes and its serial does not
    * `fallthrough`: zones whose names that do not exist go on
    """

    zones: tuple[bytes, ...]
    folder: Path = Path()
    rule: Rule = field(default_factory=usual)
    reload: float = RELOAD
    mind_serial: bool = True
    fallthrough: frozenset[bytes] = frozenset()


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

    def reload(option: Directive) -> None:
        options.reload = values.duration(values.arguments(option, 1, 1)[0])

    def reload_by_mtime(option: Directive) -> None:
        values.arguments(option, 0, 0)
        options.mind_serial = False

    def fallthrough(option: Directive) -> None:
        options.fallthrough = frozenset(values.fallthrough(option))

    def upstream(option: Directive) -> None:
        """CoreDNS takes it and does nothing: aliases are always followed."""

    known = (directory, reload, reload_by_mtime, fallthrough, upstream)
    values.options(directive, {each.__name__: each for each in known})
    if not named:
        raise CorefileError(directive.position, "auto wants a folder", "add directory DIR to its block")
    return options
