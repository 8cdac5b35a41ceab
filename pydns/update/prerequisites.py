"""Whether the zone is as an update demands (RFC 2136 section 3.2)."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Final

from pydns.names import to_text
from pydns.records import Class, Rcode, Record, Type, type_text
from pydns.update.errors import UpdateError
from pydns.zone import node as nodes
from pydns.zone.zone import Zone

_STEP: Final = 100  # records that are looked at in one step
_IN, _NONE, _ANY = int(Class.IN), int(Class.NONE), int(Type.ANY)


def check_prerequisites(zone: Zone, prerequisites: Iterable[Record]) -> Generator[None, None, None]:
    """Raises UpdateError with the rcode of the first that does not hold; RRsets by value come last. In steps."""
    wanted: dict[tuple[bytes, int], set[bytes]] = {}
    for count, (owner, type_, class_, _, rdata) in enumerate(prerequisites, 1):
        if count % _STEP == 0:
            yield
        if class_ == _IN:
            wanted.setdefault((owner, type_), set()).add(nodes.key_of(type_, rdata))
        elif type_ == _ANY:
            _check_name(zone, owner, class_ != _NONE)
        else:
            _check_rrset(zone, owner, type_, class_ != _NONE)
    for count, ((owner, type_), keys) in enumerate(wanted.items(), 1):
        if count % _STEP == 0:
            yield
        if keys != _keys(zone, owner, type_):
            raise UpdateError(Rcode.NXRRSET, f"{to_text(owner)} has not exactly these {type_text(type_)} records")


def _check_name(zone: Zone, owner: bytes, wanted: bool) -> None:
    node = zone.node(owner)
    there = node is not None and len(node) > nodes.FIRST  # an empty non-terminal is not in use (section 2.4.4)
    if wanted and not there:
        raise UpdateError(Rcode.NXDOMAIN, f"{to_text(owner)} has no records")
    if there and not wanted:
        raise UpdateError(Rcode.YXDOMAIN, f"{to_text(owner)} has records")


def _check_rrset(zone: Zone, owner: bytes, type_: int, wanted: bool) -> None:
    node = zone.node(owner)
    there = node is not None and nodes.place(node, type_) is not None
    if wanted and not there:
        raise UpdateError(Rcode.NXRRSET, f"{to_text(owner)} has no {type_text(type_)} records")
    if there and not wanted:
        raise UpdateError(Rcode.YXRRSET, f"{to_text(owner)} has {type_text(type_)} records")


def _keys(zone: Zone, owner: bytes, type_: int) -> set[bytes]:
    node = zone.node(owner)
    place = nodes.place(node, type_) if node is not None else None
    if node is None or place is None:
        return set()
    return {nodes.key_of(type_, rdata) for _, rdata in nodes.records(node, *place)}
