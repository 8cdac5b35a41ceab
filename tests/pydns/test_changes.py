"""Which stored answers a change concerns: held against a model that remembers everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.changes import KEPT_CHANGES, KEPT_NAMES, MAX_NAMES, Changes


def wire(text: str) -> bytes:
    return names.from_text(text)


WWW = wire("www.example.org")


def test_nothing_has_changed_at_first() -> None:
    assert not Changes().touched_since(0, [WWW])


@pytest.mark.parametrize(
    ("changed", "asked", "touched"),
    [
        ("www.example.org", "www.example.org", True),
        ("www.example.org", "example.org", True),
        ("www.example.org", ".", True),
        ("www.example.org", "a.www.example.org", True),
        ("www.example.org", "xwww.example.org", False),
        ("www.example.org", "ftp.example.org", False),
        ("www.example.org", "www.example.net", False),
        (".", "www.example.org", True),
    ],
)
@pytest.mark.parametrize("kind", ["names", "zone"])
def test_a_change_concerns_the_name_its_ancestors_and_what_is_below(
    kind: str, changed: str, asked: str, touched: bool
) -> None:
    changes = Changes()
    if kind == "names":
        changes.names([wire(changed)])
    else:
        changes.zone(wire(changed))
    assert changes.touched_since(0, [wire(asked)]) is touched


def test_any_of_the_names_of_an_entry_counts() -> None:
    changes = Changes()
    changes.names([WWW])
    assert changes.touched_since(0, [wire("alias.example.net"), WWW])


def test_a_change_of_everything_concerns_all() -> None:
    changes = Changes()
    changes.everything()
    assert changes.touched_since(0, [WWW])


def test_changes_before_the_query_do_not_count() -> None:
    changes = Changes()
    changes.names([WWW])
    changes.everything()
    assert not changes.touched_since(changes.epoch, [WWW])


def test_a_change_between_two_others_counts() -> None:
    changes = Changes()
    changes.names([wire("a")])
    epoch = changes.epoch
    changes.names([WWW])
    changes.names([wire("b")])
    assert changes.touched_since(epoch, [WWW])


def test_no_names_are_no_change() -> None:
    changes = Changes()
    changes.names([])
    assert changes.epoch == 0


def test_names_may_come_from_a_generator() -> None:
    changes = Changes()
    changes.names(name for name in [WWW])
    assert changes.touched_since(0, (name for name in [WWW]))


def test_an_entry_older_than_all_that_is_remembered_is_touched() -> None:
    changes = Changes()
    for _ in range(KEPT_CHANGES + 1):
        changes.names([wire("other")])
    assert (changes.touched_since(0, [WWW]), changes.touched_since(1, [WWW])) == (True, False)


def test_very_many_names_are_everything() -> None:
    changes = Changes()
    changes.names(b"\4" + i.to_bytes(4) + b"\0" for i in range(MAX_NAMES + 1))
    assert changes.touched_since(0, [WWW])


def test_the_names_remembered_are_bounded() -> None:
    changes = Changes()
    for _ in range(KEPT_NAMES // MAX_NAMES + 1):
        changes.names(b"\4" + i.to_bytes(4) + b"\0" for i in range(MAX_NAMES))
    assert (changes.touched_since(0, [WWW]), changes.touched_since(1, [WWW])) == (True, False)


@dataclass
class Model:
    """All changes there ever were, each a list of names, or None for everything."""

    changes: list[list[bytes] | None] = field(default_factory=list)

    def touched_since(self, epoch: int, asked: Iterable[bytes]) -> bool:
        return any(
            changed is None or any(names.is_within(a, c) or names.is_within(c, a) for a in asked for c in changed)
            for changed in self.changes[epoch:]
        )


name = st.sampled_from(["a", "b.a", "c.b.a", "d.c.b.a", "ab.a", "x", "b.x", "."]).map(wire)
step = st.one_of(
    st.lists(name, min_size=1, max_size=3).map(lambda found: ("names", found)),
    name.map(lambda found: ("zone", [found])),
    st.just(("everything", None)),
)


@given(st.lists(step, max_size=12), st.lists(name, max_size=3), st.data())
def test_what_is_touched_is_what_a_memory_of_all_changes_says(
    steps: list[tuple[str, list[bytes] | None]], asked: list[bytes], data: st.DataObject
) -> None:
    changes, model = Changes(), Model()
    for kind, found in steps:
        if kind == "names":
            changes.names(found or [])
        elif kind == "zone":
            changes.zone((found or [])[0])
        else:
            changes.everything()
        model.changes.append(found)
    epoch = data.draw(st.integers(0, changes.epoch))
    expected = model.touched_since(epoch, asked)
    # An entry that depends on no name is dropped with everything: that costs a question, and is never wrong.
    assert changes.touched_since(epoch, asked) == expected


@given(st.integers(KEPT_CHANGES - 2, KEPT_CHANGES + 3), st.integers(0, 3), name, name)
def test_forgetting_never_hides_a_change(count: int, epoch: int, changed: bytes, asked: bytes) -> None:
    changes, model = Changes(), Model()
    for _ in range(count):
        changes.names([changed])
        model.changes.append([changed])
    if model.touched_since(epoch, [asked]):
        assert changes.touched_since(epoch, [asked])
