"""The words of an entry: a line, or several in parentheses (RFC 1035 section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import Final, NamedTuple

from pydns.zone.master.lines import Lines

MAX_WORDS: Final = 70_000
"""Words of one entry, so that a parenthesis which is never closed ends sometime."""

MAX_OCTETS: Final = 1_048_576
"""Octets of all words of an entry."""

_STEP: Final = 2000  # words after which a step ends

_BARE: Final = rb"(?:[^ \t\r\v\f\n;()\"\\]|\\.)++"  # a backslash at the end of a line is no word
_WORD: Final = re.compile(rb"[ \t\v\f]*+(?:(%b|\"(?:[^\"\\]|\\.)*+\")|([()])|(;.*+|$)|(.))" % _BARE, re.DOTALL)


class Word(NamedTuple):
    """A word as it stands in the file, quotes and escapes included; line and column count from 1.

    `joined`: no blank parts it from the word ahead, as in `alpn="h2"`, which are two.
    """

    text: bytes
    line: int
    column: int
    joined: bool = False


def joined(words: Sequence[Word]) -> bytes:
    """The text of words, with one blank where there were any."""
    return b"".join([word.text if word.joined or not i else b" " + word.text for i, word in enumerate(words)])


class EntryError(Exception):
    """An entry that cannot be divided into words: what is wrong, where, and whether its lines are all read."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message


def entry(lines: Lines) -> Generator[None, None, list[Word]]:
    """The words of the entry that begins with the next line; none of an empty one. Raises EntryError.

    After an error the next line is the one behind that which is to blame.
    """
    words: list[Word] = []
    open_at: tuple[int, int] | None = None  # where the parenthesis stands that is not closed yet
    size = 0
    number = lines.number
    while (line := lines.next()) is not None:
        at, behind = 0, -1  # where the last word ends
        while True:
            found = _WORD.match(line, at)
            if found is None:
                raise AssertionError("one of the alternatives takes each character")
            at = found.end()
            kind = found.lastindex
            column = found.start(kind or 0) + 1
            if kind == 1:
                word = found[1]
                words.append(Word(word, number, column, column - 1 == behind))
                behind = at
                size += len(word)
                if len(words) > MAX_WORDS or size > MAX_OCTETS:
                    raise EntryError(*(open_at or (number, column)), _too_much(open_at))
                if len(words) % _STEP == 0:
                    yield
            elif kind == 2:
                if found[2] == b"(":
                    if open_at is not None:
                        raise EntryError(number, column, "a parenthesis within parentheses")
                    open_at = number, column
                elif open_at is None:
                    raise EntryError(number, column, "a closing parenthesis without an opening one")
                else:
                    open_at = None
            elif kind == 3:
                break
            else:
                raise EntryError(number, column, _stray(found[4]))
        if open_at is None:
            return words
        number = lines.number
        if lines.at == len(lines.piece):
            yield
    if open_at is not None:
        raise EntryError(*open_at, "the parenthesis is never closed")
    return words


def divided(text: bytes, place: Word) -> list[Word]:
    """The words of a text that was made, without parentheses, as if all stood in one place. Raises EntryError."""
    found = []
    at, behind = 0, -1
    while match := _WORD.match(text, at):
        at = match.end()
        if match.lastindex == 3:
            break
        if match.lastindex != 1:
            raise EntryError(place.line, place.column, _stray(match[match.lastindex or 0]))
        found.append(Word(match[1], place.line, place.column, match.start(1) == behind))
        behind = at
    return found


def _too_much(open_at: tuple[int, int] | None) -> str:
    return "too much stands behind this parenthesis: is it ever closed?" if open_at else "an entry of too many words"


def _stray(character: bytes) -> str:
    if character == b'"':
        return "the quote is not closed in its line"
    if character == b"\\":
        return "a backslash at the end of the line"
    if character in b"()":
        return "a parenthesis does not belong here"
    return "a carriage return within a line"
