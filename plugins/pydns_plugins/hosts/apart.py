"""The process that reads and indexes a large hosts file: see `build`. It loads no more of the server than it needs.

It never holds the text as a whole, since it runs beside a server that may hold two.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from collections.abc import Generator
from typing import Any, Final

from pydns_plugins.hosts.reader import Reader, pieces
from pydns_plugins.hosts.table import Indexer

_NICENESS: Final = 5
_FORGET: Final = 1 << 22  # bytes that were read, after which the memory for them is given back


def main() -> None:
    source, target, zones, reverse, modulus, beside = json.load(sys.stdin)
    if beside:
        os.nice(_NICENESS)
    size = os.fstat(source).st_size
    reader = Reader(tuple(map(bytes.fromhex, zones)))
    indexer = Indexer(reverse, modulus, 2 * size)  # an address may be spelled shorter than we spell it
    for _ in _work(source, size, target, reader, indexer):
        pass  # nobody else wants a turn here


def _work(source: int, size: int, target: int, reader: Reader, indexer: Indexer) -> Generator[None, None, None]:
    length = yield from _index(source, size, target, reader, indexer)
    write(target, bytes(page(length) - length))
    sizes = [length]
    for steps in (indexer.names.sorted(), indexer.addresses.sorted()):
        numbers = yield from steps
        sizes.append(write(target, numbers))
    sizes.append(write(target, indexer.lines))
    _, entries, wildcards, faults, fault_count = reader.reading(b"")
    facts = (entries, wildcards, faults, fault_count, indexer.wildcards, indexer.modulus, indexer.bits, sizes)
    json.dump(facts, sys.stdout)


def _index(source: int, size: int, target: int, reader: Reader, indexer: Indexer) -> Generator[None, None, int]:
    """Reads, writes and indexes piece by piece; gives the bytes of text."""
    length = forgotten = read = 0
    with mmap.mmap(source, size, access=mmap.ACCESS_READ) as data:
        for piece in pieces(data):
            yield from reader.take(piece)
            text, reader.text = bytes(reader.text), bytearray()
            length += write(target, text)
            yield from indexer.add(text)
            read += len(piece)
            if read - forgotten >= _FORGET:
                data.madvise(mmap.MADV_DONTNEED, forgotten, _FORGET)
                forgotten += _FORGET
    return length


def write(target: int, buffer: Any) -> int:
    """All of it. Says how many bytes that were."""
    rest = memoryview(buffer).cast("B")
    size = len(rest)
    while rest:
        rest = rest[os.write(target, rest) :]
    return size


def page(size: int) -> int:
    """Where the indexes begin behind a text of that size: mappings begin at whole pages."""
    return -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
