from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from pydns.mmsg import CONTROL_LENGTH, NAME, SIZE, SLOTS, Batch

_IP_PKTINFO = 8
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
WILDCARD = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
FAMILIES = pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])


class Pair(NamedTuple):
    """A socket of ours, and a client's that is connected to it."""

    ours: socket.socket
    client: socket.socket


@pytest.fixture
def family() -> socket.AddressFamily:
    return socket.AF_INET


@pytest.fixture
def pair(family: socket.AddressFamily) -> Iterator[Pair]:
    with socket.socket(family, socket.SOCK_DGRAM) as ours, socket.socket(family, socket.SOCK_DGRAM) as client:
        ours.bind((WILDCARD[family], 0))
        ours.setblocking(False)
        if family == socket.AF_INET:
            ours.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        else:
            ours.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        client.connect((LOOPBACK[family], ours.getsockname()[1]))
        client.settimeout(10)
        yield Pair(ours, client)


def messages(batch: Batch, count: int) -> list[bytes]:
    return [bytes(batch.data[i * SIZE : i * SIZE + batch.lengths[i]]) for i in range(count)]


def received_all(batch: Batch) -> list[bytes]:
    found = []
    while count := batch.receive():
        found += messages(batch, count)
    return found


@FAMILIES
@pytest.mark.parametrize("with_local", [False, True])
def test_messages_are_received_in_their_order(pair: Pair, with_local: bool) -> None:
    batch = Batch(pair.ours, with_local)
    for message in [b"first", b"", b"third" * 100]:
        pair.client.send(message)
    assert messages(batch, batch.receive()) == [b"first", b"", b"third" * 100]


def test_where_nothing_came_there_is_nothing(pair: Pair) -> None:
    assert Batch(pair.ours, False).receive() == 0


def test_no_more_than_a_batch_is_received_at_once(pair: Pair) -> None:
    batch = Batch(pair.ours, False)
    for i in range(SLOTS + 3):
        pair.client.send(b"%d" % i)
    assert [batch.receive(), batch.receive(), batch.receive()] == [SLOTS, 3, 0]


def test_lengths_are_those_of_this_batch(pair: Pair) -> None:
    batch = Batch(pair.ours, True)
    for message in [b"a long one", b"long", b"s", b"", b"another that is long"]:
        pair.client.send(message)
        assert messages(batch, batch.receive()) == [message]


@pytest.mark.parametrize("size", [4096, 4097, 65_507])
def test_the_longest_datagram_fits_a_slot(pair: Pair, size: int) -> None:
    batch = Batch(pair.ours, False)
    pair.client.send(b"x" * size)
    pair.client.send(b"next")
    assert messages(batch, batch.receive()) == [b"x" * size, b"next"]


@FAMILIES
@pytest.mark.parametrize("with_local", [False, True])
def test_what_was_received_can_be_answered_in_its_slot(pair: Pair, with_local: bool) -> None:
    batch = Batch(pair.ours, with_local)
    pair.client.send(b"question")
    batch.receive()
    batch.data[:6] = b"answer"
    batch.outgoing[0] = 6
    assert batch.send(0, 1) == 0
    assert pair.client.recv(100) == b"answer"


@FAMILIES
@pytest.mark.parametrize("with_local", [False, True])
def test_a_peer_can_be_answered_from_another_batch(pair: Pair, with_local: bool) -> None:
    received, out = Batch(pair.ours, with_local), Batch(pair.ours, with_local)
    out.for_sending()
    pair.client.send(b"question")
    received.receive()
    name, control = received.peer(0)
    assert (len(name), len(control)) == (NAME, CONTROL_LENGTH[pair.ours.family] if with_local else 0)
    for slot in range(3):
        out.put(slot, name, control, b"answer %d" % slot)
    assert out.send(0, 3) == 0
    assert [pair.client.recv(100) for _ in range(3)] == [b"answer 0", b"answer 1", b"answer 2"]


def test_a_part_of_a_batch_can_be_sent(pair: Pair) -> None:
    batch = Batch(pair.ours, False)
    for i in range(5):
        pair.client.send(b"%d" % i)
    for i in range(batch.receive()):
        batch.outgoing[i] = 1
    batch.send(1, 2)
    batch.send(4, 1)
    assert [pair.client.recv(100) for _ in range(3)] == [b"1", b"2", b"4"]


def test_one_that_cannot_be_sent_stops_no_other(pair: Pair) -> None:
    """Port 0 is nobody's (RFC 768): the kernel refuses to send there."""
    received, out = Batch(pair.ours, False), Batch(pair.ours, False)
    out.for_sending()
    pair.client.send(b"question")
    received.receive()
    name, control = received.peer(0)
    nobody = name[:2] + b"\0\0" + name[4:]
    for slot, peer in enumerate([nobody, name, nobody, nobody, name]):
        out.put(slot, peer, control, b"%d" % slot)
    assert out.send(0, 5) == 3
    assert [pair.client.recv(100) for _ in range(2)] == [b"1", b"4"]


def test_the_kernels_view_of_the_buffers_cannot_move(pair: Pair) -> None:
    """It writes to their addresses: a buffer that grew would leave it writing to memory that is freed."""
    batch = Batch(pair.ours, False)
    for buffer in (batch.data, batch.names, batch.control):
        with pytest.raises(ValueError, match="assignment"):
            buffer[-2:] = b"more than two"


def test_a_closed_batch_sends_nothing_to_who_has_its_descriptor_now(pair: Pair) -> None:
    batch, out = Batch(pair.ours, False), Batch(pair.ours, False)
    out.for_sending()
    pair.client.send(b"question")
    batch.receive()
    out.put(0, *batch.peer(0), b"late")
    out.close()
    assert out.send(0, 1) == 1
    pair.client.settimeout(0)
    with pytest.raises(BlockingIOError):
        pair.client.recv(100)


def test_an_error_of_the_socket_is_raised(pair: Pair) -> None:
    batch = Batch(pair.ours, False)
    batch.close()
    with pytest.raises(OSError, match="recvmmsg"):
        batch.receive()
