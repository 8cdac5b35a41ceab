"""Reads a page of a list, object after object, so that nobody waits until all of it is decoded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from pydns.kubernetes.errors import UnreadableError
from pydns.kubernetes.tree import Tree

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


class Page:
    """`metadata` is there when all `objects` were taken. Raises UnreadableError where it is no list."""

    def __init__(self, body: bytes) -> None:
        self._text = body.decode("utf-8", "replace")
        self._at = 0
        self.metadata = Tree()

    def objects(self) -> Iterator[Tree]:
        try:
            yield from self._objects()
        except (ValueError, RecursionError) as error:  # a JSONDecodeError is a ValueError
            raise UnreadableError(f"no list in JSON: {error}") from error

    def _objects(self) -> Iterator[Tree]:
        found = False
        self._take("{")
        while self._peek() != "}":
            key = self._value()
            self._take(":")
            if key == "items":
                found = True
                yield from map(Tree, self._items())
            elif key == "metadata":
                self.metadata = Tree(self._value())
            else:
                self._value()
            if self._peek() != "}":
                self._take(",")
        if not found:
            raise ValueError("it has no items")

    def _items(self) -> Iterator[object]:
        if self._peek() == "n":  # null is how Go writes an empty list
            self._value()
            return
        self._take("[")
        while self._peek() != "]":
            yield self._value()
            if self._peek() != "]":
                self._take(",")
        self._take("]")

    def _peek(self) -> str:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        if self._at >= len(self._text):
            raise ValueError("it ends too early")
        return self._text[self._at]

    def _take(self, character: str) -> None:
        if self._peek() != character:
            raise ValueError(f"{character!r} is missing at character {self._at}")
        self._at += 1

    def _value(self) -> object:
        self._peek()
        value: object
        value, self._at = _decode(self._text, self._at)
        return value
