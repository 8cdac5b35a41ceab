"""Signs a zone. What was signed before and has not changed keeps its signatures, as long as they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pydns.dnssec.ds import NO_CDNSKEY, NO_CDS, ds
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.nsec3 import Parameters
from pydns.dnssec.rrsig import Lifetime, rrsig, signers
from pydns.names import to_text
from pydns.records import Type, type_text
from pydns.signing.plan import Name, names_of, nsec, nsec3
from pydns.signing.text import text
from pydns.steps import whole
from pydns.zone.builder import Builder
from pydns.zone.rrset import RRset
from pydns.zone.zone import Zone

OURS: Final = frozenset((Type.RRSIG, Type.NSEC, Type.NSEC3, Type.NSEC3PARAM))
"""Types that are made anew. What the unsigned file has of them is left out."""

_RRSIG = int(Type.RRSIG)


class Terms(NamedTuple):
    """What is signed with, and until when.

    * `renewed`: a signature that ends before this moment is made anew
    * `hashed`: NSEC3's parameters, None for NSEC
    * `opt_out`: NSEC3 leaves insecure delegations out
    """

    keys: Sequence[SigningKey]
    serial: int
    inception: int
    expiration: int
    renewed: int
    hashed: Parameters | None
    opt_out: bool = False


def prepared(zone: Zone, terms: Terms) -> Zone:
    """The zone with its keys, what its parent is to know of them, and its serial, and without what signing adds."""
    origin, keys = zone.origin, terms.keys
    builder = Builder(origin)
    soa = zone.soa.rdatas[0]
    builder.add(origin, Type.SOA, zone.soa.ttl, soa[:-20] + terms.serial.to_bytes(4) + soa[-16:])
    apex_ttl = zone.soa.ttl
    for key in keys:
        builder.add(origin, Type.DNSKEY, apex_ttl, key.rdata)
    if NO_CDS in _rdatas(zone, Type.CDS):
        builder.add(origin, Type.CDNSKEY, apex_ttl, NO_CDNSKEY)
        builder.add(origin, Type.CDS, apex_ttl, NO_CDS)
    else:
        for key in [key for key in keys if key.is_sep] or keys:
            builder.add(origin, Type.CDNSKEY, apex_ttl, key.rdata)
            builder.add(origin, Type.CDS, apex_ttl, ds(key))
    if terms.hashed is not None:
        builder.add(origin, Type.NSEC3PARAM, 0, terms.hashed.rdata)
    for owner, type_, ttl, rdatas in zone.rrsets():
        if type_ in OURS or type_ == Type.SOA or (owner == origin and type_ in (Type.CDS, Type.CDNSKEY)):
            continue
        for rdata in rdatas:
            builder.add(owner, type_, ttl, rdata)
    return whole(builder.finish())


class Signer:
    """One signing of one zone. `old` is the zone as it was signed before, None where it was not."""

    def __init__(self, zone: Zone, terms: Terms, old: Zone | None) -> None:
        self.made = 0
        """Signatures, in `lines`."""
        self.kept = 0
        self._zone = prepared(zone, terms)
        self._terms = terms
        known = set() if old is None else set(_rdatas(old, Type.DNSKEY))
        self._old = old if any(key.rdata in known for key in terms.keys) else None
        self._known = known
        self._signers: dict[int, Sequence[SigningKey]] = {}

    def lines(self) -> Iterator[str]:
        """The signed zone as a master file, the SOA and its signatures first. Raises ValueError."""
        zone, names = self._zone, names_of(self._zone)
        hashed = self._terms.hashed
        denials = iter(nsec(zone, names)) if hashed is None else iter(())
        for name in names:
            yield from self._name(name)
            if hashed is None and name.is_denied and (name.signed or name.unsigned):
                yield from self._rrset(next(denials), to_text(name.name))
        if hashed is not None:
            for rrset in nsec3(zone, names, hashed, self._terms.opt_out):
                yield from self._rrset(rrset, to_text(rrset.owner))

    def _name(self, name: Name) -> Iterator[str]:
        owner = to_text(name.name)
        for rrset in sorted(name.signed, key=lambda rrset: rrset.type != Type.SOA):
            yield from self._rrset(rrset, owner)
        for rrset in name.unsigned:
            yield _lines(owner, rrset.type, rrset.ttl, rrset.rdatas)

    def _rrset(self, rrset: RRset, owner: str) -> Iterator[str]:
        yield _lines(owner, rrset.type, rrset.ttl, rrset.rdatas)
        yield _lines(owner, _RRSIG, rrset.ttl, self._signatures(rrset))

    def _signatures(self, rrset: RRset) -> list[bytes]:
        owner, type_, ttl, rdatas = rrset
        keys = self._signers.get(type_)
        if keys is None:
            keys = self._signers[type_] = signers(self._terms.keys, type_)
        old = self._signed_before(rrset)
        found = []
        for key in keys:
            kept = next((rdata for rdata in old if self._still_holds(rdata, key)), None)
            if kept is None:
                self.made += 1
                found.append(rrsig(owner, type_, ttl, rdatas, key, self._terms.inception, self._terms.expiration))
            else:
                self.kept += 1
                found.append(kept)
        return found

    def _signed_before(self, rrset: RRset) -> Sequence[bytes]:
        """The signatures that the same records had before."""
        if self._old is None:
            return ()
        owner, type_, ttl, rdatas = rrset
        before = self._old.rrset(owner, type_)
        if before is None or before.ttl != ttl or set(before.rdatas) != set(rdatas):
            return ()
        covered, original = type_.to_bytes(2), ttl.to_bytes(4)
        signatures = _rdatas(self._old, _RRSIG, owner)
        return [rdata for rdata in signatures if rdata[:2] == covered and rdata[4:8] == original]

    def _still_holds(self, rdata: bytes, key: SigningKey) -> bool:
        lifetime = Lifetime(rdata)
        return (
            lifetime.tag == key.tag
            and rdata[2] == key.algorithm
            and key.rdata in self._known
            and self._terms.renewed < lifetime.expiration <= self._terms.expiration
        )


def _rdatas(zone: Zone, type_: int, name: bytes | None = None) -> Sequence[bytes]:
    rrset = zone.rrset(zone.origin if name is None else name, type_)
    return () if rrset is None else rrset.rdatas


def _lines(owner: str, type_: int, ttl: int, rdatas: Sequence[bytes]) -> str:
    head = f"{owner}\t{ttl}\tIN\t{type_text(type_)}\t"
    return "".join([f"{head}{text(type_, rdata)}\n" for rdata in rdatas])
