"""How words and paths are shown in errors, which people read on terminals."""

from __future__ import annotations

_LONGEST = 60


def shorten(text: str) -> str:
    """The beginning of a long text. Shown with `!r`, since it may hold anything."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def readable(text: str) -> str:
    """A path or a name as it is; where it holds what cannot be printed, with escapes."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
