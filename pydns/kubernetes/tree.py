"""What JSON or YAML held, read with patience: what is missing or of another kind is empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Tree(dict[str, Any]):
    """A table; one that is none is empty."""

    def __init__(self, value: object = None) -> None:
        super().__init__(value if isinstance(value, dict) else {})

    def text(self, key: str) -> str:
        value = self.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str, default: int = 0) -> int:
        value = self.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def tree(self, key: str) -> Tree:
        return Tree(self.get(key))

    def trees(self, key: str) -> Iterator[Tree]:
        """The tables in a list."""
        return (Tree(each) for each in self.items_of(key) if isinstance(each, dict))

    def texts(self, key: str) -> list[str]:
        """The texts in a list."""
        return [each for each in self.items_of(key) if isinstance(each, str)]

    def items_of(self, key: str) -> list[Any]:
        value = self.get(key)
        return value if isinstance(value, list) else []
