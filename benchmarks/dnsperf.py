"""Runs dnsperf, on the core that we run on, and reads what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkError
from benchmarks.probe import LOOPBACK

CLIENTS: Final = 20
OUTSTANDING: Final = 100
"""Queries under way at once. A socket's default buffer of 208 KiB holds about 200: more would be lost before a server
that leaves the buffer as it is has seen them."""

RATE: Final = 5_000
"""Queries a second where latency is measured: a busy server that is far from its limit."""

_TIMEOUT: Final = 2  # seconds until a query counts as lost

_COMPLETED: Final = re.compile(r"^\s*Queries completed:\s+(\d+)", re.MULTILINE)
_LOST: Final = re.compile(r"^\s*Queries lost:\s+(\d+)", re.MULTILINE)
_INTERRUPTED: Final = re.compile(r"^\s*Queries interrupted:\s+(\d+)", re.MULTILINE)
_SECONDS: Final = re.compile(r"^\s*Run time \(s\):\s+(\d+\.\d+)", re.MULTILINE)
_RCODES: Final = re.compile(r"^\s*Response codes:\s+(.+)$", re.MULTILINE)
_RCODE: Final = re.compile(r"(\w+) (\d+) \([\d.]+%\)")
_LATENCY: Final = re.compile(r"^> [A-Z]\w+ \S+ \w+ (\d+\.\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Load:
    """What came of one run. `wrong` are answers with another rcode than NOERROR; they are among `completed`."""

    completed: int
    lost: int
    wrong: int
    seconds: float


def flood(port: int, queries: Path, seconds: float) -> Load:
    """As much as the server takes, for some seconds."""
    return parse_load(_run(port, queries, seconds, ["-q", str(OUTSTANDING), "-l", f"{seconds:g}"]))


def pass_through(port: int, queries: Path, times: int) -> Load:
    """All queries of the file, some times over."""
    return parse_load(_run(port, queries, 60, ["-q", str(OUTSTANDING), "-n", str(times)]))


def latencies(port: int, queries: Path, seconds: float) -> list[float]:
    """Seconds that each answer took at `RATE` queries a second, the shortest first."""
    return parse_latencies(_run(port, queries, seconds, ["-Q", str(RATE), "-l", f"{seconds:g}", "-v"]))


def program() -> str:
    """Dnsperf's path. Raises BenchmarkError where it is not installed."""
    found = shutil.which("dnsperf")
    if found is None:
        raise BenchmarkError("dnsperf is not installed: apt install dnsperf")
    return found


def parse_load(text: str) -> Load:
    """Dnsperf's closing statistics."""
    completed, lost, seconds = (_only(pattern, text) for pattern in (_COMPLETED, _LOST, _SECONDS))
    interrupted = _INTERRUPTED.search(text)
    rcodes = _RCODES.search(text)
    counts = {name: int(count) for name, count in _RCODE.findall(rcodes[1])} if rcodes else {}
    return Load(
        completed=int(completed),
        lost=int(lost) + (int(interrupted[1]) if interrupted else 0),
        wrong=sum(counts.values()) - counts.get("NOERROR", 0),
        seconds=float(seconds),
    )


def parse_latencies(text: str) -> list[float]:
    """The latencies that `dnsperf -v` tells query by query, sorted; a lost query has none."""
    return sorted(map(float, _LATENCY.findall(text)))


def _only(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise BenchmarkError(f"dnsperf's output is not understood: {text[-500:]}")
    return found[1]


def _run(port: int, queries: Path, seconds: float, limits: Sequence[str]) -> str:
    """What dnsperf says. It is given half a minute more than it should take."""
    where = ["-s", LOOPBACK, "-p", str(port), "-d", str(queries), "-c", str(CLIENTS), "-t", str(_TIMEOUT)]
    command = [program(), *where, *limits]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"dnsperf came to no end: {' '.join(command)}") from error
    if done.returncode:
        raise BenchmarkError(f"dnsperf failed with status {done.returncode}: {done.stderr[-500:]}")
    return done.stdout
