"""Sends queries for unique names at a steady rate, answered or not: dnsperf slows down where nobody answers.

A program of its own, so that nothing else waits for its sending: `python3 -m benchmarks.pour PORT RATE SECONDS`. It
says how many queries it sent and how many answers came.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, NamedTuple

from benchmarks.errors import BenchmarkError
from benchmarks.probe import LOOPBACK, question
from benchmarks.python import ROOT

UNANSWERED: Final = "unanswered.example"
"""What is poured are names below it; whoever forwards them asks an upstream that never answers."""

_SOCKETS: Final = 16
_BURST: Final = 200
"""Queries in a row at most: who was held up for a moment must not make up for it at once."""

_TAIL: Final = question(UNANSWERED)[12:]


class Poured(NamedTuple):
    sent: int
    answered: int


def pour(port: int, rate: float, seconds: float) -> Poured:
    """Runs the program. Raises BenchmarkError where it fails."""
    command = [sys.executable, "-m", "benchmarks.pour", str(port), f"{rate:g}", f"{seconds:g}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + 30, check=False)
    words = done.stdout.split()
    if done.returncode or len(words) != 2:
        raise BenchmarkError(f"{' '.join(command)} failed: {done.stderr[-500:].strip()}")
    return Poured(int(words[0]), int(words[1]))


def unique(number: int) -> bytes:
    """The query for the name of this number."""
    first = b"flood%07d" % number
    head = struct.pack("!6H", number % 65536, 0x0100, 1, 0, 0, 0)
    return head + bytes((len(first),)) + first + _TAIL


def _send_all(port: int, rate: float, seconds: float) -> Poured:
    number = sent = answered = 0
    with ExitStack() as stack:
        socks = [stack.enter_context(_client(port)) for _ in range(_SOCKETS)]
        begin = time.monotonic()
        while (now := time.monotonic() - begin) < seconds:
            due = min(int(now * rate), number + _BURST)
            sent += sum(_send(socks[i % _SOCKETS], unique(i)) for i in range(number, due))
            number = max(number, due)
            answered += sum(map(_drain, socks))
            time.sleep(0.001)
        time.sleep(1.0)
        return Poured(sent, answered + sum(map(_drain, socks)))


def _client(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.connect((LOOPBACK, port))
    return sock


def _send(sock: socket.socket, message: bytes) -> bool:
    try:
        sock.send(message)
    except OSError:
        return False  # the server is gone, or a buffer full; that is for others to tell
    return True


def _drain(sock: socket.socket) -> int:
    """How many answers there were."""
    count = 0
    while True:
        try:
            sock.recv(512)
        except OSError:
            return count
        count += 1


def main(arguments: Sequence[str]) -> None:
    port, rate, seconds = arguments
    os.nice(1)  # the asker beside it measures time, and goes first
    print(*_send_all(int(port), float(rate), float(seconds)))


if __name__ == "__main__":
    main(sys.argv[1:])
