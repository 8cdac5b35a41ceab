"""Reads and indexes a large hosts file in a process of its own: a thread would hold the GIL in long C calls.

The bytes come in a memfd, text and indexes go back in another; what is small comes and goes as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from functools import partial
from io import FileIO
from typing import Final, TypeVar

import trio

from pydns_plugins.hosts.reader import Fault, Reading, read
from pydns_plugins.hosts.table import MODULUS, Table, build

T = TypeVar("T")

_NICENESS: Final = 5  # answering comes first where cores are few


class BuildError(Exception):
    """The other process could not be had or did not do its work."""


async def build_apart(data: bytes, zones: tuple[bytes, ...], reverse: bool) -> tuple[Reading, Table]:
    """`read` and `build` in another process, which ends with us and is ended where we are cancelled.

    Raises BuildError.
    """
    if not sys.executable:
        raise BuildError("no Python to run")
    try:
        source, target = (FileIO(os.memfd_create(name), "r+") for name in ("hosts", "hosts-table"))
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
        return await trio.to_thread.run_sync(partial(_receive, target.fileno(), json.loads(done.stdout)))
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


def _read(source: int, size: int, at: int) -> bytes:
    """`size` bytes from `at` on. One call gets them all where they are less than 2 GiB."""
    found = os.pread(source, size, at)
    if len(found) != size:
        raise OSError(f"{len(found)} bytes of {size}")
    return found


def _receive(
    source: int, result: tuple[int, int, list[tuple[int, str]], int, bool, list[int]]
) -> tuple[Reading, Table]:
    entries, wildcard_entries, faults, fault_count, wildcards, sizes = result
    found, at = [], 0
    for size in sizes:
        found.append(_read(source, size, at))
        at += size
    text, names, addresses, lines = found
    reading = Reading(text, entries, wildcard_entries, tuple(Fault(*fault) for fault in faults), fault_count)
    by_name, by_address = memoryview(names).cast("Q"), memoryview(addresses).cast("Q")
    return reading, Table(text, by_name, by_address, memoryview(lines).cast("I"), wildcards, MODULUS)


def finish(steps: Generator[None, None, T]) -> T:
    """All steps at once: where nobody waits meanwhile."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result


def main() -> None:
    """The other process."""
    source, target, zones, reverse, modulus = json.load(sys.stdin)
    os.nice(_NICENESS)
    reading = finish(read(_read(source, os.fstat(source).st_size, 0), tuple(map(bytes.fromhex, zones))))
    table = finish(build(reading.text, reverse, modulus))
    buffers = (table.text, table.names, table.addresses, table.lines)
    parts = [memoryview(buffer).cast("B") for buffer in buffers]  # type: ignore[arg-type] # `build` makes arrays
    _write(target, *parts)
    sizes = [part.nbytes for part in parts]
    result = (reading.entries, reading.wildcards, reading.faults, reading.fault_count, table.wildcards, sizes)
    json.dump(result, sys.stdout)
