"""What a zone answers: RFC 1034 section 4.3.2, wildcards by RFC 4592, DNAME by RFC 6672."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

from pydns.names import LOWER, MAX_LENGTH, is_within, to_text
from pydns.records import Class, Rcode, Record, Type
from pydns.zone import node as nodes
from pydns.zone.additional import NAMES_AT, addresses
from pydns.zone.node import BELOW, CNAME, CUT, DNAME, FIRST, HASHED, WILDCARD
from pydns.zone.proofs import prove
from pydns.zone.signatures import signatures
from pydns.zone.zone import Zone

MAX_CHAIN: Final = 16
"""Aliases that are followed; BIND follows 11, or 16 in older versions. What was found so far is the answer then."""

_OCCLUDES: Final = CUT | DNAME
LOOK: Final = CUT | CNAME | BELOW | HASHED
"""Flags of a name that may be answered otherwise than by what stands there."""

_STAR: Final = b"\x01*"
_SET_AND_TTL: Final = Struct(nodes.SET.format + "6xI")  # of the first record

# Plain numbers: each look at a member of an enumeration costs as much as a comparison.
_NS, _CNAME, _DNAME, _DS, _ANY, _IN = (
    int(Type.NS), int(Type.CNAME), int(Type.DNAME), int(Type.DS), int(Type.ANY), int(Class.IN),
)  # fmt: skip
_NXDOMAIN, _YXDOMAIN = int(Rcode.NXDOMAIN), int(Rcode.YXDOMAIN)
_BESIDE_CNAME: Final = frozenset((int(Type.RRSIG), int(Type.NSEC)))
"""Types of an alias itself (RFC 4034 sections 3 and 4): where they are not there, they are not its target's."""

Records = Sequence[Record]


class Found:
    """An answer of a zone.

    * `rcode`: that of the last name of the chain (RFC 6604 section 3)
    * `authoritative`: AA; False for a referral
    * `alias`: the name out of the zone to which the chain leads; None where it ends within
    * `cut`: whose servers it refers to, at the end of a chain too, else None
    * `name`: the last name of the chain, which the rest is about
    * `encloser`: where `name` does not exist the closest name above it that does (RFC 4592 section 3.3.1), else None
    * `wildcard`: the wildcard that `name` was answered from, else None
    * `proofs`: of wildcards that the chain led through, which `authority` holds too
    * `depends`: names besides the one that was asked which the answer came from, for who keeps it
    """

    rcode: int = 0
    answer: Records = ()
    authority: Records = ()
    additional: Records = ()
    authoritative: bool = True
    alias: bytes | None = None
    cut: bytes | None = None
    name: bytes
    encloser: bytes | None = None
    wildcard: bytes | None = None
    proofs: Records = ()
    depends: tuple[bytes, ...] = ()

    # No slots: what is left as it is costs nothing this way, and one is made for each query.
    def __init__(self, name: bytes, answer: Records) -> None:
        self.name = name
        self.answer = answer

    def why(self) -> str:
        """A few words for people."""
        if self.cut is not None:
            return f"referral to {to_text(self.cut)}"
        if self.alias is not None:
            return f"alias to {to_text(self.alias)}, which is not in the zone"
        if self.wildcard is not None:
            return f"{to_text(self.wildcard)} in the zone"
        if self.rcode == _NXDOMAIN:
            return f"no {to_text(self.name)} in the zone"
        if self.rcode == _YXDOMAIN:
            return "a DNAME that makes the name too long"
        return f"{to_text(self.name)} in the zone" + (", without that type" if self.authority else "")


def find(zone: Zone, name: bytes, type_: int, do: bool = False) -> Found:
    """What there is for a name within the zone. `do`: with the signatures that stand in the zone."""
    node = zone.parts[hash(name) & zone.mask].get(name)
    if node is None or node[0] & LOOK:
        return _search(zone, name, type_, do)
    answer = _records(node, name, type_)
    if answer is None:
        return _nothing(zone, Found(name, ()), do)
    found = Found(name, answer)
    if do or type_ in NAMES_AT:
        _complete(zone, found, node, type_, do)
    return found


def _records(node: bytes, owner: bytes, type_: int) -> Records | None:
    """The records of a type, or all of them for ANY; None where there are none."""
    at, size = FIRST, len(node)
    while at < size:
        each, count, length, ttl = _SET_AND_TTL.unpack_from(node, at)
        at += 8
        if each == type_:
            if count == 1:  # most
                return (Record(owner, type_, _IN, ttl, node[at + 12 : at + length]),)
            return tuple([Record(owner, type_, _IN, ttl, rdata) for ttl, rdata in nodes.records(node, at, at + length)])
        at += length
    return _all(node, owner) if type_ == _ANY and size > FIRST else None


def _all(node: bytes, owner: bytes) -> Records:
    """Whole RRsets, up to the one that makes them more than fits a message: then the client is told by TC."""
    found: list[Record] = []
    octets = 0
    for type_, _, start, end in nodes.sets_of(node):
        found += [Record(owner, type_, _IN, ttl, rdata) for ttl, rdata in nodes.records(node, start, end)]
        octets += end - start
        if octets > nodes.MAX_LENGTH:
            break
    return found


def _complete(zone: Zone, found: Found, node: bytes, type_: int, do: bool) -> None:
    """The signatures of an answer's last records, and the addresses of those whom they name."""
    if do and type_ != _ANY:
        found.answer = (*found.answer, *signatures(node, found.name, type_))
    if type_ in NAMES_AT:
        found.additional, hosts = addresses(zone, found.answer, do)
        found.depends += hosts


