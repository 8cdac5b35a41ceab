"""What stands in a journal, as octets.

    b"pydns updates 1\\n"   lineage (8)   length of the origin (1)   origin   then entries:
    kind (1)   length (4)   hash (8)   content

The hash is that of all else in the entry. What is cut or has another hash is not read, nor all behind it: it was never
finished, unless whole entries stand behind it.

* `D`, a difference: for each of old SOA, new SOA, removed and added records: count (4), then each record as length of
  the owner (1), owner, type (2), TTL (4), length (2), rdata
* `S`, saved: a digest (16) and a serial (4): the master file, with this digest, has all up to this version
* `B`, beside: the same of a file that was written beside it, and may be put in its place
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct, error
from typing import Final, NamedTuple

from pydns.names import is_name
from pydns.records import Class, Record
from pydns.zone.difference import Delta

MAGIC: Final = b"pydns updates 1\n"
LINEAGE: Final = 8
DIGEST: Final = 16

_HEAD: Final = Struct("!cI8s")
_FIXED: Final = Struct("!HIH")
_COUNT: Final = Struct("!I")
_SAVED: Final = Struct(f"!{DIGEST}sI")
_DIFFERENCE, _SAVED_THERE, _SAVED_BESIDE = b"D", b"S", b"B"
_KINDS: Final = re.compile(b"[DSB]")
_IN: Final = int(Class.IN)


class Saved(NamedTuple):
    """A master file with this digest has all up to the version of this serial; `beside`: it may come to be that."""

    digest: bytes
    serial: int
    beside: bool = False


class EntryError(ValueError):
    """These octets are no journal of ours."""


def header(lineage: bytes, origin: bytes) -> bytes:
    """`lineage` is another where what stands behind it goes on from nothing that was there before."""
    return MAGIC + lineage + bytes((len(origin),)) + origin


def lineage_in(data: bytes, origin: bytes) -> bytes:
    """Raises EntryError where it is no journal of that zone."""
    if data[: len(MAGIC)] != MAGIC:
        raise EntryError("it is no journal of pydns, or one of another version")
    lineage = data[len(MAGIC) : len(MAGIC) + LINEAGE]
    if data[: len(header(lineage, origin))] != header(lineage, origin):
        raise EntryError("it is another zone's")
    return lineage


def saved(digest: bytes, serial: int, beside: bool = False) -> bytes:
    return _entry(_SAVED_BESIDE if beside else _SAVED_THERE, _SAVED.pack(digest, serial))


def difference(delta: Delta) -> bytes:
    content = [_records(each) for each in ((delta.old,), (delta.new,), delta.removed, delta.added)]
    return _entry(_DIFFERENCE, b"".join(content))


def read_entries(data: bytes, at: int) -> tuple[list[Delta | Saved], int]:
    """The whole entries from the offset `at` on, and the offset behind the last."""
    found: list[Delta | Saved] = []
    while len(data) - at >= _HEAD.size:
        kind, length, hashed = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        content = data[at + _HEAD.size : end]
        if end > len(data) or _hash(kind, content) != hashed:
            break
        try:
            if kind in (_SAVED_THERE, _SAVED_BESIDE):
                digest, serial = _SAVED.unpack(content)
                found.append(Saved(digest, serial, kind == _SAVED_BESIDE))
            else:
                found.append(_read_difference(content))
        except (EntryError, error, IndexError):
            break
        at = end
    return found, at


def stands_behind(data: bytes, at: int) -> bool:
    """Whether anywhere behind the offset `at` a whole entry stands."""
    for found in _KINDS.finditer(data, at + 1):
        start = found.start()
        if len(data) - start < _HEAD.size:
            return False
        kind, length, hashed = _HEAD.unpack_from(data, start)
        end = start + _HEAD.size + length
        if end <= len(data) and _hash(kind, data[start + _HEAD.size : end]) == hashed:
            return True
    return False


def _entry(kind: bytes, content: bytes) -> bytes:
    return _HEAD.pack(kind, len(content), _hash(kind, content)) + content


def _hash(kind: bytes, content: bytes) -> bytes:
    return blake2b(kind + _COUNT.pack(len(content)) + content, digest_size=8).digest()


def _records(records: Iterable[Record]) -> bytes:
    parts = [b""]
    count = 0
    for owner, type_, _, ttl, rdata in records:
        parts += (bytes((len(owner),)), owner, _FIXED.pack(type_, ttl, len(rdata)), rdata)
        count += 1
    parts[0] = _COUNT.pack(count)
    return b"".join(parts)


def _read_difference(content: bytes) -> Delta:
    at = 0
    lists = []
    for _ in range(4):
        records, at = _read_records(content, at)
        lists.append(records)
    (old,), (new,), removed, added = lists
    return Delta(old, tuple(removed), new, tuple(added))


def _read_records(content: bytes, at: int) -> tuple[list[Record], int]:
    (count,) = _COUNT.unpack_from(content, at)
    at += _COUNT.size
    found = []
    for _ in range(count):
        end = at + 1 + content[at]
        owner = content[at + 1 : end]
        type_, ttl, length = _FIXED.unpack_from(content, end)
        at = end + _FIXED.size + length
        if not is_name(owner) or at > len(content):
            raise EntryError("a record is cut")
        found.append(Record(owner, type_, _IN, ttl, content[at - length : at]))
    return found, at
