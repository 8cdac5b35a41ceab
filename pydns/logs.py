"""The process's log: whoever has something to say never waits for who reads it.

Lines go into a bounded buffer that a thread of its own empties. Where standard output is slow, full or gone, lines are
dropped and counted, and no query waits.
"""

from __future__ import annotations

import logging
import os
import select
import stat
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydns.metrics import Metrics

ROOMS: Final = frozenset(
    (
        "chain", "cli", "corefile", "listen", "logs", "packetcache", "registry", "router", "run", "server", "upstream",
        "watch", "workers", "zone",
    )
)  # fmt: skip
"""Loggers `pydns.ROOM` speak for the server itself; any other `pydns.NAME` for the plugin NAME."""

_GATHER: Final = 0.02
"""Seconds that the thread waits for more lines before it writes. To wake it for each would cost the loop the GIL."""

_PIECE: Final = select.PIPE_BUF
"""Bytes of one write. A pipe that polls as writable takes these without blocking, and does not mix them with what other
processes write (POSIX, write())."""

_FILE_PIECE: Final = 64 * 1024
"""Of a regular file, which nobody waits for."""

_LEVELS: Final = {
    logging.DEBUG: "DEBUG",
    logging.INFO: "INFO",
    logging.WARNING: "WARNING",
    logging.ERROR: "ERROR",
    logging.CRITICAL: "FATAL",
}


class LineWriter:
    """Takes lines from any thread without waiting, and writes them to a file descriptor in a thread of its own.

    It holds at most `most_lines` lines and `most_characters` characters; `dropped` counts the lines that found no room
    and those that could not be written.
    """

    def __init__(
        self, descriptor: int = 1, *, most_lines: int = 10_000, most_characters: int = 4 * 1024 * 1024
    ) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._piece = _FILE_PIECE if _is_file(descriptor) else _PIECE
        self._most_lines = most_lines
        self._most_characters = most_characters
        self._lines: deque[str] = deque()
        self._held_lines = 0  # waiting or being written
        self._held_characters = 0
        # Held for a few instructions only, never while writing, so that taking it is no waiting.
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._closing = threading.Event()
        self._closed = False
        self._give_up = float("inf")  # on the monotonic clock
        self._thread: threading.Thread | None = None
        self._told = 0  # dropped lines that the log itself has told of
        self._torn = False  # the last thing written was no whole line

    def write(self, line: str) -> bool:
        """Takes a line (without its end); False where it was dropped. Never blocks, never raises."""
        with self._lock:
            held = self._held_characters + len(line)
            if self._held_lines >= self._most_lines or held > self._most_characters or self._closed:
                self.dropped += 1
                return False
            self._held_lines += 1
            self._held_characters = held
            self._lines.append(line)
            first = len(self._lines) == 1
        if first:
            self._some.set()
        return True

    def start(self) -> None:
        """Starts the thread. Lines written before stand in the buffer until then."""
        self._thread = threading.Thread(target=self._work, name="pydns-log")
        self._thread.start()

    def close(self, deadline_seconds: float) -> None:
        """Writes what is held, at most until the deadline, and ends the thread. What is left then counts as dropped.

        Blocks; call it when the loop has ended, or in a thread.
        """
        self._give_up = time.monotonic() + deadline_seconds
        self._closed = True
        self._closing.set()
        self._some.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def count_in(self, metrics: Metrics) -> None:
        """Shows `dropped` as `pydns_log_dropped_total`."""
        counter = metrics.counter("pydns_log_dropped_total", "Lines of the log that were dropped.")
        metrics.before_reading(lambda: counter.set(to=self.dropped))

    def _work(self) -> None:
        while True:
            self._some.wait()
            self._closing.wait(_GATHER)
            self._some.clear()
            closing = self._closing.is_set()  # asked before the last lines are taken: then none can follow
            with self._lock:
                lines, self._lines = self._lines, deque()
            self._write_all(lines)
            if closing:
                return

    def _write_all(self, lines: deque[str]) -> None:
        while lines:
            piece, count, characters = _take_piece(lines, self._piece)
            written = self._write_piece(piece)
            with self._lock:
                self._held_lines -= count
                self._held_characters -= characters
                if not written:
                    self.dropped += count
        self._tell_of_dropped()

    def _write_piece(self, piece: bytes) -> bool:
        """False where the piece, or its end, was lost."""
        if self._torn:
            piece = b"\n" + piece
        rest = memoryview(piece)
        while rest:
            # A write to a pipe that nobody empties would hold the thread for good: it is only begun where it has room.
            if not self._has_room():
                return False
            try:
                count = os.write(self._descriptor, rest[: self._piece])
            except BlockingIOError:  # the descriptor is non-blocking, and others were quicker
                if time.monotonic() >= self._give_up:
                    return False
                time.sleep(_GATHER)
                continue
            except OSError:
                return False  # nobody reads (EPIPE), the disk is full (ENOSPC): it may have passed at the next lines
            rest = rest[count:]
            self._torn = rest.nbytes > 0 or not piece.endswith(b"\n")
        return True

    def _has_room(self) -> bool:
        """Waits until the descriptor takes a piece; False where the deadline came first."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while True:
            left = self._give_up - time.monotonic()
            if poll.poll(min(100, max(0, left * 1000))):
                return True  # or it is broken, which the write then says
            if left <= 0:
                return False

    def _tell_of_dropped(self) -> None:
        missing = self.dropped - self._told
        if missing and self._write_piece(b"[WARNING] %d lines of the log were dropped\n" % missing):
            self._told += missing


def _is_file(descriptor: int) -> bool:
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _take_piece(lines: deque[str], most: int) -> tuple[bytes, int, int]:
    """Whole lines of `most` bytes at most (one line where it is longer), their count, and their characters."""
    taken: list[str] = []
    size = 0  # in bytes, if all characters were ASCII
    while lines and (size + len(lines[0]) + 1 <= most or not taken):
        taken.append(lines.popleft())
        size += len(taken[-1]) + 1
    taken.append("")
    piece = "\n".join(taken).encode("utf-8", "backslashreplace")
    del taken[-1]
    while len(piece) > most and len(taken) > 1:  # others are longer
        half = len(taken) // 2
        lines.extendleft(reversed(taken[half:]))
        del taken[half:]
        piece = "".join([line + "\n" for line in taken]).encode("utf-8", "backslashreplace")
    return piece, len(taken), sum(map(len, taken))


class Handler(logging.Handler):
    """Writes records as CoreDNS does: `[INFO] plugin/hosts: text`, without a prefix where the server itself speaks."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self.writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.writer.write(self.format(record))
        except Exception as error:  # arguments that do not fit the message must not stop who logs
            self.writer.write(f"[ERROR] {prefix(record.name)}unreadable message {record.msg!r}: {error!r}")

    def format(self, record: logging.LogRecord) -> str:
        level = _LEVELS.get(record.levelno, record.levelname)
        line = f"[{level}] {prefix(record.name)}{printable(record.getMessage())}"
        if record.exc_info:
            # Indented, so that no text of an error can look like a line of the log's own.
            trace = logging.Formatter().formatException(record.exc_info)
            line += "".join("\n    " + printable(step) for step in trace.splitlines())
        return line


