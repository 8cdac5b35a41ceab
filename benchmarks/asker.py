"""Asks at a steady rate over UDP and keeps how long each answer took, and when: dnsperf tells no times of day.

An answer's time is the kernel's, taken when the message came in (SO_TIMESTAMPNS, socket(7)), so that it is no matter
when we look.
"""

from __future__ import annotations

import math
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.probe import LOOPBACK, question

_SO_TIMESTAMPNS: Final = 35  # asm-generic/socket.h; Python has no name for it
_TIMESPEC: Final = struct.Struct("@qq")  # struct timespec where time_t has 64 bits
_LINGER: Final = 2.0  # seconds that the last answers are waited for
_IDS: Final = 65536


@dataclass
class Asked:
    """`sent`: seconds since the begin. `waited`: seconds until the answer, NaN where none came."""

    name: str
    sent: float
    waited: float = math.nan
    rcode: int = -1


def ask(
    port: int, names: Sequence[str], rate: float, seconds: float, beside: Callable[[float], None] = lambda _: None
) -> list[Asked]:
    """Asks the names in turn. `beside` is called some twenty times a second, with the seconds since the begin; it must
    not take long."""
    asked: list[Asked] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.connect((LOOPBACK, port))
        sock.setblocking(False)
        begin, looked = time.time(), 0.0
        while (now := time.time() - begin) < seconds + _LINGER:
            if now < seconds and now >= len(asked) / rate:
                asked.append(Asked(names[len(asked) % len(names)], time.time() - begin))
                _send(sock, len(asked) - 1, asked[-1].name)
            if now - looked >= 0.05:
                looked = now
                beside(now)
            if now >= seconds and not lost(asked):
                break
            due = len(asked) / rate if now < seconds else math.inf
            select.select([sock], [], [], max(0.0, min(due - now, 0.05)))
            _receive(sock, asked, begin)
    return asked


def waits(asked: Sequence[Asked]) -> list[float]:
    """Of all that were answered, the shortest first."""
    return sorted(query.waited for query in asked if not math.isnan(query.waited))


def lost(asked: Sequence[Asked]) -> int:
    return sum(math.isnan(query.waited) for query in asked)


def _send(sock: socket.socket, number: int, name: str) -> None:
    message = struct.pack("!H", number % _IDS) + question(name)[2:]
    try:
        sock.send(message)
    except OSError:
        return  # an ICMP error that an earlier query left, or a full buffer: this one is lost


def _receive(sock: socket.socket, asked: list[Asked], begin: float) -> None:
    """All that is there. An id that came round again belongs to the last query that had it."""
    while True:
        try:
            message, notes, _, _ = sock.recvmsg(4096, socket.CMSG_SPACE(_TIMESPEC.size))
        except BlockingIOError:
            return
        except OSError:
            continue  # an ICMP error: nobody listens
        if len(message) < 12 or not asked:
            continue
        number = len(asked) - 1 - (len(asked) - 1 - int.from_bytes(message[:2], "big")) % _IDS
        if number >= 0 and math.isnan(asked[number].waited):
            asked[number].waited = max(0.0, _time(notes) - begin - asked[number].sent)
            asked[number].rcode = message[3] & 15


def _time(notes: Sequence[tuple[int, int, bytes]]) -> float:
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()
