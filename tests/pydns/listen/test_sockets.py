from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pydns.errors import StartError
from pydns.listen.activation import Inherited
from pydns.listen.sockets import Sharing, Sockets, open_sockets


@contextmanager
def opened(host: str, port: int = 0, inherited: Inherited | None = None) -> Iterator[Sockets]:
    sockets = open_sockets(host, port, inherited)
    try:
        yield sockets
    finally:
        sockets.close()


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", ""])
def test_udp_and_tcp_have_the_same_port(host: str) -> None:
    with opened(host) as sockets:
        assert {sock.getsockname()[1] for sock in (*sockets.datagram, *sockets.stream)} == {sockets.port}
        assert sockets.port > 0


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.2", ["127.0.0.2"]), ("::1", ["::1"]), ("", ["0.0.0.0", "::"])]
)
def test_all_addresses_are_a_socket_for_each_family(host: str, expected: list[str]) -> None:
    with opened(host) as sockets:
        assert [sock.getsockname()[0] for sock in sockets.datagram] == expected
        assert [sock.getsockname()[0] for sock in sockets.stream] == expected


@pytest.mark.parametrize("host", ["127.0.0.1", ""])
def test_nothing_blocks_and_no_child_inherits(host: str) -> None:
    with opened(host) as sockets:
        for sock in (*sockets.datagram, *sockets.stream):
            assert not sock.getblocking()
            assert not sock.get_inheritable()


def test_connections_are_taken() -> None:
    with opened("127.0.0.1") as sockets, socket.create_connection(("127.0.0.1", sockets.port), 10):
        pass


def test_a_port_that_was_left_a_moment_ago_is_taken_again() -> None:
    """Connections in TIME-WAIT do not hold it (SO_REUSEADDR)."""
    with opened("127.0.0.1") as sockets:
        with socket.create_connection(("127.0.0.1", sockets.port), 10):
            accepted, _ = sockets.stream[0].accept()
        accepted.close()
    with opened("127.0.0.1", sockets.port) as again:
        assert again.port == sockets.port


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["TCP", "UDP"])
@pytest.mark.parametrize("host", ["127.0.0.1", ""])
def test_a_port_that_is_taken_is_an_error_with_a_remedy(kind: int, host: str) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        before = descriptors()
        with pytest.raises(StartError) as caught:
            open_sockets(host, port)
        assert descriptors() == before
    assert f"cannot listen on {host or '*'}:{port}: Address already in use (another program" in str(caught.value)


@pytest.mark.parametrize(
    ("host", "text"),
    [("192.0.2.1", "cannot listen on 192.0.2.1:53"), ("2001:db8::1", "cannot listen on [2001:db8::1]:53")],
)
def test_an_address_of_nobody_here_is_an_error_with_a_remedy(host: str, text: str) -> None:
    with pytest.raises(StartError) as caught:
        open_sockets(host, 53)
    assert str(caught.value).startswith(text)
    assert "no interface of this machine has that address" in str(caught.value)


def test_two_servers_cannot_share_a_port_unawares() -> None:
    with opened("127.0.0.1") as sockets, pytest.raises(StartError):
        open_sockets("127.0.0.1", sockets.port)


def test_closing_closes_all() -> None:
    before = descriptors()
    with opened(""):
        assert descriptors() != before
    assert descriptors() == before


def test_inherited_sockets_are_taken_where_they_fit() -> None:
    given = open_sockets("127.0.0.1", 0)
    inherited = Inherited([*given.datagram, *given.stream])
    with opened("127.0.0.1", given.port, inherited) as sockets:
        assert (sockets.datagram, sockets.stream, sockets.port) == given[:3]
    assert inherited.unclaimed() == []


def test_others_are_left_alone() -> None:
    given = open_sockets("127.0.0.2", 0)
    inherited = Inherited([*given.datagram, *given.stream])
    with opened("127.0.0.1", given.port, inherited) as sockets:
        assert sockets.datagram != given.datagram
    assert inherited.unclaimed() == [*given.datagram, *given.stream]
    given.close()


def test_a_port_that_was_inherited_for_one_of_both_is_told(caplog: pytest.LogCaptureFixture) -> None:
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    open_sockets("127.0.0.1", port, Inherited([sock])).close()
    assert f"port {port} was inherited for UDP alone: nobody is answered over TCP" in caplog.messages


@contextmanager
def shared(host: str = "127.0.0.1") -> Iterator[tuple[Sockets, Sockets]]:
    """Those of a process and of another one at the same address."""
    first = open_sockets(host, 0, sharing=Sharing.FIRST)
    try:
        more = open_sockets(host, first.port, sharing=Sharing.MORE)
        try:
            yield first, more
        finally:
            more.close()
    finally:
        first.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", ""])
def test_processes_of_ours_may_share_an_address(host: str) -> None:
    with shared(host) as (first, more):
        assert first.port == more.port


def test_the_first_of_ours_shares_it_with_no_other_program() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        with pytest.raises(StartError, match="Address already in use"):
            open_sockets("127.0.0.1", other.getsockname()[1], sharing=Sharing.FIRST)


def received(sock: socket.socket) -> int:
    count = 0
    while True:
        try:
            sock.recv(16)
        except BlockingIOError:
            return count
        count += 1


def send(host: str, port: int, count: int) -> None:
    """Datagrams from so many clients."""
    for _ in range(count):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", (host, port))


@pytest.mark.parametrize(("host", "to"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("", "127.0.0.2"), ("", "::1")])
def test_who_leaves_keeps_what_came_and_gets_no_more(host: str, to: str) -> None:
    with shared(host) as (first, more):
        send(to, first.port, 100)
        first.leave()
        send(to, first.port, 100)
        kept = sum(map(received, first.datagram))
        assert 0 < kept < 100
        assert sum(map(received, more.datagram)) == 200 - kept


def test_who_has_left_can_still_answer() -> None:
    with shared() as (first, _), socket.socket(type=socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        first.leave()
        first.datagram[0].sendto(b"answer", client.getsockname())
        assert client.recv(16) == b"answer"


def test_what_comes_to_one_address_goes_to_all_addresses_where_that_one_leaves() -> None:
    with opened("127.0.0.1") as one:
        every = open_sockets("", one.port, beside=[one])
        send("127.0.0.1", one.port, 1)
        one.leave()
        send("127.0.0.1", one.port, 1)
        assert received(one.datagram[0]) == 1
        assert sum(map(received, every.datagram)) == 1
        every.close()


def test_a_socket_that_is_not_ours_alone_is_left_as_it_is() -> None:
    sockets = open_sockets("127.0.0.1", 0, sharing=Sharing.MORE)
    sockets._replace(given=True).leave()
    send("127.0.0.1", sockets.port, 1)
    assert received(sockets.datagram[0]) == 1
    sockets.close()
    sockets.leave()  # nor is it an error where it is closed
