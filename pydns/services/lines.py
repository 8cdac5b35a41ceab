"""Finds the line of a value in TOML text, since tomllib tells none. It may miss one; it is for messages to people."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Final

from pydns.services.faults import Path

_KEY: Final = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*'))*)\s*="""
)


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of the value at `path`, or of the nearest that holds it."""
    for length in range(len(path), 0, -1):
        line = lines.get(path[:length])
        if line is not None:
            return line
    return None


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of each table's header and of each key that begins a line."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    here: Path = ()
    for number, line in enumerate(text.split("\n"), 1):
        header = header_of(line)
        if header is not None:
            here = _numbered(header, counts)
            found.setdefault(here, number)
        elif (match := _KEY.match(line)) is not None:
            found.setdefault((*here, *_keys(f"{match[1]} = 0")), number)
    return found


def header_of(line: str) -> tuple[tuple[str, ...], bool] | None:
    """The keys of a line like `[services.shop.web]`, and whether it is one of `[[ ]]`; None where it is none."""
    stripped = line.strip()
    if not stripped.startswith("["):
        return None
    keys = _keys(stripped)
    # A line within a list of several lines may begin with a bracket too; then it is no TOML by itself, or has no keys.
    return (keys, stripped.startswith("[[")) if keys else None


def _keys(line: str) -> tuple[str, ...]:
    """The keys that a line of TOML by itself leads through."""
    try:
        value: object = tomllib.loads(line)
    except (ValueError, RecursionError):
        return ()
    keys: list[str] = []
    while isinstance(value, dict) and value:
        key, value = next(iter(value.items()))
        keys.append(key)
    return tuple(keys)


def _numbered(header: tuple[tuple[str, ...], bool], counts: dict[Path, int]) -> Path:
    """The path of a header, with the numbers of those of its tables that stand in lists."""
    keys, is_item = header
    path: Path = ()
    for i, key in enumerate(keys):
        path = (*path, key)
        if is_item and i == len(keys) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
