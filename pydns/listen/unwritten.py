"""Answers that the kernel has no room for: a stack with a bound, for sockets that shed.

The newest leave first, since their clients still wait, and where it is full the oldest go.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

DEPTH: Final = 1024
"""Answers for one socket: CoreDNS's number, some 10 ms of a socket's answers."""


class Unwritten(NamedTuple):
    """One answer, and where it goes: see `pydns.mmsg.Batch.put`."""

    name: bytes
    control: bytes
    message: bytes


class Stack:
    """`dropped` counts those that were pushed out."""

    __slots__ = ("_answers", "dropped")

    def __init__(self) -> None:
        self.dropped = 0
        self._answers: deque[Unwritten] = deque(maxlen=DEPTH)

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def is_full(self) -> bool:
        return len(self._answers) == DEPTH

    def push(self, answer: Unwritten) -> None:
        self.dropped += self.is_full
        self._answers.append(answer)

    def pop(self) -> Unwritten:
        """The newest."""
        return self._answers.pop()

    def clear(self) -> None:
        """They are dropped."""
        self.dropped += len(self._answers)
        self._answers.clear()
