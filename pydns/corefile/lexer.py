"""Parts the text of a Corefile into lines of words, by the rules of Caddy's first version.

* Words are parted by blanks. A `#` outside of quotes starts a comment, within a word too.
* A word that begins with a double quote ends at the next one, over lines as well. `\\"` stands for a quote, any other
  backslash for itself. Single quotes, and quotes within a word, are letters like others.
* A backslash at the end of a line joins nothing.
"""

from __future__ import annotations

import re
from typing import Final

from pydns.corefile.limits import MAX_CHARACTERS, MAX_WORDS, Faults, LimitError
from pydns.corefile.tree import Position, Word
from pydns.errors import CorefileError

_BYTE_ORDER_MARK: Final = "\ufeff"

# Every character fits one of these; the possessive quantifiers keep a lone quote from being tried twice.
_TOKEN: Final = re.compile(
    r"""
      (?P<newline> \n )
    | (?P<blank> [^\S\n]+ )
    | (?P<comment> \#[^\n]* )
    | " (?P<quoted> [^"\\]*+ (?: \\. [^"\\]*+ )*+ ) "
    | (?P<unclosed> " [^\n]* )
    | (?P<word> [^\s#"] [^\s#]* )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r'\\(["\\])')
_FORBIDDEN: Final = re.compile("[\0\ud800-\udfff]")


def lex(text: str, file: str, faults: Faults) -> list[list[Word]]:
    """Lines that hold a word at least; a quoted word over several lines belongs to the one it begins in.

    What is wrong is added to `faults`. Raises LimitError where there are too many words.
    """
    if len(text) > MAX_CHARACTERS:
        raise LimitError(Position(file, 1, 1), f"more than {MAX_CHARACTERS} characters")
    text = text.removeprefix(_BYTE_ORDER_MARK)
    lines: list[list[Word]] = []
    line: list[Word] = []
    number, start, count = 1, 0, 0
    opening, end = Position(file, 1, 1), -1  # of the latest quoted word over several lines
    suspect = _FORBIDDEN.search(text) is not None
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "newline":
            if line:
                lines.append(line)
                line = []
            number, start = number + 1, match.end()
            continue
        if kind in ("blank", "comment"):
            continue
        position = Position(file, number, match.start() - start + 1)
        if match.start() == end:
            message = f"the quote runs on to line {number}, where text is glued to its end"
            faults.tell(opening, message, "close it earlier")
        if kind == "quoted":
            word = Word(_unescape(match["quoted"]), position, quoted=True)
            if breaks := match[0].count("\n"):
                number, start = number + breaks, match.start() + match[0].rindex("\n") + 1
                opening, end = position, match.end()
        elif kind == "unclosed":
            faults.tell(position, "the quote is never closed", 'close it with "')
            word = Word(match["unclosed"][1:].rstrip(), position, quoted=True)
        else:
            word = Word(match["word"], position)
        if suspect and (bad := _FORBIDDEN.search(word)):
            faults.add(forbidden(word, bad[0]))
        line.append(word)
        count += 1
        if count > MAX_WORDS:
            raise LimitError(position, f"more than {MAX_WORDS} words")
    if line:
        lines.append(line)
    return lines


def forbidden(word: Word, character: str) -> CorefileError:
    """The fault of a word with a NUL, or with a byte that is no UTF-8 (PEP 383 keeps it as a lone surrogate)."""
    if character == "\0":
        return CorefileError(word.position, "a NUL character")
    return CorefileError(word.position, f"the byte 0x{ord(character) & 0xFF:02x} is no UTF-8", "write it as UTF-8")


def check(word: Word) -> Word:
    """The word, where its text may stand in a Corefile."""
    if bad := _FORBIDDEN.search(word):
        raise forbidden(word, bad[0])
    return word


def _unescape(text: str) -> str:
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: '"' if match[1] == '"' else match[0], text)
    return text.replace("\r\n", "\n")
