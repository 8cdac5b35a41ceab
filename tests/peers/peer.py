"""An authoritative server of others, run by a test: configured, started, given a changed zone, stopped.

with Knot(tmp_path, free_port(), [PeerZone("example.org", text)]) as knot:
    knot.rewrite("example.org", changed)
    knot.wait_for_serial("example.org", 2)
"""

from __future__ import annotations

import os
import signal
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Self

import pytest

from pydns import names
from tests.e2e.programs import Program, installed, until
from tests.peers.zones import PeerZone


class Peer(ABC):
    """Serves `zones` on `port` of 127.0.0.1, from when it answers for those that it reads from files until it leaves.

    Its files stand in `folder`. `extra` is text of its own language, put behind the rest. Skips the test where the
    program is not installed.
    """

    program: ClassVar[str]

    def __init__(self, folder: Path, port: int, zones: Sequence[PeerZone], *, extra: str = "") -> None:
        self.folder = folder / self.program
        self.port = port
        self.zones = {zone.name: zone for zone in zones}
        self.extra = extra
        self.running: Program | None = None

    @abstractmethod
    def configuration(self) -> str: ...

    @abstractmethod
    def words(self) -> Sequence[str]:
        """Those that follow the program's name."""

    def start(self) -> Program:
        path = installed(self.program)
        if path is None:
            pytest.skip(f"{self.program} is not installed")
        return Program(path, *self.words(), folder=self.folder)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(self.configuration())
        for zone in self.zones.values():
            if zone.text:
                (self.folder / zone.file).write_text(zone.text)
        self.running = self.start()
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stops it; what it has on disk stays, so the same object may be entered again."""
        if self.running is not None:
            self.running.__exit__()
            self.running = None

    @property
    def config(self) -> Path:
        return self.folder / f"{self.program}.conf"

    @property
    def output(self) -> str:
        """The last that it logged."""
        return "\n".join(self.running.lines[-40:]) if self.running else ""

    def rewrite(self, zone: str, text: str) -> None:
        """Gives it another text of a zone, and has it read the text."""
        path = self.folder / self.zones[zone].file
        before = path.stat()
        path.write_text(text)
        # NSD and BIND go by the time; that of the system's clock stands still for some milliseconds.
        os.utime(path, ns=(before.st_atime_ns, max(path.stat().st_mtime_ns, before.st_mtime_ns + 1_000_000_000)))
        self.zones[zone] = self.zones[zone]._replace(text=text)
        self.reload()

    def reload(self) -> None:
        """Has it read its zones again."""
        assert self.running is not None
        self.running.send(signal.SIGHUP)

    def serial(self, zone: str) -> int | None:
        """That of the SOA that it answers; None where it answers none."""
        return serial(self.port, zone)

    def wait_for_serial(self, zone: str, wanted: int, within: float = 15.0) -> None:
        try:
            until(lambda: self.serial(zone), lambda found: found == wanted, within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from None

    def _wait(self) -> None:
        if loaded := [zone for zone in self.zones.values() if zone.text and not zone.primaries]:
            for zone in loaded:
                self._until(lambda zone=zone: self.serial(zone.name))  # type: ignore[misc]  # it is called at once
        else:
            self._until(lambda: exchange(self.port, question(b"\0", 6)))

    def _until(self, read: Callable[[], object]) -> None:
        """Until something comes. Raises AssertionError with what it logged where nothing does, or it ends."""
        running = self.running
        assert running is not None
        try:
            until(lambda: running.process.poll() or read(), lambda found: found is not None)
            assert running.process.poll() is None
        except AssertionError:
            raise AssertionError(self.output) from None


def serial(port: int, zone: str) -> int | None:
    """The serial of a zone's SOA as the server at `port` of 127.0.0.1 answers it."""
    answer = exchange(port, question(names.from_text(zone), 6))
    if answer is None or answer[3] & 0x0F or answer[6:8] == b"\0\0":
        return None
    return int.from_bytes(answer[_end_of_record(answer) - 20 :][:4])


def question(name: bytes, type_: int, *, edns: bytes = b"", id_: int = 1053) -> bytes:
    """A query; `edns` is a whole OPT record."""
    return struct.pack("!6H", id_, 0, 1, 0, 0, bool(edns)) + name + struct.pack("!2H", type_, 1) + edns


def exchange(port: int, query: bytes, timeout: float = 1.0) -> bytes | None:
    """The answer over UDP; None where none came."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(timeout)
        asking.connect(("127.0.0.1", port))
        try:
            asking.send(query)
            return asking.recv(65535)
        except OSError:
            return None


def _end_of_record(message: bytes) -> int:
    """Where the first record of the answer ends: behind a question, and an owner that may be a pointer."""
    at = message.index(b"\0", 12) + 5
    while (length := message[at]) and length < 0xC0:
        at += 1 + length
    at += 2 if length else 1
    return at + 10 + int.from_bytes(message[at + 8 : at + 10])
