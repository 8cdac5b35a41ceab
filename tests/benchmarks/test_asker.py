"""Questions at a steady rate, and what became of each."""

import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from benchmarks.asker import Asked, ask, lost, waits

NAMES = ["a.example", "b.example"]


@contextmanager
def server(silent_on: bytes = b"", noise: bytes = b"", rcode: int = 0) -> Iterator[int]:
    """Answers each query but those with `silent_on` in them, after some `noise`."""

    def serve() -> None:
        while True:
            message, client = sock.recvfrom(512)
            if message == b"end":
                return
            if noise:
                sock.sendto(noise, client)
            if not silent_on or silent_on not in message:
                sock.sendto(message[:2] + bytes((0x80, rcode)) + message[4:], client)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        thread = Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            sock.sendto(b"end", sock.getsockname())
            thread.join()


def test_names_are_asked_in_turn() -> None:
    with server() as port:
        asked = ask(port, NAMES, 100, 0.1)
    assert [query.name for query in asked] == [NAMES[i % 2] for i in range(len(asked))]


def test_no_more_is_asked_than_the_rate_says() -> None:
    with server() as port:
        assert 0 < len(ask(port, NAMES, 100, 0.1)) <= 10


@pytest.mark.parametrize("noise", [b"", b"x", b"\xff" * 12], ids=["none", "short", "another id"])
def test_each_answer_is_that_of_its_query(noise: bytes) -> None:
    with server(noise=noise) as port:
        asked = ask(port, NAMES, 100, 0.1)
    assert all(query.waited >= 0 for query in asked)


def test_what_is_not_answered_is_lost() -> None:
    with server(silent_on=b"\x01b") as port:
        asked = ask(port, NAMES, 100, 0.1)
    assert {query.name for query in asked if math.isnan(query.waited)} == {"b.example"}


def test_the_rcode_is_kept() -> None:
    with server(rcode=2) as port:
        assert {query.rcode for query in ask(port, NAMES, 100, 0.1)} == {2}


def test_where_nobody_listens_all_is_lost() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    asked = ask(port, NAMES, 100, 0.1)
    assert lost(asked) == len(asked)


def test_others_get_their_turn() -> None:
    turns: list[float] = []
    with server() as port:
        ask(port, NAMES, 10, 0.1, turns.append)
    assert turns == sorted(turns)
    assert turns


def test_waits_are_sorted_and_those_of_answers() -> None:
    assert waits([Asked("a", 0, 2.0), Asked("b", 0), Asked("c", 0, 1.0)]) == [1.0, 2.0]
