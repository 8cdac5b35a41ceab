"""A zone as a plain dict: what one is in the fewest words, to hold the real one against."""

from __future__ import annotations

from collections.abc import Iterable

from pydns import names
from pydns.records import Record, Type
from pydns.zone.node import key_of
from pydns.zone.rrset import RRset
from pydns.zone.zone import Zone

Model = dict[tuple[bytes, int], dict[bytes, tuple[int, bytes]]]


def model_of(records: Iterable[Record]) -> Model:
    model: Model = {}
    for owner, type_, _, ttl, rdata in records:
        put(model, owner, type_, ttl, rdata)
    return model


def put(model: Model, owner: bytes, type_: int, ttl: int, rdata: bytes) -> None:
    rdatas = model.setdefault((owner, type_), {})
    known = rdatas.setdefault(key_of(type_, rdata), (ttl, rdata))
    if ttl < known[0]:
        rdatas[key_of(type_, rdata)] = ttl, known[1]


def rrsets(model: Model) -> set[RRset]:
    """In any order of records."""
    found = set()
    for (owner, type_), rdatas in model.items():
        by_ttl: dict[int, list[bytes]] = {}
        lowest = min((ttl for ttl, _ in rdatas.values()), default=0)
        for ttl, rdata in rdatas.values():
            by_ttl.setdefault(ttl if type_ == Type.RRSIG else lowest, []).append(rdata)
        found |= {RRset(owner, type_, ttl, tuple(sorted(each))) for ttl, each in by_ttl.items()}
    return found


def rrsets_of(zone: Zone) -> set[RRset]:
    return {rrset._replace(rdatas=tuple(sorted(rrset.rdatas))) for rrset in zone.rrsets()}


def existing(model: Model, origin: bytes) -> set[bytes]:
    """All names that exist: with records, and those above them."""
    owners = {owner for (owner, _), rdatas in model.items() if rdatas}
    return {each for owner in owners for each in names.ancestors(owner) if names.is_within(each, origin)}
