"""An update done to a zone as a plain dict: section 3.4.2 of RFC 2136 in its own words."""

from __future__ import annotations

from collections.abc import Sequence

from pydns.records import Class, Record, Type
from pydns.zone.node import key_of
from pydns.zone.rrset import is_later, serial_of
from tests.pydns.zone.model import Model
from tests.pydns.zone.zones import ORIGIN


def updated(model: Model, changes: Sequence[Record]) -> Model:
    new = {place: dict(rdatas) for place, rdatas in model.items() if rdatas}
    before = _flat(new)
    for each in changes:
        if each.class_ == Class.IN:
            _add(new, each)
        elif each.class_ == Class.ANY:
            _delete_sets(new, each)
        else:
            _delete_one(new, each)
        new = {place: rdatas for place, rdatas in new.items() if rdatas}
    soa = new[ORIGIN, int(Type.SOA)]
    ((_, old),) = model[ORIGIN, int(Type.SOA)].values()
    ((ttl, rdata),) = soa.values()
    if _flat(new) != before and not is_later(serial_of(rdata), serial_of(old)):
        serial = (serial_of(old) + 1) % 2**32 or 1
        rdata = rdata[:-20] + serial.to_bytes(4) + rdata[-16:]
        new[ORIGIN, int(Type.SOA)] = {key_of(int(Type.SOA), rdata): (ttl, rdata)}
    return new


def _flat(model: Model) -> set[tuple[bytes, int, int, bytes]]:
    return {(*place, *each) for place, rdatas in model.items() for each in rdatas.values()}


def _add(model: Model, each: Record) -> None:
    owner, type_, _, ttl, rdata = each
    types = {place[1] for place in model if place[0] == owner}
    if type_ == Type.CNAME and types - {Type.CNAME, Type.RRSIG, Type.NSEC, Type.KEY}:
        return
    if type_ not in (Type.CNAME, Type.RRSIG, Type.NSEC, Type.KEY) and Type.CNAME in types:
        return
    if type_ == Type.SOA:
        if (owner, type_) not in model:
            return
        ((_, zone_soa),) = model[owner, type_].values()
        serial, theirs = serial_of(rdata), serial_of(zone_soa)
        if serial != theirs and not is_later(serial, theirs):
            return
    if type_ in (Type.NS, Type.DNAME) and owner.startswith(b"\x01*"):
        return
    rdatas = model.setdefault((owner, type_), {})
    if type_ in (Type.CNAME, Type.SOA, Type.DNAME):
        rdatas.clear()
    rdatas[key_of(type_, rdata)] = ttl, rdata
    if type_ != Type.RRSIG:
        model[owner, type_] = {key: (ttl, other) for key, (_, other) in rdatas.items()}


def _delete_sets(model: Model, each: Record) -> None:
    for owner, type_ in list(model):
        if owner == each.owner and each.type in (type_, Type.ANY):
            if owner == ORIGIN and type_ in (Type.SOA, Type.NS):
                continue
            del model[owner, type_]


def _delete_one(model: Model, each: Record) -> None:
    rdatas = model.get((each.owner, each.type), {})
    if each.type == Type.SOA:
        return
    if each.type == Type.NS and each.owner == ORIGIN and len(rdatas) == 1:
        return
    rdatas.pop(key_of(each.type, each.rdata), None)
