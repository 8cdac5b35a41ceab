"""What is counted, and when the reading ends."""

import pytest

from pydns.corefile import limits
from pydns.corefile.limits import Budget, Faults, LimitError, nest
from pydns.corefile.tree import Position

HERE = Position("Corefile", 1, 1)


def test_imports_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_IMPORTS", 1)
    budget = Budget()
    budget.take_import(HERE)
    with pytest.raises(LimitError):
        budget.take_import(HERE)


@pytest.mark.parametrize(("words", "characters"), [(3, 0), (0, 3)])
def test_words_and_characters_are_counted(words: int, characters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_WORDS", 2)
    monkeypatch.setattr(limits, "MAX_CHARACTERS", 2)
    budget = Budget()
    budget.take_words(HERE, 2, 2)
    with pytest.raises(LimitError):
        budget.take_words(HERE, words, characters)


def test_faults_are_kept_up_to_a_limit(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FAULTS", 1)
    faults.tell(HERE, "first")
    with pytest.raises(LimitError):
        faults.tell(HERE, "second")


def test_blocks_nest_up_to_a_limit() -> None:
    assert nest(limits.MAX_NESTING - 1, HERE) == limits.MAX_NESTING
    with pytest.raises(LimitError):
        nest(limits.MAX_NESTING, HERE)
