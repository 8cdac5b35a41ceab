"""What verbs print: in colour on a terminal; elsewhere plain lines that can be searched and compared."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from pydns.logs import printable

Line = Sequence[tuple[str, str]]
"""Pieces of one line, each with its style in rich's words (`bold red`), empty for none."""


def plain(text: str) -> Line:
    return ((text, ""),)


def show(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Prints to `stream`, or to standard output. What a line holds of others' text cannot break out of it."""
    stream = sys.stdout if stream is None else stream
    if not is_terminal(stream):
        for line in lines:
            stream.write(_clean("".join(text for text, _ in line).rstrip(" "), stream) + "\n")
        stream.flush()  # so that what comes on the other stream stands behind it
        return
    # It takes longer to import than most verbs take.
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    for line in lines:
        console.print(Text.assemble(*((_clean(text, stream), style) for text, style in line)), soft_wrap=True)


def is_terminal(stream: TextIO | None = None) -> bool:
    stream = sys.stdout if stream is None else stream
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _clean(text: str, stream: TextIO) -> str:
    """Without control characters, and without what the stream's encoding does not have."""
    encoding = stream.encoding or "utf-8"
    return printable(text).encode(encoding, "backslashreplace").decode(encoding)
