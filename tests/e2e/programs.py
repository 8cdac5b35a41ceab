"""Programs that the tests run and ask: pydns as a process of its own, real name servers, dig."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Self, TypeVar

from pydns.errors import StartError
from pydns.listen.sockets import open_sockets

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 15.0
"""Seconds after which what a test waits for is taken as never to come."""

T = TypeVar("T")


class Program:
    """A process whose output, standard and error, is read as it comes: `lines`."""

    def __init__(
        self,
        *words: str,
        folder: Path | None = None,
        given: bytes = b"",
        environ: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.lines: list[str] = []
        self._came = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, **(environ or {})},
            pass_fds=pass_fds,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self.process.stdin is not None
        self.process.stdin.write(given)
        self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._came:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self._came.notify_all()
        with self._came:
            self._ended = True
            self._came.notify_all()

    def wait_for(self, text: str, *, since: int = 0, within: float = PATIENCE) -> str:
        """The first line that holds `text`, of those behind the first `since`."""

        def found() -> str | None:
            return next((line for line in self.lines[since:] if text in line), None)

        with self._came:
            self._came.wait_for(lambda: self._ended or found() is not None, within)
            line = found()
        assert line is not None, f"no line with {text!r} in:\n" + "\n".join(self.lines)
        return line

    def count(self, text: str) -> int:
        """How many lines hold `text` so far."""
        return sum(text in line for line in self.lines)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, within: float = PATIENCE) -> int:
        """The exit status, once all output is read."""
        status = self.process.wait(within)
        self._reader.join(within)
        return status

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.wait()


def pydns(*flags: str | Path, **options: object) -> Program:
    """pydns with these flags; the options are `Program`'s. Sees this checkout from any folder."""
    environ = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins")))}
    extra = options.pop("environ", None)
    if isinstance(extra, Mapping):
        environ |= extra
    return Program(sys.executable, "-m", "pydns", *map(str, flags), environ=environ, **options)  # type: ignore[arg-type]  # as Program takes them


@contextmanager
def serving(corefile: Path, port: int, *flags: str, **options: object) -> Iterator[Program]:
    """pydns with a Corefile, from when it answers until the block ends."""
    with pydns("-conf", corefile, "-p", str(port), *flags, **options) as program:
        program.wait_for("pydns-")
        yield program


class Answer(NamedTuple):
    """What dig showed: the status, the data of the answer's records, and the extended errors (RFC 8914)."""

    status: str
    data: list[str]
    errors: list[tuple[int, str]]


def dig(port: int, name: str, type_: str = "A", *words: str, host: str = "127.0.0.1", inside: str = "") -> Answer:
    """Asks once, without another try. `inside` names a network namespace. The status is empty where no answer came."""
    before = ("ip", "netns", "exec", inside) if inside else ()
    command = (*before, "dig", f"@{host}", "-p", str(port), "+tries=1", "+time=8", *words, name, type_)
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    status = re.search(r"status: (\w+)", text)
    section = re.search(r";; ANSWER SECTION:\n(.*?)\n\n", text, re.DOTALL)
    records = section[1].splitlines() if section else []
    errors = re.findall(r"; EDE: (\d+)[^:\n]*(?:: \((.*)\))?", text)
    return Answer(
        status[1] if status else "",
        [record.split(None, 4)[4] for record in records],
        [(int(code), words) for code, words in errors],
    )


def until(read: Callable[[], T], wanted: Callable[[T], bool], within: float = PATIENCE) -> T:
    """Reads again and again until it is as wanted."""
    deadline = time.monotonic() + within
    while not wanted(found := read()):
        assert time.monotonic() < deadline, f"still {found!r} after {within:g} s"
        time.sleep(0.01)
    return found


_PROCESS: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 2


def free_port() -> int:
    """One that is free for UDP and TCP, on all addresses, and that no socket gets by chance before it is used."""
    while True:
        # Below net.ipv4.ip_local_port_range, and for each process of the tests others.
        port = random.randrange(10_000 + _PROCESS, 32_000, 2)
        try:
            open_sockets("", port).close()
        except StartError:
            continue
        return port


def installed(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


NSD_CONFIG: Final = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd"
  zonelistfile: "{folder}/zones"
  logfile: "{folder}/log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: zone
"""
NSD_ZONE: Final = "\n".join(
    (
        "$ORIGIN example.org.",
        "$TTL 300",
        "@ SOA ns hostmaster 1 7200 3600 1209600 300",
        "@ NS ns",
        "ns A 127.0.0.1",
        "www A 192.0.2.1",
        *(f'big TXT "{i:03}{"x" * 100}"' for i in range(60)),  # too large for UDP
        "",
    )
)


@contextmanager
def nsd(folder: Path, port: int) -> Iterator[Program]:
    """NSD with the zone example.org, from when it answers until the block ends."""
    folder.mkdir(exist_ok=True)
    (folder / "nsd.conf").write_text(NSD_CONFIG.format(port=port, folder=folder))
    (folder / "zone").write_text(NSD_ZONE)
    command = installed("nsd")
    assert command is not None
    with Program(command, "-d", "-c", str(folder / "nsd.conf")) as program:
        until(lambda: dig(port, "example.org", "SOA", "+time=1").status, lambda status: status == "NOERROR")
        yield program
