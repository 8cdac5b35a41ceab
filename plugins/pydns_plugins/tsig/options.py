"""Reads the tsig directive of a Corefile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock, Word
from pydns.errors import CorefileError
from pydns.names import to_text
from pydns.records import Opcode, type_from_text
from pydns.tsig.algorithms import algorithm
from pydns.tsig.key import Key, secret_from_text

_OPCODES: Final = ("QUERY", "IQUERY", "STATUS", "NOTIFY", "UPDATE")  # those of CoreDNS


@dataclass
class Options:
    """What a tsig directive says: `types` and `opcodes` are those that must be signed, None are all of them."""

    zones: tuple[bytes, ...]
    keys: dict[bytes, Key] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    types: frozenset[int] | None = frozenset()
    opcodes: frozenset[int] | None = frozenset()

    @property
    def demands(self) -> bool:
        """True where anything must be signed."""
        return self.types != frozenset() or self.opcodes != frozenset()


def read_options(directive: Directive, block: ServerBlock) -> Options:
    """Raises CorefileError or CorefileErrorGroup."""
    options = Options(values.zones(directive.args, block))

    def secret(option: Directive) -> None:
        key = _key(option)
        if key.name in options.keys:
            raise CorefileError(option.args[0].position, f"key {to_text(key.name)} stands twice", "keep one of them")
        options.keys[key.name] = key

    def secrets(option: Directive) -> None:
        options.files.append(values.path(values.arguments(option, 1, 1)[0], block))

    def require(option: Directive) -> None:
        options.types = _all_or(values.arguments(option, 1), options.types, _type)

    def require_opcode(option: Directive) -> None:
        options.opcodes = _all_or(values.arguments(option, 1), options.opcodes, _opcode)

    values.options(directive, {reader.__name__: reader for reader in (secret, secrets, require, require_opcode)})
    options.files = list(dict.fromkeys(options.files))
    return options


def _key(option: Directive) -> Key:
    name, secret, *rest = values.arguments(option, 2, 3)
    try:
        octets = secret_from_text(secret)
    except ValueError as error:
        remedy = "`tsig-keygen NAME` makes one"
        raise CorefileError(secret.position, str(error), remedy) from None
    if not rest:
        return Key.unnamed(values.name(name), octets)
    try:
        return Key(values.name(name), algorithm(rest[0]), octets)
    except ValueError as error:
        raise CorefileError(rest[0].position, str(error)) from None


def _all_or(
    words: tuple[Word, ...], before: frozenset[int] | None, read: Callable[[Word], int]
) -> frozenset[int] | None:
    """`all`, `none`, or numbers; a line of the same name adds to that before it, but `none` ends all before it."""
    if len(words) == 1 and words[0] in ("all", "none"):
        return None if words[0] == "all" else frozenset()
    for word in words:
        if word in ("all", "none"):
            raise CorefileError(word.position, f"{word} stands alone or not at all", f"remove {word}, or all but it")
    found = frozenset(map(read, words))
    return None if before is None else before | found


def _type(word: Word) -> int:
    try:
        return type_from_text(word)
    except ValueError as error:
        raise CorefileError(word.position, str(error), "write it as AXFR or TYPE65280") from None


def _opcode(word: Word) -> int:
    return Opcode[values.choice(Word(word.upper(), word.position), _OPCODES, "opcode")]
