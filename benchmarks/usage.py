"""What a process and its children take: CPU time and memory, read from /proc."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

_SCHEDULED: Final = 2  # CPUCLOCK_SCHED: the time that the scheduler gave to all threads of the process

_FIELD: Final = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)


class Stat(NamedTuple):
    """Ticks of user and system time: a process's own, and those of its children that have ended."""

    parent: int
    own: int
    ended: int


class Memory(NamedTuple):
    """Octets in RAM: of a process alone, and shared with other processes."""

    private: int
    shared: int


def cpu_seconds(root: int) -> float:
    """User and system time of a process with all below it, those that have ended included."""
    stats = _stats()
    return sum(_clock(pid, stats[pid]) for pid in tree(root, stats))


def resident(root: int) -> int:
    """Octets in RAM of a process with all below it; of one process, this is its RSS.

    What a fork shares with its parent would be counted twice in the sum of RSS, so of what is shared the most that one
    of them has counts, once.
    """
    found = []
    for pid in tree(root, _stats()):
        try:
            found.append(parse_memory(Path(f"/proc/{pid}/smaps_rollup").read_text()))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
    return sum(memory.private for memory in found) + max((memory.shared for memory in found), default=0)


def tree(root: int, stats: dict[int, Stat]) -> Iterable[int]:
    """The process and all below it, as far as they live."""
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(stat.parent, []).append(pid)
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        if pid in stats:
            found.append(pid)
        todo.extend(children.get(pid, ()))
    return found


def parse_stat(text: str) -> Stat:
    """A line of /proc/PID/stat (proc(5)). The name, in parentheses, may hold blanks and parentheses itself."""
    fields = text.rpartition(")")[2].split()  # from the third field on, the state
    user, system, ended_user, ended_system = map(int, fields[11:15])
    return Stat(int(fields[1]), user + system, ended_user + ended_system)


def parse_memory(text: str) -> Memory:
    """The text of /proc/PID/smaps_rollup."""
    sizes = {name: int(size) * 1024 for name, size in _FIELD.findall(text)}
    private = sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
    return Memory(private, sizes.get("Shared_Clean", 0) + sizes.get("Shared_Dirty", 0))


def _clock(pid: int, stat: Stat) -> float:
    """A process's CPU clock counts nanoseconds, and ticks are ten milliseconds: too coarse for a load that is over in a
    second. Its number is made as clock_getcpuclockid(3) does it."""
    tick = 1 / os.sysconf("SC_CLK_TCK")
    try:
        return time.clock_gettime((~pid << 3) | _SCHEDULED) + stat.ended * tick
    except OSError:
        return (stat.own + stat.ended) * tick  # it has ended meanwhile


def _stats() -> dict[int, Stat]:
    stats = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stats[int(entry)] = parse_stat(Path(f"/proc/{entry}/stat").read_text(errors="replace"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
    return stats
