import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.listen import activation
from pydns.listen.activation import Inherited, inherited

ROOT = Path(__file__).parents[3]

LAUNCHER = """
import os, sys
passed = [os.dup(int(number)) for number in sys.argv[2].split(",")]
high = [os.dup2(number, 100 + i, inheritable=True) for i, number in enumerate(passed)]
for i, number in enumerate(high):
    os.dup2(number, 3 + i)
    os.close(number)
os.environ["LISTEN_PID"] = str(os.getpid() + int(sys.argv[3]))
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
"""What systemd does: the descriptors from 3 on, the process's own id, then exec."""

REPORT = """
import json, os, socket
from pydns.listen.activation import inherited
found = inherited(os.environ, os.getpid())
print(json.dumps({
    "names": [sock.getsockname() for sock in found.unclaimed()],
    "inheritable": [sock.get_inheritable() for sock in found.unclaimed()],
    "variables": [name for name in os.environ if name.startswith("LISTEN_")],
}))
"""

ANSWER = """
import os, select, socket
from pydns.listen.activation import inherited
listener, = inherited(os.environ, os.getpid()).claim(socket.SOCK_STREAM, "127.0.0.1", int(os.environ["PORT"]))
select.select([listener], [], [])
listener.accept()[0].sendall(b"served")
"""


def bound(kind: int, host: str, *, listen: bool = True) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    if ":" in host:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((host, 0))
    if kind == socket.SOCK_STREAM and listen:
        sock.listen()
    return sock


def port_of(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


def launch(script: str, *numbers: int, wrong_by: int = 0, **variables: str) -> subprocess.Popen[str]:
    """A process that was started with these descriptors."""
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, script, ",".join(map(str, numbers)), str(wrong_by)],
        cwd=ROOT,
        env={**os.environ, "LISTEN_FDS": str(len(numbers)), "LISTEN_FDNAMES": "dns:dns", **variables},
        pass_fds=numbers,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def report(*numbers: int, wrong_by: int = 0, **variables: str) -> tuple[dict[str, Any], str]:
    output, errors = launch(REPORT, *numbers, wrong_by=wrong_by, **variables).communicate(timeout=60)
    return json.loads(output), errors


@pytest.fixture
def datagram() -> Iterator[socket.socket]:
    with bound(socket.SOCK_DGRAM, "127.0.0.1") as sock:
        yield sock


@pytest.fixture
def stream() -> Iterator[socket.socket]:
    with bound(socket.SOCK_STREAM, "127.0.0.1") as sock:
        yield sock


def test_a_process_finds_the_sockets_that_it_was_started_with(datagram: socket.socket, stream: socket.socket) -> None:
    found, _ = report(datagram.fileno(), stream.fileno())
    assert found["names"] == [[*datagram.getsockname()], [*stream.getsockname()]]


def test_they_are_closed_on_exec(datagram: socket.socket, stream: socket.socket) -> None:
    found, _ = report(datagram.fileno(), stream.fileno())
    assert found["inheritable"] == [False, False]


@pytest.mark.parametrize("wrong_by", [0, 1])
def test_the_variables_are_removed(wrong_by: int, datagram: socket.socket) -> None:
    found, _ = report(datagram.fileno(), wrong_by=wrong_by)
    assert found["variables"] == []


def test_those_of_another_process_are_left_alone(datagram: socket.socket) -> None:
    found, _ = report(datagram.fileno(), wrong_by=1)
    assert found["names"] == []


