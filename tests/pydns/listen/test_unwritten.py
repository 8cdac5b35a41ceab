from __future__ import annotations

import pytest

from pydns.listen.unwritten import DEPTH, Stack, Unwritten


def answer(number: int) -> Unwritten:
    return Unwritten(b"", b"", number.to_bytes(2))


def test_the_newest_leaves_first() -> None:
    stack = Stack()
    for number in range(3):
        stack.push(answer(number))
    assert [stack.pop() for _ in range(3)] == [answer(2), answer(1), answer(0)]


@pytest.mark.parametrize(
    ("pushed", "kept", "dropped"), [(DEPTH - 1, DEPTH - 1, 0), (DEPTH, DEPTH, 0), (3000, DEPTH, 3000 - DEPTH)]
)
def test_where_it_is_full_the_oldest_go(pushed: int, kept: int, dropped: int) -> None:
    stack = Stack()
    for number in range(pushed):
        stack.push(answer(number))
    assert (len(stack), stack.dropped, stack.is_full) == (kept, dropped, kept == DEPTH)
    assert stack.pop() == answer(pushed - 1)


def test_what_is_left_at_the_end_is_dropped() -> None:
    stack = Stack()
    for number in range(5):
        stack.push(answer(number))
    stack.clear()
    assert (len(stack), stack.dropped) == (0, 5)
