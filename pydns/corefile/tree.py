"""The Corefile as a frozen tree; every word knows where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Position(NamedTuple):
    """Where a word begins: file as the user named it, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Word(str):
    """One token with its place. `quoted` where it stood in quotes (then a variable in it was never split)."""

    __slots__ = ("position", "quoted")
    position: Position
    quoted: bool

    def __new__(cls, text: str, position: Position, quoted: bool = False) -> Word:
        word = super().__new__(cls, text)
        word.position = position
        word.quoted = quoted
        return word

    def __getnewargs__(self) -> tuple[str, Position, bool]:  # type: ignore[override] # `str` has but the text
        """For pickle."""
        return str(self), self.position, self.quoted


@dataclass(frozen=True, slots=True)
class Directive:
    """A line of a block: its first word, the words behind it, and the block in braces, if any.

    `block` is None where no braces stood, () where they were empty.
    """

    name: Word
    args: tuple[Word, ...] = ()
    block: tuple[Directive, ...] | None = None

    @property
    def position(self) -> Position:
        return self.name.position


@dataclass(frozen=True, slots=True)
class Key:
    """One address of a server block: `dns://example.org:1053` read into its parts.

    `zone` is a name in wire form; `port` is None where the key names none.
    """

    word: Word
    scheme: str
    zone: bytes
    port: int | None

    @property
    def position(self) -> Position:
        return self.word.position


@dataclass(frozen=True, slots=True)
class ServerBlock:
    """Keys and directives. `root` is the folder of the `root` directive, else the working folder."""

    keys: tuple[Key, ...]
    directives: tuple[Directive, ...]
    root: Path = field(default_factory=Path)

    @property
    def zones(self) -> tuple[bytes, ...]:
        """The zones of its keys in wire form, each once, in their order."""
        return tuple(dict.fromkeys(key.zone for key in self.keys))

    def named(self, name: str) -> tuple[Directive, ...]:
        return tuple(directive for directive in self.directives if directive.name == name)


@dataclass(frozen=True, slots=True)
class Corefile:
    """A whole Corefile, imports and variables resolved.

    * `files`: the absolute paths of all files that were read for it
    * `patterns`: absolute paths and globs, the main file first; a reload is due when what they match changes
    """

    blocks: tuple[ServerBlock, ...]
    files: tuple[Path, ...] = ()
    patterns: tuple[str, ...] = ()
