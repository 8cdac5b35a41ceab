"""How much a Corefile may ask for: imports that multiply end in an error, not in all of the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydns.errors import CorefileError, PydnsError

if TYPE_CHECKING:
    from pydns.corefile.tree import Position

MAX_IMPORT_DEPTH: Final = 50
MAX_NESTING: Final = 50
"""Blocks within blocks. With the imports this bounds the depth of the calls as well."""

MAX_IMPORTS: Final = 10_000
"""As many as CoreDNS takes."""

MAX_WORDS: Final = 1_000_000
MAX_CHARACTERS: Final = 16 * 2**20
"""Of all files together, and again of all that imports and variables make of them."""

MAX_FAULTS: Final = 1000
"""More than anybody reads. The remedies of some take a while to find."""


class LimitError(PydnsError):
    """Ends the reading at once, where a CorefileError lets it go on."""

    def __init__(self, position: Position, message: str) -> None:
        super().__init__(position, message)
        self.fault = CorefileError(position, message)


class Faults:
    """What was found wrong so far."""

    def __init__(self) -> None:
        self.found: list[CorefileError] = []

    def __len__(self) -> int:
        return len(self.found)

    def tell(self, position: Position, message: str, remedy: str = "") -> None:
        self.add(CorefileError(position, message, remedy))

    def add(self, *faults: CorefileError) -> None:
        self.found.extend(faults)
        if len(self.found) > MAX_FAULTS:
            raise LimitError(self.found[-1].position, f"more than {MAX_FAULTS} faults, so the reading ends here")


class Budget:
    """What may still be imported and written into the tree."""

    def __init__(self) -> None:
        self._imports = MAX_IMPORTS
        self._words = MAX_WORDS
        self._characters = MAX_CHARACTERS

    def take_import(self, position: Position) -> None:
        self._imports -= 1
        if self._imports < 0:
            raise LimitError(position, f"more than {MAX_IMPORTS} imports")

    def take_words(self, position: Position, count: int, characters: int) -> None:
        self._words -= count
        self._characters -= characters
        if self._words < 0:
            raise LimitError(position, f"more than {MAX_WORDS} words, with all that is imported")
        if self._characters < 0:
            raise LimitError(position, f"more than {MAX_CHARACTERS} characters, with all that is imported")


def nest(depth: int, position: Position) -> int:
    """One deeper than `depth`."""
    if depth >= MAX_NESTING:
        raise LimitError(position, f"blocks are nested more than {MAX_NESTING} deep")
    return depth + 1
