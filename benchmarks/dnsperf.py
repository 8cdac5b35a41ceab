"""Runs dnsperf, on the core that we run on, and reads what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkError
from benchmarks.probe import LOOPBACK
from benchmarks.workloads import Manner

RATE: Final = 5_000
"""Queries a second where latency is measured: a busy server that is far from its limit."""

_TIMEOUT: Final = 2  # seconds until a query counts as lost
_ALIKE: Final = 1.5  # runs at the same time took nearly the same; one that lost its last queries waits for them

_COMPLETED: Final = re.compile(r"^\s*Queries completed:\s+(\d+)", re.MULTILINE)
_LOST: Final = re.compile(r"^\s*Queries lost:\s+(\d+)", re.MULTILINE)
_INTERRUPTED: Final = re.compile(r"^\s*Queries interrupted:\s+(\d+)", re.MULTILINE)
_SECONDS: Final = re.compile(r"^\s*Run time \(s\):\s+(\d+\.\d+)", re.MULTILINE)
_RCODES: Final = re.compile(r"^\s*Response codes:\s+(.+)$", re.MULTILINE)
_RCODE: Final = re.compile(r"(\w+) (\d+) \([\d.]+%\)")
_LATENCY: Final = re.compile(r"^> [A-Z]\w+ \S+ \w+ (\d+\.\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Load:
    """What came of one run. `rcodes` counts the answers by what they say."""

    completed: int
    lost: int
    seconds: float
    rcodes: Mapping[str, int] = field(default_factory=dict)

    def others_than(self, rcode: str) -> int:
        return sum(self.rcodes.values()) - self.rcodes.get(rcode, 0)


def flood(port: int, queries: Path, manner: Manner, seconds: float) -> Load:
    """As much as the server takes, for some seconds, of all askers together."""
    limits = ["-q", str(manner.outstanding), "-l", f"{seconds:g}"]
    with ThreadPoolExecutor(manner.askers) as askers:
        runs = [askers.submit(_run, port, queries, manner, seconds, limits) for _ in range(manner.askers)]
    return together([parse_load(run.result()) for run in runs])


def together(loads: Sequence[Load]) -> Load:
    """What came of runs at the same time. Raises BenchmarkError where one was over before the others."""
    seconds = [load.seconds for load in loads]
    if max(seconds) > _ALIKE * min(seconds):
        raise BenchmarkError(f"dnsperf ran for {min(seconds):g} s and beside it for {max(seconds):g} s")
    return Load(
        completed=sum(load.completed for load in loads),
        lost=sum(load.lost for load in loads),
        seconds=max(seconds),
        rcodes=sum((Counter(load.rcodes) for load in loads), Counter()),
    )


def pass_through(port: int, queries: Path, manner: Manner, times: int) -> Load:
    """All queries of the file, some times over, as fast as the server takes them."""
    return parse_load(_run(port, queries, manner, 120, ["-q", str(manner.outstanding), "-n", str(times)]))


def latencies(port: int, queries: Path, manner: Manner, seconds: float) -> list[float]:
    """Seconds that each answer took at `RATE` queries a second, the shortest first."""
    return parse_latencies(_run(port, queries, manner, seconds, ["-Q", str(RATE), "-l", f"{seconds:g}", "-v"]))


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
    return Load(
        completed=int(completed),
        lost=int(lost) + (int(interrupted[1]) if interrupted else 0),
        seconds=float(seconds),
        rcodes={name: int(count) for name, count in _RCODE.findall(rcodes[1])} if rcodes else {},
    )


def parse_latencies(text: str) -> list[float]:
    """The latencies that `dnsperf -v` tells query by query, sorted; a lost query has none."""
    return sorted(map(float, _LATENCY.findall(text)))


def arguments(port: int, queries: Path, manner: Manner) -> list[str]:
    """Whom dnsperf asks what, and how."""
    words = ["-s", LOOPBACK, "-p", str(port), "-d", str(queries), "-c", str(manner.clients), "-t", str(_TIMEOUT)]
    words += ["-m", "tcp"] if manner.tcp else []
    words += ["-D"] if manner.dnssec else []
    words += ["-E", manner.option] if manner.option else []
    return words


def _only(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise BenchmarkError(f"dnsperf's output is not understood: {text[-500:]}")
    return found[1]


def _run(port: int, queries: Path, manner: Manner, seconds: float, limits: Sequence[str]) -> str:
    """What dnsperf says. It is given half a minute more than it should take."""
    command = [program(), *arguments(port, queries, manner), *limits]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"dnsperf came to no end: {' '.join(command)}") from error
    if done.returncode:
        raise BenchmarkError(f"dnsperf failed with status {done.returncode}: {done.stderr[-500:]}")
    return done.stdout
