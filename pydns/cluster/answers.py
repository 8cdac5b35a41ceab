"""What is told about one name, and the options that decide about it."""

from __future__ import annotations

from typing import Final, NamedTuple

from pydns.records import Record

DEFAULT_TTL: Final = 5  # seconds, as CoreDNS


class Found(NamedTuple):
    """What there is at a name, which exists: records of the type asked, maybe none.

    * `why`: the object that they come from
    * `alias`: a name outside that `answer` points to, and that is to be followed
    """

    answer: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    why: str = ""
    alias: bytes | None = None


NO_DATA: Final = Found()


class Options(NamedTuple):
    """* `pods`: disabled, insecure or verified
    * `zonal`: headless services have names for each topology zone
    * `multicluster`: these are the services of a set of clusters
    """

    ttl: int = DEFAULT_TTL
    pods: str = "disabled"
    ignore_empty: bool = False
    zonal: bool = False
    multicluster: bool = False
