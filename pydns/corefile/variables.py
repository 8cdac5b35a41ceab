"""Fills in `{$NAME}`, `{%NAME%}` and the arguments of an import, once words are words.

A value is put in last and in one go, so it never opens a block, starts a comment or names another variable.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydns.corefile.lexer import check
from pydns.corefile.limits import MAX_CHARACTERS, Budget, Faults, LimitError
from pydns.corefile.shown import readable, shorten
from pydns.corefile.tree import Position, Word
from pydns.errors import CorefileError

# `{{$x}}` is a variable of a template, and its plugin's to fill in.
_REFERENCE: Final = re.compile(
    r"""
      (?<!\{) \{\$ (?P<dollar> [^{}:\s]+ ) (?: : (?P<dollar_default> [^{}]* ) )? \}
    | \{% (?P<percent> [^{}%:\s]+ ) (?: : (?P<percent_default> [^{}%]* ) )? %\}
    | \{args (?: \[ (?P<index> [0-9]{1,9} | : ) \] | \. (?P<dotted> [0-9]{1,9} ) ) \}
    """,
    re.VERBOSE,
)
_CUT_OFF: Final = re.compile(r"(?<!\{)\{[$%]([A-Za-z_]\w*):[^{}]*\Z")
_MAX_GUESSED: Final = 64  # difflib takes the square of a name's length


class Variables:
    """What references stand for at one place: the environment, and what an `import` passes on.

    `args` is None outside of what is imported; `importer` is where the import stands.
    """

    __slots__ = ("_args", "_budget", "_environ", "_importer")

    def __init__(
        self,
        environ: Mapping[str, str],
        budget: Budget,
        args: Sequence[Word] | None = None,
        importer: Position | None = None,
    ) -> None:
        self._environ = environ
        self._budget = budget
        self._args = args
        self._importer = importer

    def for_import(self, args: Sequence[Word], importer: Position) -> Variables:
        """The same environment, in what is imported there."""
        return Variables(self._environ, self._budget, args, importer)

    def expand_all(self, words: Sequence[Word], faults: Faults) -> list[Word] | None:
        """The words that these stand for; None where one is at fault, which is added to `faults`."""
        found: list[Word] = []
        before = len(faults)
        for word in words:
            try:
                expanded = self.expand(word)
            except CorefileError as error:
                faults.add(error)
            else:
                self._budget.take_words(word.position, len(expanded), sum(map(len, expanded)))
                found += expanded
        return found if len(faults) == before else None

    def expand(self, word: Word) -> Sequence[Word]:
        """The words that a word stands for: itself, where it holds no reference.

        An unquoted word that is one variable and nothing else is split on blanks, into no words where there are none.
        An unquoted `{args[:]}` is all arguments, each a word as it was.
        """
        if "{" not in word:
            return (word,)
        if not word.quoted and (whole := _REFERENCE.fullmatch(word)):
            if _is_argument(whole):
                return [Word(text, word.position, text.quoted) for text in self._arguments(word, whole)]
            return [check(Word(text, word.position)) for text in self._value(word, whole).split()]
        if not word.quoted and (cut := _CUT_OFF.search(word)):
            message = f"the default of {shorten(cut[1])} has no closing brace"
            raise CorefileError(word.position, message, "where a blank is in it, put the word in quotes")
        text = "".join(self._pieces(word))
        return (word if text == word else check(Word(text, word.position, word.quoted)),)

    def _pieces(self, word: Word) -> Iterator[str]:
        """What stands between the references, and their values."""
        end = size = 0
        for match in _REFERENCE.finditer(word):
            value = " ".join(self._arguments(word, match)) if _is_argument(match) else self._value(word, match)
            size += len(value)
            if size > MAX_CHARACTERS:
                raise LimitError(word.position, f"one word of more than {MAX_CHARACTERS} characters")
            yield word[end : match.start()]
            yield value
            end = match.end()
        yield word[end:]

    def _value(self, word: Word, match: re.Match[str]) -> str:
        name = match["dollar"] or match["percent"]
        default = match["dollar_default"] if match["dollar"] else match["percent_default"]
        value = self._environ.get(name, default)
        if value is None:
            raise CorefileError(word.position, f"{readable(shorten(name))} is not set", self._remedy(name, match))
        return value

    def _remedy(self, name: str, match: re.Match[str]) -> str:
        if len(name) > _MAX_GUESSED:
            return "set it in the environment"
        if close := difflib.get_close_matches(name, self._environ, n=1, cutoff=0.8):
            return f"did you mean {close[0]}?"
        default = f"{{${readable(name)}:VALUE}}" if match["dollar"] else f"{{%{readable(name)}:VALUE%}}"
        return f"set it in the environment, or write {default}"

    def _arguments(self, word: Word, match: re.Match[str]) -> Sequence[Word]:
        if self._args is None:
            message = f"{match[0]} stands neither in a snippet nor in an imported file"
            raise CorefileError(word.position, message, "an import passes arguments on")
        if match["index"] == ":":
            return self._args
        index = int(match["index"] or match["dotted"])
        if index >= len(self._args):
            count = len(self._args)
            passed = f"the import at {self._importer} passes {count} argument{'' if count == 1 else 's'}"
            raise CorefileError(word.position, f"{match[0]} is not given", passed)
        return (self._args[index],)


def _is_argument(match: re.Match[str]) -> bool:
    return bool(match["index"] or match["dotted"])
