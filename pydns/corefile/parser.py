"""Reads a Corefile: server blocks with all imports put in and all variables filled in.

A fault does not end the reading: all that can be told in one go are reported together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydns.corefile import statements, values
from pydns.corefile.files import Files, identity
from pydns.corefile.imports import Imports, Place, is_import, is_snippet
from pydns.corefile.keys import ends_with_comma, read_keys, split_commas
from pydns.corefile.limits import Budget, Faults, LimitError, nest
from pydns.corefile.shown import readable, shorten
from pydns.corefile.statements import Statement
from pydns.corefile.tree import Corefile, Directive, Key, ServerBlock, Word
from pydns.corefile.variables import Variables
from pydns.errors import CorefileError, CorefileErrorGroup


def parse_file(path: str | Path, *, environ: Mapping[str, str]) -> Corefile:
    """Raises CorefileErrorGroup. Relative imports begin at the folder of the file that they stand in."""
    name = os.fspath(path)
    parser = _Parser(environ)
    return parser.corefile(lambda: parser.files.main(name), name, os.path.dirname(name))


def parse_text(text: str, file: str = "Corefile", *, environ: Mapping[str, str], folder: Path = Path()) -> Corefile:
    """Raises CorefileErrorGroup. `file` is the name in errors; relative imports begin at `folder`."""
    parser = _Parser(environ)
    base = "" if folder == Path() else os.fspath(folder)
    return parser.corefile(lambda: statements.read(text, readable(file), parser.faults), file, base)


class _Parser:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._budget = Budget()
        self.faults = Faults()
        self.files = Files(self.faults)
        self._imports = Imports(self.files, self._budget, self.faults)
        self._variables = Variables(environ, self._budget)

    def corefile(self, read: Callable[[], list[Statement]], path: str, folder: str) -> Corefile:
        place = Place(self._variables, folder, {identity(path): readable(path)})
        blocks: list[ServerBlock] = []
        try:
            blocks = self._server_blocks(read(), place)
        except CorefileError as error:  # the file cannot be read
            self.faults.add(error)
        except LimitError as error:
            self.faults.found.append(error.fault)
        found = Corefile(tuple(blocks), tuple(self.files.paths), tuple(dict.fromkeys(self.files.patterns)))
        if len(self.faults):
            raise CorefileErrorGroup(_in_order(self.faults.found, self.files.shown), found)
        return found

    def _server_blocks(self, found: Iterable[Statement], place: Place) -> list[ServerBlock]:
        """Server blocks, snippets and imports; or one server block without braces, to the end of the file."""
        found = [statement for statement in found if statement.words]
        self._imports.define(found, place)
        blocks: list[ServerBlock] = []
        lost = False
        following = iter(found)
        for statement in following:
            if is_import(statement):
                for imported, inner in self._imports.resolve(statement, place):
                    blocks += self._server_blocks(imported, inner)
            elif not is_snippet(statement):
                words, block = _whole_head(statement, following)
                if block is not None:
                    blocks.append(self._server_block(words, block, place))
                elif not blocks:
                    blocks.append(self._server_block(words, following, place))
                elif not lost:
                    lost = True  # what follows are most likely the directives of this one
                    self.faults.tell(
                        words[0].position, f"no block behind {shorten(words[0])!r}", "write a blank and { behind it"
                    )
        return blocks

    def _server_block(self, words: Sequence[Word], block: Iterable[Statement], place: Place) -> ServerBlock:
        keys = self._keys(words, place)
        directives = tuple(self._directives(block, place, 0))
        return ServerBlock(keys, directives, self._root(directives))

    def _keys(self, words: Sequence[Word], place: Place) -> tuple[Key, ...]:
        expanded = place.variables.expand_all(words, self.faults)
        if expanded is None:
            return ()
        if not expanded:
            self.faults.tell(
                words[0].position, "the server block has no key: its variables are empty", "write . for all names"
            )
        try:
            return read_keys(expanded, self._budget)
        except CorefileErrorGroup as group:
            self.faults.add(*group.errors)
            return ()

    def _directives(self, found: Iterable[Statement], place: Place, depth: int) -> Iterator[Directive]:
        for statement in found:
            if not statement.words:
                continue
            if is_import(statement):
                for imported, inner in self._imports.resolve(statement, place):
                    yield from self._directives(imported, inner, depth)
                continue
            first = statement.words[0]
            if is_snippet(statement) and first.endswith(")") and statement.block is not None:
                self.faults.tell(
                    first.position, f"the snippet {shorten(first)!r} stands within a block", "define it outside of all"
                )
                continue
            words = place.variables.expand_all(statement.words, self.faults)
            block = None
            if statement.block is not None:
                block = tuple(self._directives(statement.block, place, nest(depth, first.position)))
            if words:
                yield Directive(words[0], tuple(words[1:]), block)
            elif words is not None and block is not None:
                self.faults.tell(first.position, "the block has no name: its variables are empty", "remove the block")

    def _root(self, directives: Iterable[Directive]) -> Path:
        found = [directive for directive in directives if directive.name == "root"]
        if not found:
            return Path()
        try:
            directive = values.once(found)
            values.no_block(directive)
            (word,) = values.arguments(directive, 1, 1)
            if not word:
                raise CorefileError(word.position, "an empty path", "write . for the working folder")
        except CorefileError as error:
            self.faults.add(error)
            return Path()
        return Path(word)


def _whole_head(first: Statement, following: Iterator[Statement]) -> tuple[list[Word], list[Statement] | None]:
    """All keys of a server block, which go on in the next line behind a comma; and its block in braces."""
    words, block = list(first.words), first.block
    while block is None and ends_with_comma(words) and (more := next(following, None)):
        words += more.words
        block = more.block
    return [part for word in words for part in ((word,) if "{" in word else split_commas((word,), moved=True))], block


def _in_order(faults: Sequence[CorefileError], files: Sequence[str]) -> list[CorefileError]:
    """Each once (a snippet is read for each of its imports), file after file and line after line."""
    order = {file: i for i, file in enumerate(files)}
    each = {(fault.position, fault.message): fault for fault in faults}.values()
    return sorted(each, key=lambda fault: (order.get(fault.position.file, -1), *fault.position[1:]))