def _nothing(zone: Zone, found: Found, do: bool) -> Found:
    """No such name or no such type: the SOA tells for how long that holds (RFC 2308 section 3)."""
    found.authority = zone.negative_signed if do else zone.negative
    found.depends = zone.depends
    if do:
        prove(zone, found)
    return found


def _search(zone: Zone, name: bytes, type_: int, do: bool) -> Found:
    """The same in general: from alias to alias, as long as they stay within the zone."""
    chain: list[Record] = []
    proofs: list[Record] = []  # of wildcards on the way
    passed = {name: None}
    while True:
        found = _step(zone, name, type_, do)
        if found.rcode or not found.answer or found.alias is None:
            if chain:
                found.answer = chain + _others(found.answer, chain)
                if proofs:
                    found.proofs = proofs
                    found.authority = tuple(dict.fromkeys((*found.authority, *proofs)))
                    found.depends += tuple([each.owner for each in proofs])
                found.authoritative = True  # it is about the first name (RFC 1035 section 4.1.1)
                found.depends += tuple(passed)
            return found
        chain += _others(found.answer, chain)
        proofs += found.authority
        name = found.alias
        if name in passed or len(passed) >= MAX_CHAIN:
            found.alias = None
        elif is_within(name, zone.origin):
            passed[name] = None
            continue
        found.answer = chain
        found.authority = tuple(dict.fromkeys(proofs))
        found.depends += (*passed, *[each.owner for each in proofs])
        return found


def _others(records: Records, chain: Sequence[Record]) -> list[Record]:
    """Those that are not in the chain yet: one DNAME may lead several times, and is said once."""
    return [record for record in records if record not in chain]


def _step(zone: Zone, name: bytes, type_: int, do: bool) -> Found:
    """The answer for one name; where an alias stands there, that alone, and where it leads."""
    parts, mask = zone.parts, zone.mask
    node = parts[hash(name) & mask].get(name)
    encloser = name
    if node is not None and node[0] & HASHED and nodes.is_hash(node):
        node = None
    while node is None:  # the origin exists
        encloser = encloser[1 + encloser[0] :]
        node = parts[hash(encloser) & mask].get(encloser)
    if node[0] & (BELOW | _OCCLUDES):
        occluder = _occluder(zone, encloser, name, type_)
        if occluder is not None:
            above = zone.node(occluder) or b""
            return (
                _refer(zone, occluder, above, name, do) if above[0] & CUT else _dname(occluder, above, name, type_, do)
            )
    found = Found(name, ())
    if encloser != name:
        found.encloser = encloser
        if not node[0] & WILDCARD:
            found.rcode = _NXDOMAIN
            return _nothing(zone, found, do)
        found.wildcard = _STAR + encloser
        node = zone.node(found.wildcard) or b""
    answer = _records(node, name, type_)
    if answer is not None:
        found.answer = answer
        _complete(zone, found, node, type_, do)
        if do and found.wildcard is not None:
            prove(zone, found)
        return found
    if node[0] & CNAME and type_ not in _BESIDE_CNAME:
        found.answer = _records(node, name, _CNAME) or ()
        found.alias = found.answer[0].rdata.translate(LOWER)
        _complete(zone, found, node, _CNAME, do)
        if do and found.wildcard is not None:
            prove(zone, found)
        return found
    return _nothing(zone, found, do)


def _occluder(zone: Zone, encloser: bytes, name: bytes, type_: int) -> bytes | None:
    """The highest cut at or above a name, or DNAME above it: what stands there decides. None where there is none.

    DS records of a cut are the parent's (RFC 4035 section 3.1.4.1). `encloser` is the name, or the closest above it.
    """
    found = None
    while True:
        flags = (zone.node(encloser) or b"\0")[0]
        occludes = flags & _OCCLUDES if encloser != name else flags & CUT if type_ != _DS else 0
        if occludes:
            found = encloser
        if encloser == zone.origin:
            return found
        encloser = encloser[1 + encloser[0] :]


def _refer(zone: Zone, cut: bytes, node: bytes, name: bytes, do: bool) -> Found:
    found = Found(name, ())
    found.cut, found.authoritative = cut, False
    servers = _records(node, cut, _NS) or ()
    found.authority = servers
    signed = signatures(node, cut, _DS) if do else ()
    if signed:
        # That the child is signed; that it is not wants a proof (RFC 4035 section 3.1.4). A zone without signatures
        # proves nothing by its DS records, and NSD, Knot and BIND leave them out.
        found.authority = (*servers, *(_records(node, cut, _DS) or ()), *signed)
    found.additional, found.depends = addresses(zone, servers, do)
    if do and len(found.authority) == len(servers):
        prove(zone, found)
    return found


def _dname(owner: bytes, node: bytes, name: bytes, type_: int, do: bool) -> Found:
    """An alias for all below it: the DNAME, and the CNAME that follows from it (RFC 6672 section 3)."""
    found = Found(name, ())
    dname = (_records(node, owner, _DNAME) or ())[0]
    found.answer = (dname, *(signatures(node, owner, _DNAME) if do else ()))
    target = name[: len(name) - len(owner)] + dname.rdata
    if len(target) > MAX_LENGTH:
        found.rcode = _YXDOMAIN
        return found
    found.answer = (*found.answer, Record(name, _CNAME, _IN, dname.ttl, target))
    if type_ != _CNAME:
        found.alias = target.translate(LOWER)
    return found
