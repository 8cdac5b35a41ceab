"""Label selectors, as kubectl takes them: only their spelling is checked, the API does the selecting."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY: Final = rf"(?:[a-z0-9](?:[-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_NAME}"
_VALUE: Final = rf"(?:{_NAME})?"
_SET: Final = rf"\(\s*{_VALUE}\s*(?:,\s*{_VALUE}\s*)*\)"

_REQUIREMENT: Final = re.compile(
    rf"!\s*{_KEY}"
    rf"|{_KEY}"
    rf"|{_KEY}\s*(?:==|=|!=)\s*{_VALUE}"
    rf"|{_KEY}\s*[<>]\s*[0-9]{{1,18}}"
    rf"|{_KEY}\s+(?:in|notin)\s*{_SET}"
)
_COMMA: Final = re.compile(r",(?![^()]*\))")
"""A comma that does not stand within a set."""


def fault(text: str) -> str:
    """What is wrong with a selector; empty where nothing is."""
    for requirement in _COMMA.split(text):
        if not _REQUIREMENT.fullmatch(requirement.strip()):
            return f"{requirement.strip()!r} is no requirement"
    return ""
