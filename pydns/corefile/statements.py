"""Lines of words to statements: words, and the statements in braces behind them.

A server block, a snippet, a directive and an option all have this shape; which of them a statement is, its place says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from pydns.corefile.lexer import lex
from pydns.corefile.limits import Faults, nest
from pydns.corefile.shown import readable, shorten
from pydns.corefile.tree import Position, Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(slots=True)
class Statement:
    """`block` is None where no braces stood. `words` is empty only where nothing stood before the brace, a fault."""

    words: list[Word] = field(default_factory=list)
    block: list[Statement] | None = None


def read(text: str, file: str, faults: Faults) -> list[Statement]:
    """The statements of a file. What is wrong is added to `faults`; raises LimitError where it is too much."""
    reader = _Reader(faults)
    for line in lex(text, file, faults):
        reader.line(line)
    reader.end()
    return reader.top


class _Open(NamedTuple):
    """A brace that waits for its closing one."""

    brace: Word
    first: Word  # of the statement, so of its line
    block: list[Statement]


_GLUED_KEY: Final = re.compile(r"((?:[^{}]|\{[$%][^{}]*\}|\{args[^{}]*\})++)(\{)")
_GLUED_NAME: Final = re.compile(r"([\w-]+)([{}])")


class _Reader:
    def __init__(self, faults: Faults) -> None:
        self.top: list[Statement] = []
        self._open: list[_Open] = []
        self._faults = faults
        self._odd = ""  # about the first closing brace that stands left of the line it closes

    def line(self, words: Sequence[Word]) -> None:
        """A statement ends with its line, and with its closing brace."""
        statement: Statement | None = None
        closed: Word | None = None
        for word in self._apart(words):
            if not word.quoted and word == "{":
                self._begin(word, statement or self._above(word, closed))
                statement = closed = None
            elif not word.quoted and word == "}":
                self._close(word, word is words[0])
                statement, closed = None, word
            elif statement:
                statement.words.append(word)
            else:
                if closed and self._open:
                    self._fault(word, f"{shorten(word)!r} stands behind a closing brace", "begin a new line before it")
                statement = Statement([word])
                self._here.append(statement)

    def end(self) -> None:
        """Closes what is open still. One fault for all: whoever forgets one brace sees one error."""
        if not self._open:
            return
        outermost = self._open[0]
        remedy = self._odd or "add } on a line of its own"
        self._fault(outermost.brace, f"the brace behind {shorten(outermost.first)!r} is never closed", remedy)

    @property
    def _here(self) -> list[Statement]:
        return self._open[-1].block if self._open else self.top

    def _above(self, brace: Word, closed: Word | None) -> Statement:
        """The statement of an earlier line that a brace at the start of this one belongs to."""
        here = self._here
        if here and here[-1].block is None and not closed:
            return here[-1]
        what = "a block has no name before its brace" if self._open else "a server block has no key before its brace"
        self._fault(brace, what, "write . for all names" if not self._open else "remove the brace, or name the block")
        here.append(nameless := Statement())
        return nameless

    def _begin(self, brace: Word, statement: Statement) -> None:
        nest(len(self._open), brace.position)
        statement.block = []
        self._open.append(_Open(brace, statement.words[0] if statement.words else brace, statement.block))

    def _close(self, brace: Word, alone: bool) -> None:
        if not self._open:
            self._fault(brace, "the brace closes nothing", "remove it, or open the block that it ends")
            return
        first = self._open.pop().first
        if alone and not self._odd and brace.position.column < first.position.column:
            self._odd = (
                f"perhaps before {brace.position}, which now closes {shorten(first)!r} of line {first.position.line}"
            )

    def _apart(self, words: Sequence[Word]) -> Iterator[Word]:
        """Takes a brace off that is glued to a key or a name, and says so: the blank before it is often forgotten."""
        first = True
        for word in words:
            if not word.quoted and len(word) > 1 and word[-1] in "{}":
                glued = None
                if first and self._open:
                    glued = _GLUED_NAME.fullmatch(word)
                elif not self._open:
                    glued = _GLUED_KEY.fullmatch(word)
                if glued:
                    text, brace = glued.groups()
                    self._fault(
                        word,
                        f"a blank is missing before the {brace} of {shorten(word)!r}",
                        f"write {readable(shorten(text))} {brace}",
                    )
                    file, line, column = word.position
                    yield Word(text, word.position)
                    yield Word(brace, Position(file, line, column + len(text)))
                    first = True
                    continue
            yield word
            first = not word.quoted and word in ("{", "}")

    def _fault(self, word: Word, message: str, remedy: str) -> None:
        self._faults.tell(word.position, message, remedy)