def test_what_is_no_socket_is_passed_over(datagram: socket.socket, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        found, errors = report(file.fileno(), datagram.fileno())
    assert found["names"] == [[*datagram.getsockname()]]
    assert "inherited file descriptor 3 is of no use" in errors


def test_more_may_be_announced_than_there_are(datagram: socket.socket) -> None:
    found, errors = report(datagram.fileno(), LISTEN_FDS="1000000000")
    assert found["names"] == [[*datagram.getsockname()]]
    assert errors.count("is of no use") == 1


def test_a_client_is_served_over_an_inherited_socket(stream: socket.socket) -> None:
    process = launch(ANSWER, stream.fileno(), PORT=str(port_of(stream)))
    with socket.create_connection(stream.getsockname()) as client:
        assert client.recv(100) == b"served"
    process.communicate(timeout=60)


@given(st.text())
def test_no_value_of_the_variable_is_too_odd(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(activation, "_FIRST", 1 << 20)  # where nothing is open
        assert inherited({"LISTEN_PID": "1", "LISTEN_FDS": text}, 1).unclaimed() == []


def test_a_value_that_is_no_number_is_told(caplog: pytest.LogCaptureFixture) -> None:
    inherited({"LISTEN_PID": "1", "LISTEN_FDS": "two"}, 1)
    assert caplog.record_tuples == [("pydns.listen", logging.WARNING, "LISTEN_FDS is no number: 'two'")]


def test_without_variables_there_are_none(caplog: pytest.LogCaptureFixture) -> None:
    assert inherited({}, 1).unclaimed() == []
    assert caplog.records == []


@pytest.mark.parametrize(
    ("kind", "bound_to", "host"),
    [
        (socket.SOCK_DGRAM, "127.0.0.1", "127.0.0.1"),
        (socket.SOCK_STREAM, "127.0.0.1", "127.0.0.1"),
        (socket.SOCK_DGRAM, "0.0.0.0", ""),
        (socket.SOCK_STREAM, "::", ""),
        (socket.SOCK_DGRAM, "0.0.0.0", "0.0.0.0"),
        (socket.SOCK_DGRAM, "::1", "0:0::1"),
    ],
)
def test_a_socket_is_claimed_by_its_address(kind: int, bound_to: str, host: str) -> None:
    with bound(kind, bound_to) as sock:
        assert Inherited([sock]).claim(kind, host, port_of(sock)) == [sock]


@pytest.mark.parametrize(
    ("bound_to", "kind", "host", "off"),
    [
        ("127.0.0.1", socket.SOCK_STREAM, "127.0.0.1", 0),
        ("127.0.0.1", socket.SOCK_DGRAM, "127.0.0.2", 0),
        ("127.0.0.1", socket.SOCK_DGRAM, "", 0),
        ("0.0.0.0", socket.SOCK_DGRAM, "127.0.0.1", 0),
        ("0.0.0.0", socket.SOCK_DGRAM, "::", 0),
        ("127.0.0.1", socket.SOCK_DGRAM, "127.0.0.1", 1),
    ],
)
def test_another_address_port_or_kind_claims_nothing(bound_to: str, kind: int, host: str, off: int) -> None:
    with bound(socket.SOCK_DGRAM, bound_to) as sock:
        assert Inherited([sock]).claim(kind, host, port_of(sock) ^ off) == []


def test_port_0_claims_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unbound:
        assert Inherited([unbound]).claim(socket.SOCK_DGRAM, "", 0) == []


def test_a_stream_socket_that_does_not_listen_is_not_claimed() -> None:
    with bound(socket.SOCK_STREAM, "127.0.0.1", listen=False) as sock:
        assert Inherited([sock]).claim(socket.SOCK_STREAM, "127.0.0.1", port_of(sock)) == []


def test_a_socket_of_another_family_is_not_claimed() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        assert Inherited([sock]).claim(socket.SOCK_DGRAM, "", 53) == []


def test_a_socket_is_claimed_once(datagram: socket.socket) -> None:
    sockets = Inherited([datagram])
    sockets.claim(socket.SOCK_DGRAM, "127.0.0.1", port_of(datagram))
    assert sockets.claim(socket.SOCK_DGRAM, "127.0.0.1", port_of(datagram)) == []


def test_a_claimed_socket_does_not_block(datagram: socket.socket) -> None:
    (sock,) = Inherited([datagram]).claim(socket.SOCK_DGRAM, "127.0.0.1", port_of(datagram))
    assert not sock.getblocking()


def test_what_nobody_claims_is_told(datagram: socket.socket, stream: socket.socket) -> None:
    sockets = Inherited([datagram, stream])
    sockets.claim(socket.SOCK_DGRAM, "127.0.0.1", port_of(datagram))
    assert sockets.unclaimed() == [stream]
