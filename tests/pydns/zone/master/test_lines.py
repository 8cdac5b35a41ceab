import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.zone.master.lines import MAX_LINE, PIECE, Lines


def lines_of(data: bytes) -> tuple[list[tuple[int, bytes]], list[int]]:
    too_long: list[int] = []
    lines = Lines(data, too_long.append)
    found = []
    while (line := lines.next()) is not None:
        found.append((lines.number - 1, line))
    return found, too_long


@given(st.lists(st.sampled_from([b"", b"a", b"x y", b"z" * 5000]), max_size=30), st.sampled_from([b"\n", b"\r\n"]))
def test_each_line_is_given_with_its_number(parts: list[bytes], end: bytes) -> None:
    assert lines_of(b"".join(part + end for part in parts)) == (list(enumerate(parts, 1)), [])


@pytest.mark.parametrize("data", [b"a\nb", b"a\nb\n", b"a\r\nb\r", b"\xef\xbb\xbfa\nb"])
def test_the_last_line_may_lack_its_end(data: bytes) -> None:
    assert lines_of(data)[0] == [(1, b"a"), (2, b"b")]


def test_pieces_are_small() -> None:
    lines = Lines(b"x" * 99 + b"\n" + b"y\n" * 100_000, lambda number: None)
    while lines.fill():
        assert sum(len(line) + 1 for line in lines.piece) <= PIECE + 100


def test_a_line_that_is_too_long_is_told_and_empty() -> None:
    data = b"a\n" + b"x" * (MAX_LINE + PIECE + 1) + b"\nb\n"
    assert lines_of(data) == ([(1, b"a"), (2, b""), (3, b"b")], [2])


def test_a_long_line_is_given() -> None:
    long = b"x" * (MAX_LINE - 1)
    assert lines_of(b"a\n" + long + b"\nb\n") == ([(1, b"a"), (2, long), (3, b"b")], [])


@pytest.mark.parametrize(
    ("data", "plain"), [(b"a A 1\nb\n", True), (b"a A 1\nb ; c\n", False), (b"a\rb\n", False), (b"a" * 30_000, False)]
)
def test_it_is_told_whether_all_is_plain(data: bytes, plain: bool) -> None:
    lines = Lines(data, lambda number: None)
    assert lines.fill()
    assert lines.all_plain is plain
