"""TTLs and other periods as text: seconds, or BIND's units (`1h30m`)."""

from __future__ import annotations

import re
from typing import Final

from pydns.zone.master.reading import shown
from pydns.zone.master.spelling import SpellingError

MAX_TTL: Final = 0x7FFF_FFFF  # RFC 2181 section 8

_SECONDS: Final = {b"w": 604_800, b"d": 86_400, b"h": 3600, b"m": 60, b"s": 1}
_WHOLE: Final = re.compile(rb"(?:[0-9]{1,10}[wdhms]){1,20}")
_PART: Final = re.compile(rb"([0-9]+)([wdhms])")


def period(word: bytes) -> int:
    """Seconds, at most 32 bits. Raises SpellingError."""
    if word.isdigit() and len(word) <= 10:
        seconds = int(word)
    else:
        lower = word.lower()
        if len(word) > 100 or not _WHOLE.fullmatch(lower):
            raise SpellingError(f"{shown(word)} is no time: write seconds, or 1w2d3h4m5s")
        seconds = sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(lower))
    if seconds > 0xFFFF_FFFF:
        raise SpellingError(f"{shown(word)} is too long a time: at most {0xFFFF_FFFF} s")
    return seconds


def looks_like_ttl(word: bytes) -> bool:
    """Whether a word ahead of the type can be a TTL, good or not: no class and no type begins with a digit."""
    return word[:1].isdigit()
