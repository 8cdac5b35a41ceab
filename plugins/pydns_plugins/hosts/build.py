"""Reads and indexes a large hosts file in a process of its own: a thread would hold the GIL in long C calls.

The bytes come in a memfd, text and indexes go back in another; what is small comes and goes as JSON. The second one is
mapped as it is, by as many processes as answer from it.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import sys
from collections.abc import Sequence
from io import FileIO
from typing import Any, Final

import trio

from pydns.steps import whole
from pydns_plugins.hosts.reader import Fault, Reading, read
from pydns_plugins.hosts.table import MODULUS, Table, build

_NICENESS: Final = 5  # answering comes first where cores are few


class BuildError(Exception):
    """The other process could not be had or did not do its work."""


async def build_apart(data: bytes, zones: tuple[bytes, ...], reverse: bool) -> tuple[int, Any]:
    """`read` and `build` in another process, which ends with us and is ended where we are cancelled.

    Gives the descriptor of a memory file, and what `mapped` must know of it. Raises BuildError.
    """
    if not sys.executable:
        raise BuildError("no Python to run")
    try:
        flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
        source, target = (FileIO(os.memfd_create(name, flags), "r+") for name in ("hosts", "hosts-table"))
    except (OSError, AttributeError) as error:  # AttributeError: not on Linux
        raise BuildError(f"no memfd: {error}") from error
    try:
        await trio.to_thread.run_sync(_write, source.fileno(), data)
        del data
        job = json.dumps([source.fileno(), target.fileno(), [zone.hex() for zone in zones], reverse, MODULUS])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = await trio.run_process(
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            pass_fds=(source.fileno(), target.fileno()),
            env=environment,
            stdin=job.encode(),
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise BuildError(f"exit status {done.returncode}: {lines[-1] if lines else 'no message'}")
        facts = json.loads(done.stdout)
        # Nobody can take away from under another what it has mapped.
        fcntl.fcntl(target.fileno(), fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
        return os.dup(target.fileno()), facts
    except (OSError, ValueError) as error:
        raise BuildError(str(error)) from error
    finally:
        with trio.CancelScope(shield=True):
            # The kernel takes 10 ms to give back a hundred MiB.
            await trio.to_thread.run_sync(_close, source, target)


def _close(*files: FileIO) -> None:
    for file in files:
        file.close()


def _write(target: int, *pieces: bytes | memoryview) -> None:
    for piece in pieces:
        rest = memoryview(piece).cast("B")
        while rest:
            rest = rest[os.write(target, rest) :]


def _read(source: int, size: int) -> bytes:
    """The first `size` bytes. One call gets them all where they are less than 2 GiB."""
    found = os.pread(source, size, 0)
    if len(found) != size:
        raise OSError(f"{len(found)} bytes of {size}")
    return found


def mapped(descriptor: int, facts: Any) -> tuple[Reading, Table]:
    """What another process has built, as it stands in its memory file. Raises BuildError."""
    entries, wildcard_entries, faults, fault_count, wildcards, modulus, sizes = facts
    try:
        text = mmap.mmap(descriptor, sizes[0], access=mmap.ACCESS_READ)
        rest = memoryview(mmap.mmap(descriptor, sum(sizes[1:]), access=mmap.ACCESS_READ, offset=_page(sizes[0])))
    except (OSError, ValueError) as error:
        raise BuildError(f"its memory cannot be mapped: {error}") from error
    names, addresses, lines = _cut(rest, sizes[1:])
    reading = Reading(text, entries, wildcard_entries, tuple(Fault(*fault) for fault in faults), fault_count)
    return reading, Table(text, names.cast("Q"), addresses.cast("Q"), lines.cast("I"), wildcards, modulus)


def _page(size: int) -> int:
    """Where the indexes begin behind a text of that size: mappings begin at whole pages."""
    return -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY


def _cut(octets: memoryview, sizes: Sequence[int]) -> list[memoryview]:
    found = []
    for size in sizes:
        found.append(octets[:size])
        octets = octets[size:]
    return found


def main() -> None:
    """The other process."""
    source, target, zones, reverse, modulus = json.load(sys.stdin)
    os.nice(_NICENESS)
    reading = whole(read(_read(source, os.fstat(source).st_size), tuple(map(bytes.fromhex, zones))))
    text = bytes(reading.text)
    table = whole(build(text, reverse, modulus))
    buffers = (table.names, table.addresses, table.lines)
    parts = [memoryview(buffer).cast("B") for buffer in buffers]  # type: ignore[arg-type] # `build` makes arrays
    _write(target, text, bytes(_page(len(text)) - len(text)), *parts)
    sizes = [len(text), *(part.nbytes for part in parts)]
    facts = (reading.entries, reading.wildcards, reading.faults, reading.fault_count, table.wildcards, modulus, sizes)
    json.dump(facts, sys.stdout)
