"""Reads the sign directives of a server block."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydns import names
from pydns.corefile import values
from pydns.corefile.tree import Directive, Position, ServerBlock
from pydns.errors import CorefileError, CorefileErrorGroup

DEFAULT_FOLDER: Final = Path("/var/lib/coredns")
"""CoreDNS's."""

MAX_ITERATIONS: Final = 50
"""Of NSEC3's hash: with more, validators such as BIND take the zone for insecure (RFC 9276 section 3.2)."""


@dataclass
class Options:
    """What one sign directive says.

    * `zones`: in wire form, each signed from `db`
    * `keys`: what the names of key files begin with; `key_folder`: where the keys of each zone are looked for
    * `folder`: where signed zones are written
    * `hashed`: iterations and salt of NSEC3, None for NSEC
    * `opt_out`: NSEC3 leaves insecure delegations out
    """

    db: Path
    zones: tuple[bytes, ...]
    keys: tuple[Path, ...] = ()
    key_folder: Path | None = None
    folder: Path = DEFAULT_FOLDER
    hashed: tuple[int, bytes] | None = None
    opt_out: bool = False

    def signed(self, zone: bytes) -> Path:
        """The file of a signed zone."""
        return self.folder / f"db.{names.to_text(zone).replace('/', '%2F')}signed"


def read_options(directives: Sequence[Directive], block: ServerBlock) -> list[Options]:
    """Raises CorefileErrorGroup."""
    found: list[Options] = []
    errors: list[CorefileError] = []
    places: dict[Path, Position] = {}
    for directive, options in values.each(directives, lambda each: _read(each, block), errors):
        for zone in options.zones:
            first = places.setdefault(options.signed(zone), directive.position)
            if first is not directive.position:
                text = f"{names.to_text(zone)} is signed already, at {first}"
                errors.append(CorefileError(directive.position, text, "keep one"))
        found.append(options)
    if importlib.util.find_spec("cryptography") is None:
        text = "sign needs the package cryptography"
        errors.append(CorefileError(directives[0].position, text, "pip install 'pydns-server[dnssec]'"))
    if errors:
        raise CorefileErrorGroup(errors)
    return found


def _read(directive: Directive, block: ServerBlock) -> Options:
    word, *words = values.arguments(directive, 1)
    options = Options(values.path(word, block), values.zones(words, block))

    def key(option: Directive) -> None:
        kind, *paths = values.arguments(option, 2)
        if values.choice(kind, ("file", "directory"), "kind of key") == "file":
            options.keys += tuple(values.path(path, block) for path in paths)
        else:
            options.key_folder = values.path(values.arguments(option, 2, 2)[1], block)

    def directory(option: Directive) -> None:
        options.folder = values.path(values.arguments(option, 1, 1)[0], block)

    def nsec3(option: Directive) -> None:
        iterations, salt = 0, b""
        given = values.arguments(option, 0, 2)
        if given:
            iterations = values.integer(given[0], 0, MAX_ITERATIONS)
        if len(given) > 1 and given[1] != "-":
            try:
                salt = bytes.fromhex(given[1])
            except ValueError:
                raise CorefileError(given[1].position, f"{str(given[1])!r} is no hexadecimal number") from None
            if len(salt) > 255:
                raise CorefileError(given[1].position, "a salt has 255 octets at most")
        options.hashed = iterations, salt

    def opt_out(option: Directive) -> None:
        values.arguments(option, 0, 0)
        options.opt_out = True

    values.options(directive, {reader.__name__: reader for reader in (key, directory, nsec3, opt_out)})
    if options.opt_out and options.hashed is None:
        raise CorefileError(directive.position, "opt_out is a way of NSEC3", "write `nsec3` as well")
    if not options.keys and options.key_folder is None:
        remedy = "`pydns keys generate ZONE` makes one; write `key file K...`"
        raise CorefileError(directive.position, "sign wants a key", remedy)
    return options
