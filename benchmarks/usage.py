"""What a process and its children take: CPU time and memory, read from /proc."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

_FIELD: Final = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)


class Stat(NamedTuple):
    """`ticks` of user and system time; those of children that have ended are in it."""

    parent: int
    ticks: int


class Memory(NamedTuple):
    """Octets in RAM: of a process alone, and shared with other processes."""

    private: int
    shared: int


def cpu_seconds(root: int) -> float:
    """User and system time of a process with all below it."""
    stats = _stats()
    return sum(stats[pid].ticks for pid in tree(root, stats)) / os.sysconf("SC_CLK_TCK")


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
    return Stat(int(fields[1]), sum(map(int, fields[11:15])))


def parse_memory(text: str) -> Memory:
    """The text of /proc/PID/smaps_rollup."""
    sizes = {name: int(size) * 1024 for name, size in _FIELD.findall(text)}
    private = sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
    return Memory(private, sizes.get("Shared_Clean", 0) + sizes.get("Shared_Dirty", 0))


def _stats() -> dict[int, Stat]:
    stats = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stats[int(entry)] = parse_stat(Path(f"/proc/{entry}/stat").read_text(errors="replace"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
    return stats
