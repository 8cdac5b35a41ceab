"""Has a large hosts file read and indexed in a process of its own: a thread would hold the GIL in long C calls.

The bytes go there in a memfd, text and indexes come back in another; what is small goes and comes as JSON. The second
one is mapped as it is, by as many processes as answer from it.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import sys
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Any, Final

import trio

from pydns_plugins.hosts import apart
from pydns_plugins.hosts.reader import Fault, Reading
from pydns_plugins.hosts.table import MODULUS, Table

_PROGRAM: Final = """
import sys, types
for name, folder in {packages!r}:
    sys.modules[name] = package = types.ModuleType(name)
    package.__path__ = [folder]
from {module} import main
main()
"""
"""The packages' own code would load the whole server, which takes 0.1 s."""


class BuildError(Exception):
    """The other process could not be had or did not do its work."""


async def build_apart(data: bytes, zones: tuple[bytes, ...], reverse: bool, *, beside: bool = False) -> tuple[int, Any]:
    """`read` and `build` in another process, which ends with us and is ended where we are cancelled.

    `beside`: we answer meanwhile, which comes first where cores are few. Gives the descriptor of a memory file, and
    what `mapped` must know of it. Raises BuildError.
    """
    if not sys.executable:
        raise BuildError("no Python to run")
    try:
        flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
        source, target = (FileIO(os.memfd_create(name, flags), "r+") for name in ("hosts", "hosts-table"))
    except (OSError, AttributeError) as error:  # AttributeError: not on Linux
        raise BuildError(f"no memfd: {error}") from error
    try:
        await trio.to_thread.run_sync(apart.write, source.fileno(), data)
        del data
        job = json.dumps([source.fileno(), target.fileno(), [zone.hex() for zone in zones], reverse, MODULUS, beside])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = await trio.run_process(
            [sys.executable, "-c", _program()],
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


def _program() -> str:
    folder = Path(__file__).parent
    packages = (apart.__package__.rpartition(".")[0], str(folder.parent)), (apart.__package__, str(folder))
    return _PROGRAM.format(packages=packages, module=apart.__name__)


def _close(*files: FileIO) -> None:
    for file in files:
        file.close()


def mapped(descriptor: int, facts: Any) -> tuple[Reading, Table]:
    """What another process has built, as it stands in its memory file. Raises BuildError."""
    entries, wildcard_entries, faults, fault_count, wildcards, modulus, bits, sizes = facts
    try:
        text = mmap.mmap(descriptor, sizes[0], access=mmap.ACCESS_READ)
        rest = memoryview(mmap.mmap(descriptor, sum(sizes[1:]), access=mmap.ACCESS_READ, offset=apart.page(sizes[0])))
    except (OSError, ValueError) as error:
        raise BuildError(f"its memory cannot be mapped: {error}") from error
    names, addresses, lines = _cut(rest, sizes[1:])
    reading = Reading(text, entries, wildcard_entries, tuple(Fault(*fault) for fault in faults), fault_count)
    return reading, Table(text, names.cast("d"), addresses.cast("d"), lines.cast("I"), wildcards, modulus, bits)


def _cut(octets: memoryview, sizes: Sequence[int]) -> list[memoryview]:
    found = []
    for size in sizes:
        found.append(octets[:size])
        octets = octets[size:]
    return found
