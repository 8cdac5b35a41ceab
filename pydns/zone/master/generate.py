"""$GENERATE: records made by counting, with BIND's modifiers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from pydns.zone.master.reading import shown
from pydns.zone.master.spelling import SpellingError

MAX_GENERATED: Final = 1_000_000
"""Records that the $GENERATE of one zone make in all."""

MAX_TEXT: Final = 2048
"""Octets of a template, and of what it makes."""

_HIGHEST: Final = 0x7FFF_FFFF
_MAX_WIDTH: Final = 255
_RANGE: Final = re.compile(rb"([0-9]{1,10})-([0-9]{1,10})(?:/([0-9]{1,10}))?")
_PLACE: Final = re.compile(rb"\\.|\$\$|\$(?:\{([^}]*)\})?(\{?)", re.DOTALL)
_MODIFIER: Final = re.compile(rb"(-?[0-9]{1,10})(?:,([0-9]{1,3})(?:,([doxXnN]))?)?")

Template = Callable[[int], bytes]


def counted(word: bytes) -> range:
    """The numbers of `START-STOP[/STEP]`. Raises SpellingError."""
    found = _RANGE.fullmatch(word)
    if found is None:
        raise SpellingError(f"{shown(word)} is no range: write START-STOP or START-STOP/STEP")
    start, stop, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if not start <= stop <= _HIGHEST or not 0 < step <= _HIGHEST:
        raise SpellingError(f"{shown(word)} is no range: it goes from the lower to the higher, at most {_HIGHEST}")
    return range(start, stop + 1, step)


def template(text: bytes) -> Template:
    """What makes the text for a number. Raises SpellingError, and so does it."""
    if len(text) > MAX_TEXT:
        raise SpellingError(f"a template of {len(text)} octets, at most {MAX_TEXT}")
    parts: list[bytes | Template] = []
    at = 0
    for found in _PLACE.finditer(text):
        parts.append(text[at : found.start()])
        at = found.end()
        if found.group().startswith(b"\\"):
            parts.append(found.group())  # whoever reads the text takes the backslash away
        elif found.group() == b"$$":
            parts.append(b"$")
        elif found[2]:
            raise SpellingError(f"the brace in {shown(text)} is not closed")
        else:
            parts.append(_decimal if found[1] is None else _modified(found[1]))
    parts.append(text[at:])
    return _Template(parts)


class _Template:
    def __init__(self, parts: Sequence[bytes | Template]) -> None:
        self._parts = [part for part in parts if part != b""]

    def __call__(self, number: int) -> bytes:
        made = b"".join([part if isinstance(part, bytes) else part(number) for part in self._parts])
        if len(made) > MAX_TEXT:
            raise SpellingError(f"a template makes {len(made)} octets, at most {MAX_TEXT}")
        return made


def _decimal(number: int) -> bytes:
    return b"%d" % number


def _modified(text: bytes) -> Template:
    """`OFFSET[,WIDTH[,BASE]]`, the base one of d o x X n N."""
    found = _MODIFIER.fullmatch(text)
    if found is None:
        raise SpellingError(f"{shown(text)} is no modifier: write OFFSET,WIDTH,BASE with a base of d o x X n N")
    offset, width, base = int(found[1]), int(found[2] or 0), (found[3] or b"d").decode()
    if width > _MAX_WIDTH:
        raise SpellingError(f"a width of {width}, at most {_MAX_WIDTH}")

    def make(number: int) -> bytes:
        value = number + offset
        if value < 0:
            raise SpellingError(f"{number} and the offset {offset} make less than 0")
        if base in "nN":
            return _nibbles(value, width, base)
        return format(value, f"0{width}{base}").encode()

    return make


def _nibbles(value: int, width: int, base: str) -> bytes:
    """Hexadecimal digits in reverse, parted by dots, which the width counts too (for ip6.arpa)."""
    digits = f"{value:{'x' if base == 'n' else 'X'}}"[::-1]
    made = ".".join(digits.ljust((width + 1) // 2, "0"))
    if width and width % 2 == 0 and width // 2 >= len(digits):
        made += "."  # the width ends behind a dot
    return made.encode()
