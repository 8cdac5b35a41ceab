import mmap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.names import from_text
from pydns.steps import whole
from pydns_plugins.hosts import difference as module
from pydns_plugins.hosts.difference import Difference, Entry, changed_names, difference, is_same

_line = st.sampled_from([b"\n", b"192.0.2.1 a\n", b"192.0.2.1 a b\n", b"192.0.2.11 a\n", b"::1 a\n", b"192.0.2.1 ab\n"])
_text = st.lists(_line).map(b"".join)


def entries(text: bytes) -> set[Entry]:
    return {(words[0], name) for line in text.split(b"\n") if (words := line.split()) for name in words[1:]}


@given(_text, _text, _text, _text)
def test_it_is_the_difference_of_the_sets(start: bytes, old: bytes, new: bytes, end: bytes) -> None:
    old, new = start + old + end, start + new + end
    found = whole(difference(old, new))
    assert found is not None
    # What stands in the common part as well is not looked at, so an entry that stands twice may be told for nothing.
    assert found.added >= entries(new) - entries(old)
    assert found.removed >= entries(old) - entries(new)
    assert found.added <= entries(new)
    assert found.removed <= entries(old)
    assert not found.added & found.removed


@pytest.mark.parametrize(
    ("old", "new", "added", "removed"),
    [
        (b"192.0.2.1 a\n", b"192.0.2.1 a\n192.0.2.2 b c\n", {(b"192.0.2.2", b"b"), (b"192.0.2.2", b"c")}, set()),
        (b"192.0.2.1 a\n", b"", set(), {(b"192.0.2.1", b"a")}),
        (b"192.0.2.1 a\n", b"192.0.2.9 a\n", {(b"192.0.2.9", b"a")}, {(b"192.0.2.1", b"a")}),
        (b"192.0.2.1 a\n192.0.2.2 b\n", b"192.0.2.2 b\n192.0.2.1 a\n", set(), set()),
        (b"192.0.2.1 a\n", b"\n192.0.2.1 a\n", set(), set()),
        (b"192.0.2.1 ab\n", b"192.0.2.1 b\n", {(b"192.0.2.1", b"b")}, {(b"192.0.2.1", b"ab")}),
    ],
)
def test_what_came_and_went(old: bytes, new: bytes, added: set[Entry], removed: set[Entry]) -> None:
    assert whole(difference(old, new)) == Difference(frozenset(added), frozenset(removed))


@pytest.mark.parametrize("at", [0, 1, 7_000, 50_000, 99_999])
def test_a_change_anywhere_in_a_long_text_is_found(at: int) -> None:
    lines = [b"10.0.0.1 host-%d\n" % i for i in range(100_000)]
    old = b"".join(lines)
    lines[at] = b"10.0.0.2 other\n"
    found = whole(difference(old, b"".join(lines)))
    assert found == Difference(frozenset({(b"10.0.0.2", b"other")}), frozenset({(b"10.0.0.1", b"host-%d" % at)}))


def test_too_much_between_the_first_and_the_last_difference_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    old, new = b"192.0.2.1 a\n" * 20, b"192.0.2.2 b\n" * 20
    assert whole(difference(old, new)) is None
    assert whole(difference(old, old + b"192.0.2.2 b\n")) is not None


@pytest.mark.parametrize(
    ("entry", "reverse", "names"),
    [
        ((b"192.0.2.1", b"a.example"), True, {"a.example", "1.2.0.192.in-addr.arpa"}),
        ((b"192.0.2.1", b"a.example"), False, {"a.example"}),
        ((b"::1", b"a"), True, {"a", "1." + "0." * 31 + "ip6.arpa"}),
        ((b"192.0.2.1", b"*.example"), True, {"example"}),
        ((b"192.0.2.1", b"*"), True, {"."}),
    ],
)
def test_the_names_whose_answers_an_entry_decides(entry: Entry, reverse: bool, names: set[str]) -> None:
    assert whole(changed_names([entry], reverse)) == {from_text(name) for name in names}


@given(_text, _text)
def test_texts_are_the_same_where_they_are_equal(old: bytes, new: bytes) -> None:
    assert whole(is_same(old, new)) is (old == new)
    assert whole(is_same(old, bytes(bytearray(old)))) is True


def test_mapped_texts_are_compared_by_what_is_in_them() -> None:
    text = b"192.0.2.1 a\n" * 10_000
    with mmap.mmap(-1, len(text)) as one, mmap.mmap(-1, len(text)) as other:
        one.write(text)
        other.write(text)
        assert whole(is_same(one, other))
        other[-2] = 98  # b
        assert not whole(is_same(one, other))
