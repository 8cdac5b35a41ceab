"""Reads the file directives of a server block."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydns import names
from pydns.corefile import values
from pydns.corefile.tree import Directive, Position, ServerBlock, Word
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.update.grants import Grant
from pydns.watch import POLL
from pydns.zone.options import Followed
from pydns_plugins.file.granting import read_grant


@dataclass
class Options(Followed):
    """What one file directive says.

    * `zones`: in wire form, each read from `path`
    * `grants`: who may update the zone, which then is the only one of the directive; `keys`: by which keys
    """

    path: Path
    zones: tuple[bytes, ...]
    position: Position
    reload: float = field(default=POLL, kw_only=True)
    grants: tuple[Grant, ...] = ()
    keys: tuple[tuple[bytes, Word], ...] = ()


def read_options(directives: Sequence[Directive], block: ServerBlock) -> list[Options]:
    """Raises CorefileErrorGroup."""
    found: list[Options] = []
    errors: list[CorefileError] = []
    places: dict[bytes, Position] = {}
    files: dict[Path, Options] = {}
    for _, options in values.each(directives, lambda each: _read(each, block), errors):
        for zone in options.zones:
            first = places.setdefault(zone, options.position)
            if first is not options.position:
                text = f"{names.to_text(zone)} has a file already, at {first}"
                errors.append(CorefileError(options.position, text, "keep one"))
        other = files.setdefault(options.path, options)
        if other is not options and (other.grants or options.grants):
            text = f"{options.path} is another zone's file too, at {other.position}, and one of them is updated"
            errors.append(CorefileError(options.position, text, "give each zone its own file"))
        found.append(options)
    if errors:
        raise CorefileErrorGroup(errors)
    return found


def _read(directive: Directive, block: ServerBlock) -> Options:
    word, *words = values.arguments(directive, 1)
    if not word or glob.has_magic(word):
        remedy = "the auto plugin takes a folder"
        raise CorefileError(word.position, f"{str(word)!r} is not the name of one file", remedy)
    options = Options(values.path(word, block), values.zones(words, block), directive.position)

    def update(option: Directive) -> None:
        options.grants += (read_grant(option, options.zones[0]),)
        options.keys += ((options.grants[-1].key, option.args[1]),)

    values.options(directive, {"update": update, **options.readers()})
    if options.grants:
        _check_updated(options, directive, block)
    return options


def _check_updated(options: Options, directive: Directive, block: ServerBlock) -> None:
    place = next(option.position for option in directive.block or () if option.name == "update")
    if len(options.zones) > 1:
        zones = " ".join(map(names.to_text, options.zones))
        raise CorefileError(place, f"updates of several zones in one file ({zones})", "give each zone its own file")
    if not block.named("tsig"):
        raise CorefileError(place, "updates are signed, and this server block has no tsig", "add tsig with the key")
