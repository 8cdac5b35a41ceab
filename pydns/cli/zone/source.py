"""The file that holds a zone, as a verb is given it."""

from __future__ import annotations

from typing import NamedTuple

from pydns.errors import PydnsError
from pydns.zone.inspection import STDIN, find_origin, read_data


class SourceError(PydnsError):
    """A file cannot be read, or nobody can tell which zone is in it."""


class Source(NamedTuple):
    path: str
    data: bytes
    origin: bytes


def read_source(path: str, origin: bytes | None) -> Source:
    """The content of a file and the zone that is in it, where `origin` does not say it. Raises SourceError."""
    try:
        data = read_data(path)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SourceError(f"{path}: {reason}") from None
    told = "stdin" if path == STDIN else path
    found = find_origin(data, path) if origin is None else origin
    if found is None:
        raise SourceError(f"{told}: its SOA does not say which zone it is of (say it: {told} example.org)")
    return Source(told, data, found)
