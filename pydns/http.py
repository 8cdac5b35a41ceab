"""Pages over HTTP that plugins have to show: what they are, without any HTTP library.

A plugin adds a `Site` to its block's settings. The house listens and answers, and keeps the socket over reloads.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pydns.corefile.tree import Word

TEXT = "text/plain; charset=utf-8"


class Page(NamedTuple):
    """`body` in one piece, or in pieces that are made while they are sent, with turns for others in between."""

    body: bytes | AsyncIterable[bytes]
    status: int = 200
    type: str = TEXT


Handler = Callable[[], Awaitable[Page]]


class Site(NamedTuple):
    """A page at a path of an address. `host` is an IP address, empty for all; `word` is where the Corefile says so."""

    host: str
    port: int
    path: str
    handler: Handler
    word: Word
