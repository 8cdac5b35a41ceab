"""Which files of a folder hold which zones."""

from __future__ import annotations

import glob
import os
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from pydns import names
from pydns.look import Signature
from pydns_plugins.auto.options import Options

DEPTH: Final = 5
"""Folders within each other in which files are found; the directive's own is the first."""

_STEP: Final = 50  # files


class Complaint(NamedTuple):
    """What is odd about a file or a folder."""

    path: str
    text: str


class Contents(NamedTuple):
    """From zone to file, the first one where there are several, and what is odd about the others."""

    files: dict[bytes, str]
    complaints: list[Complaint]


def patterns(folder: Path) -> list[str]:
    """Those of all files in a folder and below it. What begins with a dot is left out, as shells do."""
    return [os.path.join(glob.escape(os.path.abspath(folder)), *["*"] * depth) for depth in range(1, DEPTH + 1)]


def contents(options: Options, found: Iterable[tuple[str, Signature | None]]) -> Generator[None, None, Contents]:
    """Which of these files are zones of the directive's, in steps. Those without a signature are not there."""
    files: dict[bytes, str] = {}
    seen: set[tuple[str, tuple[int, ...]]] = set()
    complaints: list[Complaint] = []
    for i, (path, signature) in enumerate(found):
        if not i % _STEP:
            yield
        name = os.path.basename(path)
        if signature is None or (name, signature[:2]) in seen:
            continue  # a symlink to a folder leads to the same file again
        seen.add((name, signature[:2]))
        try:
            origin = options.rule.origin(name)
        except names.NameSyntaxError as error:
            complaints.append(Complaint(path, f"its name gives no zone: {error}"))
            continue
        if origin is None or not any(names.is_within(origin, zone) for zone in options.zones):
            continue
        first = files.setdefault(origin, path)
        if first != path:
            complaints.append(Complaint(path, f"{names.to_text(origin)} is read from {first} already"))
    return Contents(files, complaints)


def is_readable(folder: Path) -> bool:
    """Whether what is not found in a folder is really not there. Blocks."""
    try:
        with os.scandir(folder):
            return True
    except OSError:
        return False
