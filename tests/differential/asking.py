"""Thousands of questions to a server of the loopback, many of them under way at once."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.peers.peer import question

_UNDER_WAY: Final = 100
_TRIES: Final = 5


class Question(NamedTuple):
    """`name` in wire form, spelled as it is asked."""

    name: bytes
    type: int
    do: bool = False

    def wire(self, id_: int) -> bytes:
        opt = b"\0\0\x29\x10\0\0\0" + (b"\x80\0" if self.do else b"\0\0") + b"\0\0"  # 4096 octets
        return question(self.name, self.type, edns=opt, id_=id_)


def ask_all(port: int, questions: Sequence[Question]) -> list[bytes]:
    """The answers, each at its question's place. Raises AssertionError where one never comes."""
    answers: list[bytes] = [b""] * len(questions)
    waiting = list(range(len(questions)))
    for _ in range(_TRIES):
        _ask_once(port, questions, waiting, answers)
        waiting = [i for i in waiting if not answers[i]]
    assert not waiting, f"no answer for {questions[waiting[0]]}, and {len(waiting) - 1} others"
    return answers


def _ask_once(port: int, questions: Sequence[Question], asked: Sequence[int], answers: list[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        asking.connect(("127.0.0.1", port))
        under_way: dict[int, int] = {}
        to_ask = iter(asked)
        for i in to_ask:
            id_ = i & 0xFFFF
            asking.send(questions[i].wire(id_))
            under_way[id_] = i
            if len(under_way) >= _UNDER_WAY and not _take(asking, under_way, answers):
                return
        while under_way and _take(asking, under_way, answers):
            pass


def _take(asking: socket.socket, under_way: dict[int, int], answers: list[bytes]) -> bool:
    """Whether an answer came."""
    try:
        wire = asking.recv(65535)
    except OSError:
        return False
    i = under_way.pop(int.from_bytes(wire[:2]), None)
    if i is not None:
        answers[i] = wire
    return True
