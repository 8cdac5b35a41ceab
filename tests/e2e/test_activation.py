"""Sockets that a parent binds and hands over, as systemd does (sd_listen_fds(3))."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.programs import ROOT, Program, dig

COREFILE: Final = """. {
    bind 127.0.0.1
    hosts {
        192.0.2.1 example.org
    }
}
"""
# Puts the sockets at 3 and up, and becomes pydns: LISTEN_PID is of the process that it was started as.
PARENT: Final = """
import os, sys
numbers, *words = sys.argv[1:]
given = numbers.split(",") if numbers else []
for place, number in enumerate(given, 3):
    os.dup2(int(number), place, inheritable=True)
os.environ.update(LISTEN_FDS=str(len(given)), LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "pydns", *words])
"""


@contextmanager
def started(corefile: Path, port: int, *sockets: socket.socket) -> Iterator[Program]:
    numbers = [fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD, 50) for sock in sockets]  # clear of where they are put
    words = (",".join(map(str, numbers)), "-conf", str(corefile), "-p", str(port))
    environ = {"PYTHONPATH": f"{ROOT}:{ROOT}/plugins"}
    try:
        with Program(sys.executable, "-c", PARENT, *words, environ=environ, pass_fds=numbers) as program:
            yield program
    finally:
        for number in numbers:
            os.close(number)


@pytest.fixture
def bound() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A UDP socket, and a listening one for TCP, at one port of 127.0.0.1."""
    with ExitStack() as stack:
        while True:
            datagram = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            stream = stack.enter_context(socket.socket())
            datagram.bind(("127.0.0.1", 0))
            try:
                stream.bind(datagram.getsockname())
            except OSError:
                continue
            stream.listen()
            yield datagram, stream
            return


def inodes(process: int) -> set[str]:
    """The Internet sockets that a process holds open."""
    tables = [Path(f"/proc/{process}/net/{table}") for table in ("udp", "udp6", "tcp", "tcp6")]
    known = {line.split()[9] for table in tables if table.exists() for line in table.read_text().splitlines()[1:]}
    held: set[str] = set()
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        for link in Path(f"/proc/{process}/fd").iterdir():
            with suppress(FileNotFoundError):  # or closed this one
                target = os.readlink(link)
                if target.startswith("socket:["):
                    held.add(target[8:-1])
    return held & known


def inode(sock: socket.socket) -> str:
    return str(os.fstat(sock.fileno()).st_ino)


def test_it_answers_on_the_sockets_that_it_was_given(
    bound: tuple[socket.socket, socket.socket], corefile: Path
) -> None:
    corefile.write_text(COREFILE)
    port = bound[0].getsockname()[1]
    with started(corefile, port, *bound) as program:
        program.wait_for("pydns-")
        assert [dig(port, "example.org", "A", word).data for word in ("+notcp", "+tcp")] == [["192.0.2.1"]] * 2


def test_nothing_else_is_bound(bound: tuple[socket.socket, socket.socket], corefile: Path) -> None:
    corefile.write_text(COREFILE)
    with started(corefile, bound[0].getsockname()[1], *bound) as program:
        program.wait_for("pydns-")
        assert inodes(program.process.pid) == {inode(sock) for sock in bound}


def test_a_query_that_came_before_the_start_is_answered(
    bound: tuple[socket.socket, socket.socket], corefile: Path
) -> None:
    corefile.write_text(COREFILE)
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(15)
        client.connect(bound[0].getsockname())
        client.send(b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1")
        with started(corefile, bound[0].getsockname()[1], *bound):
            assert client.recv(512)[:2] == b"\x12\x34"


def test_sockets_outlive_a_reload(bound: tuple[socket.socket, socket.socket], corefile: Path) -> None:
    corefile.write_text(COREFILE)
    port = bound[0].getsockname()[1]
    with started(corefile, port, *bound) as program:
        program.wait_for("pydns-")
        corefile.write_text(COREFILE.replace("192.0.2.1", "192.0.2.2"))
        program.send(signal.SIGHUP)
        program.wait_for("Reloading complete")
        assert dig(port, "example.org").data == ["192.0.2.2"]
        assert inodes(program.process.pid) == {inode(sock) for sock in bound}


def test_a_socket_that_nobody_wants_is_told(
    bound: tuple[socket.socket, socket.socket], port: int, corefile: Path
) -> None:
    corefile.write_text(COREFILE)
    with started(corefile, port, *bound) as program:
        program.wait_for("nothing in the Corefile listens on the inherited socket")
        assert dig(port, "example.org").data == ["192.0.2.1"]


def test_none_at_all_is_as_without(port: int, corefile: Path) -> None:
    corefile.write_text(COREFILE)
    with started(corefile, port) as program:
        program.wait_for("pydns-")
        assert dig(port, "example.org").data == ["192.0.2.1"]
