"""Writes a zone as a master file: whole or not at all, in steps on the loop, and its octets in a thread."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import IO, Final, NamedTuple

import trio

from pydns.look import Signature, signature
from pydns.names import ROOT, labels, to_text
from pydns.records import type_text
from pydns.update.aside import aside
from pydns.update.entries import DIGEST
from pydns.update.journal import sync_folder
from pydns.zone.master.rdata import LAYOUTS
from pydns.zone.master.spelling import SpellingError
from pydns.zone.rrset import RRset
from pydns.zone.text import rdata_text
from pydns.zone.zone import Zone

MARK: Final = b"; Written by pydns"
"""How each file that is written begins."""

_HEAD: Final = "{mark}: dynamic updates have changed {zone}\n"
_SORTED: Final = 4096  # names up to which they are put in order
_STEP: Final = 50  # RRsets
_PIECE: Final = 1 << 18  # octets


class Written(NamedTuple):
    """A file beside the one that it is to replace."""

    path: Path
    digest: bytes


async def write_beside(zone: Zone, path: Path, like: Path | None = None) -> Written:
    """On disk when it returns, with the mode and the owner of `like`, or else of `path`. Raises OSError, and leaves
    nothing then.
    """
    beside = path.with_name(f".{path.name}.new")
    hashed = blake2b(digest_size=DIGEST)
    gathered, size = [_HEAD.format(mark=MARK.decode(), zone=to_text(zone.origin)).encode()], 0
    try:
        with await aside(partial(_create, beside, like or path)) as file:
            for piece in _pieces(zone):
                gathered.append(piece)
                size += len(piece)
                if size < _PIECE:
                    await trio.lowlevel.checkpoint()
                    continue
                await _put(file, b"".join(gathered), hashed)
                gathered, size = [], 0
            await _put(file, b"".join(gathered), hashed)
            await aside(partial(_synchronise, file))
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
    return Written(beside, hashed.digest())


def put_in_place(written: Written, path: Path) -> Signature:
    """By rename. One that somebody wrote by hand is kept as `.orig`. Blocks. Raises OSError; then `written` is gone."""
    try:
        with suppress(FileNotFoundError):
            with open(path, "rb") as file:
                by_hand = file.read(len(MARK)) != MARK
            if by_hand:
                _keep(path, path.with_name(f"{path.name}.orig"))
        os.replace(written.path, path)
        sync_folder(path)
        return signature(os.stat(path))
    except BaseException:
        with suppress(OSError):
            os.unlink(written.path)
        raise


class Found(NamedTuple):
    """A file as it stands there."""

    digest: bytes
    signature: Signature


def digest_of(path: str) -> Found | None:
    """None where it cannot be read. Blocks."""
    try:
        with open(path, "rb") as file:
            before = signature(os.fstat(file.fileno()))
            return Found(blake2b(file.read(), digest_size=DIGEST).digest(), before)
    except OSError:
        return None


def _create(beside: Path, like: Path) -> IO[bytes]:
    with suppress(FileNotFoundError):
        os.unlink(beside)
    file = open(beside, "xb")  # noqa: SIM115 -- the caller closes it
    with suppress(OSError):
        found = os.stat(like)
        os.fchmod(file.fileno(), stat.S_IMODE(found.st_mode))
        os.fchown(file.fileno(), found.st_uid, found.st_gid)
    return file


def _keep(path: Path, kept: Path) -> None:
    with suppress(FileNotFoundError):
        os.unlink(kept)
    try:
        os.link(path, kept)
    except OSError:  # it is another user's (proc(5), protected_hardlinks), or the file system knows no links
        shutil.copy2(path, kept)


def _pieces(zone: Zone) -> Iterator[bytes]:
    rrsets: Iterator[RRset] = zone.rrsets()
    if zone.names <= _SORTED:
        soa, *others = rrsets
        # The SOA first, then names below names, as in DNSSEC (RFC 4034 section 6.1).
        rrsets = iter((soa, *sorted(others, key=lambda rrset: (labels(rrset.owner)[::-1], rrset.type))))
    lines: list[str] = []
    for count, (owner, type_, ttl, rdatas) in enumerate(rrsets, 1):
        head = f"{to_text(owner)}\t{ttl}\tIN\t{type_text(type_)}\t"
        lines += [f"{head}{_data(type_, rdata)}\n" for rdata in rdatas]
        if count % _STEP == 0 or len(rdatas) > _STEP:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def _data(type_: int, rdata: bytes) -> str:
    text = rdata_text(type_, rdata)
    if type_ in LAYOUTS or text.startswith("\\#"):
        return text
    from pydns.zone.master import rare  # it imports dnspython

    # It writes some records of rare types as it cannot read them.
    try:
        same = rare.pack(type_, text.encode(), ROOT) == rdata
    except SpellingError:
        same = False
    return text if same else f"\\# {len(rdata)} {rdata.hex()}".rstrip()


def _synchronise(file: IO[bytes]) -> None:
    file.flush()  # else what is small stands in Python's buffer still
    os.fsync(file.fileno())


async def _put(file: IO[bytes], data: bytes, hashed: blake2b) -> None:
    hashed.update(data)
    await aside(partial(file.write, data))
