import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.mmsg import SLOTS
from pydns.upstream.datagrams import LARGEST, SIZE, Datagrams


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        for sock in (one, other):
            sock.bind(("127.0.0.1", 0))
        one.connect(other.getsockname())
        other.connect(one.getsockname())
        yield one, other


def taken(batch: Datagrams, count: int) -> list[bytes]:
    return [batch.data[i * SIZE : i * SIZE + batch.received[i]].tobytes() for i in range(count)]


@given(st.lists(st.binary(max_size=LARGEST), max_size=SLOTS))
def test_what_is_sent_comes_in_as_it_was(messages: list[bytes]) -> None:
    outgoing, incoming = Datagrams(), Datagrams()
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        outgoing.fill(messages)
        got: list[bytes] = []
        sent = 0
        while sent < len(messages):  # the kernel's queue between the two is short
            sent += outgoing.send(one.fileno(), sent, len(messages) - sent)
            got += taken(incoming, incoming.receive(other.fileno()))
    assert got == messages


def test_nothing_there_is_no_message(pair: tuple[socket.socket, socket.socket]) -> None:
    assert Datagrams().receive(pair[0].fileno()) == 0


def test_one_set_of_buffers_serves_several_sockets(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    batch = Datagrams()
    batch.fill([b"one"])
    batch.send(one.fileno(), 0, 1)
    batch.fill([b"other"])
    batch.send(other.fileno(), 0, 1)
    assert one.recv(99) == b"other"
    assert other.recv(99) == b"one"


def test_a_longer_datagram_than_the_largest_is_seen_to_be_one(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    one.send(bytes(LARGEST + 1000))
    batch = Datagrams()
    assert len(taken(batch, batch.receive(other.fileno()))[0]) > LARGEST


def test_an_error_tells_what_the_kernel_said() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        batch = Datagrams()
        batch.fill([b"to nobody"])
        with pytest.raises(OSError, match="Destination address required"):
            batch.send(sock.fileno(), 0, 1)
        descriptor = sock.fileno()
    with pytest.raises(OSError, match="Bad file descriptor"):
        batch.receive(descriptor)