def prefix(logger: str) -> str:
    """What stands before the messages of a logger: `pydns.hosts` is the plugin hosts, `pydns.run` the server."""
    first, *inner = logger.split(".")
    if first != "pydns":
        return f"{logger}: "
    if not inner or inner[0] in ROOMS:
        return ""
    return f"plugin/{inner[0]}: "


def printable(text: str) -> str:
    """The text with control characters and the like escaped, so that one line stays one line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class _Level:
    """The level of the loggers of pydns, which belong to the process: as configured, and how many want everything."""

    def __init__(self) -> None:
        self.configured = logging.NOTSET
        self.debugging = 0

    def apply(self) -> None:
        logging.getLogger("pydns").setLevel(logging.DEBUG if self.debugging else self.configured)


_level: Final = _Level()


def configure(writer: LineWriter, level: int = logging.INFO, quiet: bool = False) -> None:
    """Sends the process's log to `writer`, in place of an earlier one.

    `level` is for the loggers of pydns; other libraries' say warnings and worse. `quiet` leaves out what the server
    itself says of its start and reload, unless it is a warning or worse.
    """
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, Handler):
            root.removeHandler(handler)
    root.addHandler(Handler(writer))
    _level.configured = level
    _level.apply()
    for room in ROOMS:
        logging.getLogger(f"pydns.{room}").setLevel(logging.WARNING if quiet else logging.NOTSET)


@contextmanager
def debugging() -> Iterator[None]:
    """While any such context is open, the loggers of pydns say everything."""
    _level.debugging += 1
    _level.apply()
    try:
        yield
    finally:
        _level.debugging -= 1
        _level.apply()


def mark_logged(error: Exception) -> None:
    """Says that the error has its line in the log already: whoever catches it further out need not write another."""
    error._pydns_logged = True  # type: ignore[attr-defined] # builtin exceptions take attributes, but declare none


def is_logged(error: Exception) -> bool:
    return getattr(error, "_pydns_logged", False) is True
