"""The file that holds a zone, as a verb is given it: a master file, or what a secondary keeps on disk."""

from __future__ import annotations

from typing import NamedTuple

from pydns.cli.zone import kept
from pydns.errors import PydnsError
from pydns.zone.inspection import STDIN, Inspection, find_origin, inspect, read_data


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
    found = origin
    if found is None:
        found = kept.origin_of(data) if kept.is_kept(data) else find_origin(data, path)
    if found is None:
        raise SourceError(f"{told}: its SOA does not say which zone it is of (say it: {told} example.org)")
    return Source(told, data, found)


def inspected(source: Source, *, check: bool = True) -> Inspection:
    """The zone, and what is wrong with it; with `check` also what makes no sense where each record is good."""
    read = kept.inspect if kept.is_kept(source.data) else inspect
    return read(source.data, source.path, source.origin, check=check)
