"""Readers of text that give back plain values, for tests of one step each."""

from collections.abc import Callable

import pytest

from pydns.corefile.limits import Faults
from pydns.corefile.tree import Position, Word


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def word() -> Callable[..., Word]:
    def word(text: str, *, quoted: bool = False) -> Word:
        return Word(text, Position("Corefile", 2, 3), quoted)

    return word
