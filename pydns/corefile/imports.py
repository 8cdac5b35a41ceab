"""What `import` stands for: a snippet, a file, or the files that match a pattern."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from pydns.corefile.files import Files, identity
from pydns.corefile.limits import MAX_IMPORT_DEPTH, Budget, Faults, LimitError
from pydns.corefile.shown import readable, shorten
from pydns.corefile.statements import Statement
from pydns.corefile.tree import Position, Word
from pydns.corefile.variables import Variables
from pydns.errors import CorefileError


class Place(NamedTuple):
    """Where statements stand: what their references mean, where their imports begin, and how we came there.

    `chain`: what identifies the Corefile, then each file and snippet on the way, with its name in errors.
    """

    variables: Variables
    folder: str
    chain: Mapping[str, str]


class Snippet(NamedTuple):
    name: Word
    block: list[Statement]
    folder: str


class Imports:
    """The snippets and files of one Corefile."""

    def __init__(self, files: Files, budget: Budget, faults: Faults) -> None:
        self._files = files
        self._budget = budget
        self._faults = faults
        self._snippets: dict[str, Snippet] = {}

    def define(self, found: Iterable[Statement], place: Place) -> None:
        """Takes all the snippets of a file at once, so that one may stand below its first import."""
        for statement in found:
            if not is_snippet(statement):
                continue
            words = place.variables.expand_all(statement.words, self._faults)
            if not words:
                continue
            if fault := self._define(words, statement, place.folder):
                self._faults.add(fault)

    def _define(self, words: Sequence[Word], statement: Statement, folder: str) -> CorefileError | None:
        first = words[0]
        name = first[1:-1]
        if len(words) > 1 or not first.endswith(")") or not name:
            return CorefileError(first.position, "a snippet wants one name in parentheses", "write (NAME) {")
        if statement.block is None:
            return CorefileError(first.position, f"no block behind the snippet {shorten(first)!r}", "write (NAME) {")
        known = self._snippets.setdefault(name, Snippet(first, statement.block, folder))
        if known.block is statement.block:  # or a file is imported twice, which brings the same ones again
            return None
        message = f"the snippet {shorten(first)!r} stands twice, first at {known.name.position}"
        return CorefileError(first.position, message, "keep one")

    def resolve(self, statement: Statement, place: Place) -> Iterator[tuple[Sequence[Statement], Place]]:
        """The statements that an `import` stands for, and where these stand. Raises LimitError."""
        importer = statement.words[0].position
        if statement.block is not None:
            self._faults.tell(importer, "import takes no block", "remove the braces")
            return
        words = place.variables.expand_all(statement.words, self._faults)
        if words is None:
            return
        if len(words) < 2 or not words[1]:
            self._faults.tell(importer, "import wants a snippet, a file or a pattern")
            return
        _, target, *args = words
        variables = place.variables.for_import(args, importer)
        if snippet := self._snippets.get(target):
            if chain := self._chain(place, name := f"({readable(target)})", name, importer):
                yield snippet.block, Place(variables, snippet.folder, chain)
            return
        for path in self._matches(target, place.folder, importer):
            if chain := self._chain(place, identity(path), readable(path), importer):
                yield self._read(path, target, importer), Place(variables, os.path.dirname(path), chain)

    def _chain(self, place: Place, identity: str, shown: str, importer: Position) -> Mapping[str, str] | None:
        """The place's chain with one more import, counted. None where it imports itself, a fault."""
        self._budget.take_import(importer)
        if identity in place.chain:
            cycle = (*list(place.chain.values())[list(place.chain).index(identity) :], shown)
            self._faults.tell(importer, f"an import of itself: {' > '.join(cycle)}", "remove this import")
            return None
        if len(place.chain) > MAX_IMPORT_DEPTH:
            raise LimitError(importer, f"imports are nested more than {MAX_IMPORT_DEPTH} deep")
        return {**place.chain, identity: shown}

    def _matches(self, target: Word, folder: str, importer: Position) -> Sequence[str]:
        try:
            return self._files.matches(target, folder, importer)
        except CorefileError as error:
            self._faults.add(error)
            return ()

    def _read(self, path: str, target: Word, importer: Position) -> Sequence[Statement]:
        try:
            if os.path.lexists(path):
                return self._files.imported(path, importer)
            close = difflib.get_close_matches(target[:100], islice(self._snippets, 100), n=1, cutoff=0.7)
            remedy = f"did you mean the snippet {close[0]!r}?" if close else f"there is no {readable(path)}"
            raise CorefileError(importer, f"no snippet and no file {shorten(target)!r}", remedy)
        except CorefileError as error:
            self._faults.add(error)
            return ()


def is_import(statement: Statement) -> bool:
    return statement.words[0] == "import" and not statement.words[0].quoted


def is_snippet(statement: Statement) -> bool:
    return bool(statement.words) and statement.words[0].startswith("(") and not statement.words[0].quoted
