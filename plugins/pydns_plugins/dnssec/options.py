"""Reads the dnssec directive of a Corefile."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.errors import CorefileError, CorefileErrorGroup

DEFAULT_CAPACITY: Final = 10_000
LEAST_CAPACITY: Final = 64
"""Signatures of as many answers as are made at once must have room."""

DENIALS: Final = ("lies", "compact")


@dataclass
class Options:
    """What a dnssec directive says.

    * `zones`: in wire form
    * `keys`: paths, of either file of a key or of both less their suffixes
    * `capacity`: RRsets whose signatures are kept
    * `compact`: denials by RFC 9824 in place of CoreDNS's
    * `cds`: CDS and CDNSKEY records stand at the apex; `no_ds`: they ask the parent to have no DS records
    """

    zones: tuple[bytes, ...]
    keys: tuple[Path, ...] = ()
    capacity: int = DEFAULT_CAPACITY
    compact: bool = False
    cds: bool = False
    no_ds: bool = False


def read_options(directive: Directive, block: ServerBlock) -> Options:
    """Raises CorefileError or CorefileErrorGroup."""
    options = Options(values.zones(directive.args, block))
    errors: list[CorefileError] = []

    def key(option: Directive) -> None:
        kind, *paths = values.arguments(option, 2)
        if kind in ("secret", "aws_secretsmanager"):
            remedy = "write the key into files, and name them by `key file`"
            raise CorefileError(kind.position, "keys of AWS Secrets Manager are not read", remedy)
        values.choice(kind, ("file",), "kind of key")
        options.keys += tuple(values.path(path, block) for path in paths)

    def cache_capacity(option: Directive) -> None:
        options.capacity = values.integer(values.arguments(option, 1, 1)[0], LEAST_CAPACITY)

    def denial(option: Directive) -> None:
        options.compact = values.choice(values.arguments(option, 1, 1)[0], DENIALS, "denial") == "compact"

    def cds(option: Directive) -> None:
        options.cds = True
        for word in values.arguments(option, 0, 1):
            options.no_ds = values.choice(word, ("delete",), "wish for DS records") == "delete"

    try:
        values.options(directive, {reader.__name__: reader for reader in (key, cache_capacity, denial, cds)})
        if not options.keys:
            remedy = "`pydns keys generate ZONE` makes one; write `key file K...`"
            errors.append(CorefileError(directive.position, "dnssec wants a key", remedy))
    except CorefileErrorGroup as group:
        errors.extend(group.errors)
    errors.extend(missing(directive))
    if errors:
        raise CorefileErrorGroup(errors)
    return options


def missing(directive: Directive) -> Sequence[CorefileError]:
    """The error where the extra is not installed."""
    if importlib.util.find_spec("cryptography") is not None:
        return ()
    text = f"{directive.name} needs the package cryptography"
    return (CorefileError(directive.position, text, "pip install 'pydns-server[dnssec]'"),)
