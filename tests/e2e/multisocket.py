"""What tests of several processes share: their Corefile, who they are, and many questions at once."""

from __future__ import annotations

import re
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.e2e.programs import Program, free_port, until
from tests.e2e.test_activation import inodes
from tests.pydns.life import wire

COREFILE: Final = """. {{
    bind 127.0.0.1
    multisocket 2
    prometheus 127.0.0.1:{metrics}
    ready 127.0.0.1:{ready}
    hosts {{
        192.0.2.1 example.org
    }}
}}
"""


NONE: Final = ("    multisocket 2\n", "")
THREE: Final = ("multisocket 2", "multisocket 3")
NEW: Final = ("192.0.2.1", "192.0.2.2")

OWN: Final = """
import trio
from pydns.plugin import Plugin

class Own(Plugin):
    name = "own"

    @classmethod
    def parse(cls, directives, block):
        return (cls(),)

    async def serve(self, query, call_next):
        return await call_next(query)

    async def run(self, *, task_status):
        if self.house.family.number == 1:
            raise OSError("not in the second")
        task_status.started()
"""


class Site:
    """A Corefile with pages at free ports."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metrics, self.ready = free_port(), free_port()
        self.write(COREFILE)

    def write(self, text: str) -> None:
        self.path.write_text(text.format(metrics=self.metrics, ready=self.ready))

    def change(self, *changes: tuple[str, str]) -> None:
        text = COREFILE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.write(text)

    def value(self, name: str) -> float:
        """The sum of a metric's values, over all labels."""
        page = get(self.metrics, "/metrics")[1]
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.MULTILINE)
        return sum(map(float, found))


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def workers(program: Program) -> list[int]:
    """The processes of the workers."""
    return [process for process in children(program) if b"pydns.workers.worker" in command(process)]


def children(program: Program) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == program.process.pid:
                found.append(int(status.parent.name))
    return sorted(found)


def command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(process: int) -> bool:
    return bool(command(process))


def listening(process: int) -> int:
    """Sockets of the Internet that a process has open; none where it is about to go."""
    try:
        return len(inodes(process))
    except OSError:
        return 0


class Asking:
    """Clients that ask all the time, each time from another port, so that the kernel gives them to all workers."""

    def __init__(self, port: int) -> None:
        self.answers: list[bytes] = []
        self.lost = 0
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.ask()

    def ask(self) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            try:
                client.connect(("127.0.0.1", self._port))
                client.send(wire("example.org"))
                self.answers.append(client.recv(512)[-4:])
            except OSError:
                self.lost += 1

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def more(self, count: int) -> None:
        """Returns when so many more answers have come."""
        enough = len(self.answers) + count
        until(lambda: len(self.answers), lambda number: number >= enough)


@contextmanager
def asking(port: int) -> Iterator[Asking]:
    with Asking(port) as found:
        found.more(50)
        yield found


def reload(program: Program, wanted: str = "Reloading complete") -> None:
    since = len(program.lines)
    program.send(signal.SIGHUP)
    program.wait_for(wanted, since=since)
