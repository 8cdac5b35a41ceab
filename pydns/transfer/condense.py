"""Several differences as one: what comes and goes in between is left out."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Final

from pydns.records import Record
from pydns.transfer.errors import MismatchError
from pydns.transfer.incoming import Difference
from pydns.zone.node import key_of

_STEP: Final = 2000
_Key = tuple[bytes, int, bytes]


def condensed(differences: Iterable[Difference]) -> Generator[None, None, Difference]:
    """In steps. Raises MismatchError where a record comes or goes twice."""
    removed: dict[_Key, Record] = {}
    added: dict[_Key, Record] = {}
    done = 0
    for difference in differences:
        for record in difference.removed:
            key = _key(record)
            if key in added:
                del added[key]
            elif key in removed:
                raise MismatchError("a record goes twice")
            else:
                removed[key] = record
            done += 1
            if not done % _STEP:
                yield
        for record in difference.added:
            key = _key(record)
            if key in added:
                raise MismatchError("a record comes twice")
            added[key] = record
            done += 1
            if not done % _STEP:
                yield
    return Difference((yield from _emptied(removed)), (yield from _emptied(added)))


def _emptied(found: dict[_Key, Record]) -> Generator[None, None, list[Record]]:
    """The records, while the rest is let go of: in one go that would take as long."""
    records: list[Record] = []
    while found:
        records.append(found.popitem()[1])
        if not len(records) % _STEP:
            yield
    records.reverse()
    return records


def _key(record: Record) -> _Key:
    return record.owner, record.type, key_of(record.type, record.rdata)
