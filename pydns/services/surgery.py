"""Cuts and additions to TOML text that a person wrote. They give texts to try, which may be wrong: `edit` checks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import tomli_w

from pydns.services.faults import Path
from pydns.services.lines import header_of, lines_of

_WIDTH: Final = 100  # of a line that a list is written in


def without(text: str, *paths: Path) -> Iterator[str]:
    """Texts less the tables at and below the paths, and less the keys that are one of them."""
    lines = text.split("\n")
    places = lines_of(text)
    ends = dict(_blocks(text))
    gone: set[int] = set()
    for path in paths:
        for place, number in places.items():
            if place[: len(path)] == path:
                start = number - 1
                gone.update(range(start, ends.get(start, 0) or _extent(lines, start)))
    if gone:
        # Of two empty lines that meet where something went, one goes too.
        yield "\n".join(line for i, line in enumerate(lines) if i not in gone and not _is_left_over(lines, gone, i))
    if len(paths) == 1 and isinstance(paths[0][-1], int) and (number := places.get(paths[0][:-1], 0)):
        # An item of a list that is written within brackets: one of its lines, or the list anew.
        start, end = number - 1, _extent(lines, number - 1)
        yield from ("\n".join(lines[:i] + lines[i + 1 :]) for i in range(start, end))
        try:
            (key, items), *_ = tomllib.loads("\n".join(lines[start:end])).items()
        except ValueError:
            return
        if isinstance(items, list):
            rest = items[: paths[0][-1]] + items[paths[0][-1] + 1 :]
            yield "\n".join([*lines[:start], _assigned(key, rest), *lines[end:]])


def into_list(text: str, path: Path, item: object) -> Iterator[str]:
    """Texts with one more item at the end of a list in brackets."""
    number = lines_of(text).get(path)
    if number is None:
        return
    lines = text.split("\n")
    start, end = number - 1, _extent(lines, number - 1)
    before, bracket, after = "\n".join(lines[start:end]).rpartition("]")
    written = _assigned("x", item).removeprefix("x = ")
    for comma in ("", ", "):
        if before.endswith("\n"):  # the bracket stands on a line of its own
            added = f"{before.rstrip()}{comma.strip()}\n    {written},\n"
        else:
            added = f"{before.rstrip()}{comma}{written}"
        yield "\n".join([*lines[:start], added + bracket + after, *lines[end:]])


def below(text: str, path: Path, addition: str) -> Iterator[str]:
    """The text with an addition behind the tables at and below a path."""
    lines = text.split("\n")
    numbers = [number for place, number in lines_of(text).items() if place[: len(path)] == path]
    ends = dict(_blocks(text))
    end = max((ends.get(number - 1, 0) for number in numbers), default=0)
    if end:
        yield joined("\n".join(lines[:end]), addition, "\n".join(lines[end:]))


def table_text(header: str, table: Mapping[str, object]) -> str:
    """A table as a person would write it."""
    return "\n".join([header, *(_assigned(key, value) for key, value in table.items())])


def joined(*parts: str) -> str:
    """Parts with an empty line between them."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip("\n")) + "\n"


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """The first line of each table's header, and the line behind the last that belongs to it."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if header_of(line) is not None]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        last = end
        while last > start + 1 and lines[last - 1].strip()[:1] in ("", "#"):
            last -= 1  # comments at the end stand above what follows
        yield start, last


def _extent(lines: Sequence[str], start: int) -> int:
    """The line behind a key and its value, which may take several."""
    for end in range(start + 1, len(lines) + 1):
        try:
            tomllib.loads("\n".join(lines[start:end]))
        except ValueError:
            continue
        return end
    return start + 1


def _assigned(key: str, value: object) -> str:
    """One line of TOML where it is short."""
    if isinstance(value, dict):
        return f"{key} = {{ {', '.join(tomli_w.dumps(value).strip().splitlines())} }}"
    if isinstance(value, list):
        items = [_assigned("x", item).removeprefix("x = ") for item in value]
        if len(line := f"{key} = [{', '.join(items)}]") <= _WIDTH:
            return line
        return "\n".join([f"{key} = [", *(f"    {item}," for item in items), "]"])
    return tomli_w.dumps({key: value}).strip()


def _is_left_over(lines: Sequence[str], gone: set[int], i: int) -> bool:
    """True for an empty line behind what went, where one stands ahead of it too."""
    before = i - 1
    while before in gone:
        before -= 1
    return before < i - 1 and not lines[i].strip() and (before < 0 or not lines[before].strip())
