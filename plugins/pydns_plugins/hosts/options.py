"""Reads the hosts directive of a Corefile."""

from __future__ import annotations

import dataclasses
import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from pydns import names
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock, Word
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.steps import whole
from pydns_plugins.hosts.content import Source
from pydns_plugins.hosts.reader import name_fault, read
from pydns_plugins.hosts.spelling import address, text

DEFAULT_FILE: Final = Path("/etc/hosts")
DEFAULT_TTL: Final = 3600  # seconds
MAX_TTL: Final = 65535  # as CoreDNS


@dataclass
class Options:
    """What a hosts directive says.

    * `files`: paths and globs
    * `zones`: in wire form
    * `reverse`: make PTRs
    * `reload`: seconds between two looks at the files where no event comes, 0 to follow them not at all, None as usual
    * `fallthrough`: zones whose missing names go on; `unsupported` where other types of existing names do as well
    * `inline`: the entries in the Corefile; `strangers` are those among them whose names are in none of the zones
    """

    files: tuple[Path, ...]
    zones: tuple[bytes, ...]
    ttl: int = DEFAULT_TTL
    reverse: bool = True
    reload: float | None = None
    fallthrough: tuple[bytes, ...] = ()
    unsupported: bool = False
    inline: Source | None = None
    strangers: tuple[Word, ...] = ()


def read_options(directive: Directive, block: ServerBlock) -> Options:
    """Raises CorefileError or CorefileErrorGroup."""
    files, zones = _arguments(directive, block)
    options = Options(tuple(files), zones)

    def ttl(option: Directive) -> None:
        options.ttl = values.integer(values.arguments(option, 1, 1)[0], 1, MAX_TTL)

    def no_reverse(option: Directive) -> None:
        values.arguments(option, 0, 0)
        options.reverse = False

    def reload(option: Directive) -> None:
        options.reload = values.duration(values.arguments(option, 1, 1)[0])

    def fallthrough(option: Directive) -> None:
        options.fallthrough = values.fallthrough(option)

    def fallthrough_unsupported(option: Directive) -> None:
        values.arguments(option, 0, 0)
        options.unsupported = True

    def file(option: Directive) -> None:
        files.extend(values.path(word, block) for word in values.arguments(option, 1))

    known = {
        reader.__name__: reader for reader in (ttl, no_reverse, reload, fallthrough, fallthrough_unsupported, file)
    }
    lines = directive.block or ()
    inline = [line for line in lines if line.name not in known and _looks_like_address(line.name)]
    others = tuple(line for line in lines if line not in inline)
    errors: list[CorefileError] = []
    try:
        values.options(dataclasses.replace(directive, block=others), known)
    except CorefileErrorGroup as group:
        errors.extend(group.errors)
    errors.extend(fault for line in inline for fault in _inline_faults(line))
    if options.unsupported and not options.fallthrough:
        word = next(line.name for line in lines if line.name == "fallthrough_unsupported")
        errors.append(CorefileError(word.position, f"{word} wants fallthrough", "add fallthrough beside it"))
    if errors:
        raise CorefileErrorGroup(sorted(errors, key=lambda error: error.position[1:]))
    options.files = tuple(dict.fromkeys(files)) or (DEFAULT_FILE,)
    options.inline, options.strangers = _inline(inline, zones)
    return options


def _arguments(directive: Directive, block: ServerBlock) -> tuple[list[Path], tuple[bytes, ...]]:
    """The files and zones behind `hosts`: the first word is a file; further words are zones, unless plainly paths."""
    if not directive.args:
        return [], block.zones
    first, *others = directive.args
    if not first:
        raise CorefileError(first.position, "an empty file name")
    files = [first, *(word for word in others if _is_path(word))]
    zones = values.zones([word for word in others if not _is_path(word)], block)
    return [values.path(word, block) for word in files], zones


def _is_path(word: Word) -> bool:
    """CoreDNS takes each word but the first for a zone, so only what can hardly be one is a path."""
    if word.startswith(("/", "./", "../")):
        return True
    if "/" not in word or not glob.has_magic(word):
        return False
    try:
        ip_network(str(word), strict=False)
    except ValueError:
        return True
    return False


def _looks_like_address(word: Word) -> bool:
    return ":" in word or word[:1].isdigit()


def _encoded(word: Word) -> bytes:
    return os.fsencode(word).translate(names.LOWER)


def _inline_faults(line: Directive) -> Sequence[CorefileError]:
    if address(_encoded(line.name)) is None:
        return [CorefileError(line.name.position, f"{str(line.name)!r} is no IP address")]
    if line.block is not None:
        return [CorefileError(line.position, "an entry takes no block", "remove the braces")]
    if not line.args:
        return [CorefileError(line.position, f"no name behind the address {line.name}")]
    faults = ((word, name_fault(_encoded(word))) for word in line.args)
    return [CorefileError(word.position, fault) for word, fault in faults if fault]


def _inline(lines: Sequence[Directive], zones: Sequence[bytes]) -> tuple[Source | None, tuple[Word, ...]]:
    if not lines:
        return None, ()
    data = b"".join(b" ".join(_encoded(word) for word in (line.name, *line.args)) + b"\n" for line in lines)
    reading = whole(read(data, tuple(key for zone in zones if (key := text(zone)) is not None)))
    origins = [f"{line.position.file}:{line.position.line}" for line in lines]
    strangers = (
        word
        for line in lines
        for word in line.args
        if not any(names.is_within(values.name(word), zone) for zone in zones)
    )
    return Source("inline", reading, origins), tuple(strangers)
