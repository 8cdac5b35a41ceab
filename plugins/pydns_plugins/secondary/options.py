"""Reads the secondary directives of a Corefile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pydns import names
from pydns.corefile import values
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.upstream.endpoint import Endpoint, endpoint

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word

MOST_PRIMARIES: Final = 64

_REMEDY: Final = "write 192.0.2.1, 192.0.2.1:5300, 2001:db8::1 or [2001:db8::1]:5300"


class From(NamedTuple):
    """Where zones come from. `key` signs what is asked there; `word` is where its name stands."""

    endpoint: Endpoint
    key: bytes | None = None
    word: Word | None = None


@dataclass
class Options:
    """One secondary directive.

    * `catalog`: None where its zones are no catalogs; else the zones at and below which these may bring members
    * `directory`: where zones are kept on disk
    """

    zones: tuple[bytes, ...]
    primaries: list[From] = field(default_factory=list)
    catalog: tuple[bytes, ...] | None = None
    directory: Path | None = None
    fallthrough: frozenset[bytes] = frozenset()


def read_options(directives: Sequence[Directive], block: ServerBlock) -> list[Options]:
    """Raises CorefileErrorGroup."""
    found: list[Options] = []
    errors: list[CorefileError] = []
    taken: dict[bytes, Directive] = {}
    for directive, options in values.each(directives, lambda each: _read(each, block), errors):
        for zone in options.zones:
            first = taken.setdefault(zone, directive)
            if first is not directive:
                text = f"{names.to_text(zone)} is named by two secondaries, first at {first.position}"
                remedy = "name all primaries of a zone in one"
                errors.append(CorefileError(directive.position, text, remedy))
        found.append(options)
    if errors:
        raise CorefileErrorGroup(errors)
    return found


def _read(directive: Directive, block: ServerBlock) -> Options:
    options = Options(values.zones(directive.args, block))

    def transfer(option: Directive) -> None:
        options.primaries.extend(_primaries(option))

    def catalog(option: Directive) -> None:
        options.catalog = tuple(zone for word in option.args for zone in values.zone(word)) or (names.ROOT,)

    def directory(option: Directive) -> None:
        options.directory = values.path(values.arguments(option, 1, 1)[0], block)

    def fallthrough(option: Directive) -> None:
        options.fallthrough = frozenset(values.fallthrough(option))

    values.options(directive, {each.__name__: each for each in (transfer, catalog, directory, fallthrough)})
    options.primaries = list(dict.fromkeys(options.primaries))
    if not options.primaries:
        remedy = "add a line such as: transfer from 192.0.2.1"
        raise CorefileError(directive.position, "secondary does not say where its zones come from", remedy)
    if len(options.primaries) > MOST_PRIMARIES:
        raise CorefileError(directive.position, f"{len(options.primaries)} primaries", f"at most {MOST_PRIMARIES}")
    return options


def _primaries(option: Directive) -> list[From]:
    preposition, *words = values.arguments(option, 2)
    if preposition == "to":
        remedy = "the transfer plugin gives zones to others: transfer { to ADDRESS }"
        raise CorefileError(preposition.position, "secondary takes zones and gives none", remedy)
    if preposition != "from":
        raise CorefileError(
            preposition.position, f"{str(preposition)!r} in place of from", "write: transfer from ADDRESS"
        )
    key: bytes | None = None
    name: Word | None = None
    addresses = words
    if len(words) > 1 and words[-2] == "key":
        *addresses, _, name = words
        key = values.name(name)
    if not addresses or "key" in addresses:
        word = next(each for each in words if each == "key")
        remedy = "write: transfer from ADDRESS... key NAME"
        raise CorefileError(word.position, "a key stands behind the addresses", remedy)
    return [From(_endpoint(word), key, name) for word in addresses]


def _endpoint(word: Word) -> Endpoint:
    if word == "*":
        raise CorefileError(word.position, "a zone cannot come from everywhere", "name the primaries")
    try:
        return endpoint(str(word))
    except ValueError as error:
        raise CorefileError(word.position, str(error), _REMEDY) from None
