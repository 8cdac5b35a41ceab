"""Reads a watch: bytes in, events out; nothing here knows of sockets."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from pydns.kubernetes.errors import ApiError, GoneError, UnreadableError
from pydns.kubernetes.tree import Tree

MOST: Final = 16 << 20
"""Bytes of one event at most; etcd holds objects of 1.5 MiB."""

KINDS: Final = frozenset(("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"))


class Event(NamedTuple):
    """`kind`: ADDED, MODIFIED, DELETED or BOOKMARK, which tells a version alone."""

    kind: str
    object: Tree


class Lines:
    """Puts lines together, wherever they were cut. Raises UnreadableError for one that is too long."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that are whole now, without their ends; empty ones are left out."""
        *whole, rest = piece.split(b"\n")
        if whole:
            whole[0] = b"".join((*self._parts, whole[0]))
            self._parts.clear()
            self._size = 0
        self._parts.append(rest)
        self._size += len(rest)
        if self._size > MOST:
            raise UnreadableError(f"an event of more than {MOST} bytes")
        return [line for line in whole if line.strip()]


def read_event(line: bytes) -> Event:
    """Raises ApiError, and GoneError where the API says that the version is too old."""
    try:
        tree = Tree(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"an event that is no JSON: {line[:60]!r}") from error
    event = Event(tree.text("type"), tree.tree("object"))
    if event.kind not in KINDS:
        raise UnreadableError(f"an event of no known type: {line[:60]!r}")
    if event.kind == "ERROR":
        text = event.object.text("message") or event.object.text("reason") or "an error"
        code = event.object.number("code")
        if code == 410 or event.object.text("reason") in ("Expired", "Gone"):
            raise GoneError(text)
        raise ApiError(text, code)
    return event
