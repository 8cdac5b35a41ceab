"""Tell systemd, or whoever supervises the process, how it does (sd_notify(3)): started, reloading, stopping, alive.

Each notification is one datagram to the socket that `$NOTIFY_SOCKET` names. Where nobody asked, nothing is sent.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import MutableMapping
from typing import Final

import trio

log = logging.getLogger("pydns.run")

_VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
_MICROSECONDS: Final = 1_000_000
_MOST_WAITING: Final = 100  # notifications; the oldest go
_LONGEST_STATUS: Final = 1000  # characters; systemd takes datagrams of 4096 octets


class Notifier:
    """`address`: a path, or an abstract name behind an `@`; empty: nobody listens.

    `watchdog`: the seconds after which the supervisor takes the process for stuck; 0: it never does.
    """

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        self._address = address
        self._watchdog = watchdog
        self._socket: socket.socket | None = None
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._full = trio.Event()  # set while the receiver has no room; then `run` alone sends
        self._state = self._status = ""
        self._complained = False

    def ready(self, status: str) -> None:
        """Queries are answered. After `reloading`: by the new configuration, or still by the old one.

        `status` is what `systemctl status` shows.
        """
        if self._state != "stopping" and (self._state, self._status) != ("ready", status):
            self._state, self._status = "ready", status
            self._tell("READY=1", f"STATUS={_one_line(status)}")

    def reloading(self) -> None:
        """A reload has begun; `ready` ends it, however it went."""
        if self._state == "ready":
            self._state = "reloading"
            # systemd holds the time against that of its own signal (Type=notify-reload).
            self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", "STATUS=reloading")

    def stopping(self) -> None:
        """The server was told to stop, and answers what is under way."""
        if self._state != "stopping":
            self._state = "stopping"
            self._tell("STOPPING=1", "STATUS=answering the last queries")

    async def run(self) -> None:
        """Shows that the loop turns, at half of the watchdog's time, and sends what found no room."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send_the_rest)
                if self._address and self._watchdog:
                    nursery.start_soon(self._keep_alive)
        finally:
            self._close()

    async def _keep_alive(self) -> None:
        """Runs where queries are answered: a loop that is stuck sends nothing, and the supervisor ends it."""
        while True:
            if not self._waiting:
                self._tell("WATCHDOG=1")
            await trio.sleep(self._watchdog / 2)

    async def _send_the_rest(self) -> None:
        while True:
            await self._full.wait()
            if self._socket is not None:
                await trio.lowlevel.wait_writable(self._socket)
            self._send()
            if not self._waiting:
                self._full = trio.Event()

    def _tell(self, *lines: str) -> None:
        """Never blocks and never raises: a supervisor that is gone, or slow, holds up no query."""
        if self._address:
            self._waiting.append("\n".join(lines).encode("utf-8", "replace"))
            if not self._full.is_set():
                self._send()

    def _send(self) -> None:
        while self._waiting:
            try:
                if self._socket is None:
                    self._socket = _connected(self._address)
                self._socket.send(self._waiting[0])
            except BlockingIOError:
                self._full.set()
                return
            except (OSError, ValueError) as error:  # ValueError: no address at all
                self._close()  # the receiver may come back at the same one
                if not self._complained:
                    self._complained = True
                    log.warning("cannot notify %s: %s", self._address, error)
            self._waiting.popleft()

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def from_environ(environ: MutableMapping[str, str], pid: int) -> Notifier:
    """What `environ` says. The variables are removed, so that no child speaks for this process."""
    address, watchdog_pid, microseconds = (environ.pop(name, "") for name in _VARIABLES)
    if address and address[0] not in "/@":
        log.warning("NOTIFY_SOCKET is neither a path nor an abstract name: %r", address)
        address = ""
    if watchdog_pid not in ("", str(pid)):
        microseconds = ""  # meant for another process
    if microseconds and not (microseconds.isascii() and microseconds.isdigit() and len(microseconds) < 20):
        log.warning("WATCHDOG_USEC is no number: %r", microseconds)
        microseconds = ""
    return Notifier(address, int(microseconds or 0) / _MICROSECONDS)


def _connected(address: str) -> socket.socket:
    """Raises OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        sock.connect(f"\0{address[1:]}" if address.startswith("@") else address)
    except BaseException:
        sock.close()
        raise
    return sock


def _one_line(text: str) -> str:
    return "; ".join(text.split("\n"))[:_LONGEST_STATUS]
