"""Reads an UPDATE message (RFC 2136 section 2): zone, prerequisites, updates. The additional section is not needed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from pydns.errors import WireError, ZoneError
from pydns.names import is_within, to_text
from pydns.records import Class, Rcode, Record, Type, class_text, type_text
from pydns.update.errors import UpdateError
from pydns.wire.rdata import LENGTHS, spelled_rdata
from pydns.wire.scan import FIXED, HEADER, MAX_DECOMPRESSED, Entry, entry_at, opt_at, read_name, skip_name
from pydns.zone.node import check_type

_IN, _NONE, _ANY_CLASS, _ANY = int(Class.IN), int(Class.NONE), int(Class.ANY), int(Type.ANY)
_STEP: Final = 50  # records that are read in one step
_MAX_TTL: Final = 0x7FFF_FFFF


class Update(NamedTuple):
    """Both sections hold records whose classes say what is meant (sections 2.4 and 2.5)."""

    prerequisites: tuple[Record, ...]
    changes: tuple[Record, ...]


def read_update(wire: bytes, origin: bytes) -> Generator[None, None, Update]:
    """The prerequisites and updates of a message for the zone `origin`, in steps; it has one question.

    Raises UpdateError: FORMERR where records have no form that RFC 2136 knows, NOTZONE where they are out of the zone.
    """
    prerequisites: list[Record] = []
    changes: list[Record] = []
    known: dict[bytes, bytes] = {}  # from how an owner stands there, most often a pointer, to its name
    room = MAX_DECOMPRESSED
    try:
        for count, entry in enumerate(_entries(wire), 1):
            stands = wire[entry.owner : entry.rdata - FIXED.size]
            owner = known.get(stands) or known.setdefault(stands, read_name(wire, entry.owner)[0])
            rdata = b""  # of what is asked for or deleted whatever it holds
            if entry.rdata != entry.end:
                rdata = spelled_rdata(wire, entry.type, entry.rdata, entry.end)
            record = Record(owner, entry.type, entry.class_, entry.ttl, rdata)
            room -= len(rdata)
            if room < 0:
                raise WireError("names that decompress to too much")
            if entry.section == 1:
                _check_prerequisite(record, origin)
                prerequisites.append(record)
            else:
                changes.append(_checked_change(record, origin))
            if count % _STEP == 0:
                yield
    except WireError as error:
        raise UpdateError(Rcode.FORMERR, error.reason) from None
    return Update(tuple(prerequisites), tuple(changes))


def _entries(wire: bytes) -> Iterator[Entry]:
    """Prerequisites and updates, found one after the other: of a long message a scan takes 5 ms. Raises WireError."""
    if len(wire) < HEADER.size or wire[4:6] != b"\0\1":
        raise WireError("an update of not one zone")
    end = skip_name(wire, HEADER.size) + 4
    opt_at(wire, end)  # walks over all of it
    for section, at in ((1, 6), (2, 8)):
        for _ in range(wire[at] << 8 | wire[at + 1]):
            entry = entry_at(wire, section, end)
            end = entry.end
            yield entry


def _check_prerequisite(record: Record, origin: bytes) -> None:
    """RFC 2136 section 3.2.5."""
    owner, type_, class_, ttl, rdata = record
    if ttl:
        raise UpdateError(Rcode.FORMERR, f"a prerequisite with the TTL {ttl}")
    _check_owner(owner, origin)
    if class_ in (_ANY_CLASS, _NONE):
        if rdata:
            raise UpdateError(Rcode.FORMERR, f"a prerequisite of class {class_text(class_)} with data")
    elif class_ != _IN:
        raise UpdateError(Rcode.FORMERR, f"a prerequisite of class {class_text(class_)}")
    if type_ != _ANY or class_ == _IN:
        _check_type(type_)


def _checked_change(record: Record, origin: bytes) -> Record:
    """RFC 2136 section 3.4.1.3; the record with a TTL that may be (RFC 2181 section 8)."""
    owner, type_, class_, ttl, rdata = record
    _check_owner(owner, origin)
    if class_ == _IN:
        _check_type(type_)
        _check_rdata(type_, rdata)
        return record if ttl <= _MAX_TTL else record._replace(ttl=0)
    if class_ not in (_ANY_CLASS, _NONE):
        raise UpdateError(Rcode.FORMERR, f"an update of class {class_text(class_)}")
    if ttl:
        raise UpdateError(Rcode.FORMERR, f"a deletion with the TTL {ttl}")
    if class_ == _ANY_CLASS and rdata:
        raise UpdateError(Rcode.FORMERR, "a deletion of an RRset with data")
    if type_ != _ANY or class_ == _NONE:
        _check_type(type_)
    return record


def _check_owner(owner: bytes, origin: bytes) -> None:
    if not is_within(owner, origin):
        raise UpdateError(Rcode.NOTZONE, f"{to_text(owner)} is not within {to_text(origin)}")


def _check_type(type_: int) -> None:
    try:
        check_type(type_)
    except ZoneError as error:
        raise UpdateError(Rcode.FORMERR, str(error)) from None


def _check_rdata(type_: int, rdata: bytes) -> None:
    """A record that no reader of the master file would take must not get into the zone."""
    if len(rdata) == LENGTHS.get(type_, -1):
        return  # it needs no closer look
    from pydns.zone.master import rare  # it imports dnspython
    from pydns.zone.master.spelling import SpellingError

    try:
        rare.check(type_, rdata)
    except SpellingError as error:
        raise UpdateError(Rcode.FORMERR, f"{type_text(type_)}: {error}") from None
