"""What makes no sense in a zone though each record does: named-checkzone's checks, and a few more.

What is an error is one that BIND would not serve the zone for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import Final, NamedTuple

from pydns.names import ROOT, ancestors, is_within, labels, parent, to_text
from pydns.records import Type, type_text
from pydns.zone import node as nodes
from pydns.zone.master.reading import MAX_FAULTS, Severity
from pydns.zone.rrset import is_later
from pydns.zone.zone import Zone

_A, _NS, _CNAME, _SOA, _MX, _TXT = (
    int(Type.A),
    int(Type.NS),
    int(Type.CNAME),
    int(Type.SOA),
    int(Type.MX),
    int(Type.TXT),
)
_AAAA, _SRV, _DNAME, _DS, _RRSIG = int(Type.AAAA), int(Type.SRV), int(Type.DNAME), int(Type.DS), int(Type.RRSIG)
_SPF, _KEY, _NSEC = int(Type.SPF), int(Type.KEY), int(Type.NSEC)

_BESIDE_CNAME: Final = frozenset((_CNAME, _RRSIG, _KEY, _NSEC, int(Type.SIG)))
"""RFC 4034 section 2.5, RFC 2535 section 2.3.5 (and RFC 3007 section 4)."""

_AT_A_CUT: Final = frozenset((_NS, _DS, _RRSIG, _NSEC, _A, _AAAA))
"""What a delegation may have (RFC 4035 section 2.6); addresses there are glue."""

_OWNED_BY_HOSTS: Final = frozenset((_A, _AAAA, _MX))
_STEP: Final = 25  # names that are looked at in one step
_HOST_LABEL: Final = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


class Finding(NamedTuple):
    """What is wrong at a name.

    `type` is that of the records to blame, 0 where it is the lack of some; `rdata` tells which of them, where one is.
    """

    owner: bytes
    type: int
    rdata: bytes | None
    message: str
    severity: Severity


class Findings:
    """The first `MAX_FAULTS` of each severity, and how many there are."""

    def __init__(self) -> None:
        self.kept: Final[list[Finding]] = []
        self.counts: Final = dict.fromkeys(Severity, 0)

    def error(self, owner: bytes, type_: int, message: str, rdata: bytes | None = None) -> None:
        self._add(Finding(owner, type_, rdata, message, Severity.ERROR))

    def warning(self, owner: bytes, type_: int, message: str, rdata: bytes | None = None) -> None:
        self._add(Finding(owner, type_, rdata, message, Severity.WARNING))

    def _add(self, finding: Finding) -> None:
        self.counts[finding.severity] += 1
        if self.counts[finding.severity] <= MAX_FAULTS:
            self.kept.append(finding)


def checking(zone: Zone, now: int) -> Generator[None, None, Findings]:
    """Looks at each name, in steps of a few milliseconds. `now` is in seconds since 1970, for signatures."""
    check = _Check(zone, now)
    check.apex()
    looked = 0
    for part in zone.parts:
        for name, node in part.items():
            check.name(name, node)
            looked += 1
            if looked % _STEP == 0:
                yield
    return check.findings


class _Check:
    def __init__(self, zone: Zone, now: int) -> None:
        self.findings: Final = Findings()
        self._zone = zone
        self._now = now

    def apex(self) -> None:
        zone, origin = self._zone, self._zone.origin
        servers = zone.rrset(origin, _NS)
        if servers is None:
            self.findings.error(origin, 0, f"{to_text(origin)} has no NS record")
        for target in servers.rdatas if servers is not None else ():
            self._host(origin, _NS, target, target)
            if lack := self._lack_of_addresses(target):
                tell = self.findings.warning if lack.is_below_cut else self.findings.error
                tell(origin, _NS, f"NS {to_text(target)} {lack.text}", target)
        if zone.rrset(origin, _DS) is not None:
            self.findings.error(origin, _DS, f"a DS record at the apex {to_text(origin)}: it is the parent's")

    def name(self, name: bytes, node: bytes) -> None:
        """All that stands at one name."""
        if len(node) == nodes.FIRST:
            return
        found = {type_: (start, end) for type_, _, start, end in nodes.sets_of(node)}
        flags = node[0]
        if flags & nodes.CNAME and not _BESIDE_CNAME.issuperset(found):
            others = ", ".join(type_text(type_) for type_ in found if type_ not in _BESIDE_CNAME)
            self.findings.error(name, _CNAME, f"{to_text(name)} has a CNAME beside other data: {others}")
        if not _OWNED_BY_HOSTS.isdisjoint(found) and not _is_host(name, wildcard=True):
            type_ = next(type_ for type_ in found if type_ in _OWNED_BY_HOSTS)
            text = f"{to_text(name)} is no host name and has {type_text(type_)} records"
            self.findings.warning(name, type_, text)
        if b"\x01*" in name[2:] and b"*" in labels(name)[1:]:
            self.findings.warning(name, next(iter(found)), f"{to_text(name)} has a * that is not its first label")
        if flags & nodes.CUT:
            self._cut(name, node, found)
        if flags & nodes.BELOW:
            self._occluded(name, found)
        for type_, check in _RECORDS.items():
            if type_ in found:
                for _, rdata in nodes.records(node, *found[type_]):
                    check(self, name, rdata)
        if _SPF in found:
            strings = nodes.records(node, *found[_TXT]) if _TXT in found else ()
            if not any(rdata[1:7].lower() == b"v=spf1" for _, rdata in strings):
                self.findings.warning(name, _SPF, f"{to_text(name)} has an SPF record and no TXT record with v=spf1")

    # Delegations

    def _cut(self, name: bytes, node: bytes, found: dict[int, tuple[int, int]]) -> None:
        if not _AT_A_CUT.issuperset(found):
            type_ = next(type_ for type_ in found if type_ not in _AT_A_CUT)
            if type_ != _CNAME:
                text = f"{type_text(type_)} at the delegation {to_text(name)}: it is the child's, and never answered"
                self.findings.warning(name, type_, text)
        for _, target in nodes.records(node, *found[_NS]):
            self._host(name, _NS, target, target)
            if lack := self._lack_of_addresses(target, delegation=name):
                self.findings.warning(name, _NS, f"{to_text(name)} NS {to_text(target)} {lack.text}", target)

    def _occluded(self, name: bytes, found: dict[int, tuple[int, int]]) -> None:
        """Records below a DNAME are never answered, and below a cut only addresses are, as glue."""
        above = self._above(name)
        if above is None:
            return
        owner, flags = above
        if flags & nodes.DNAME:
            text = f"{to_text(name)} is below the DNAME {to_text(owner)}, and never answered"
            self.findings.warning(name, next(iter(found)), text)
        elif others := [type_ for type_ in found if type_ not in (_A, _AAAA, _RRSIG, _NSEC)]:
            types = ", ".join(map(type_text, others))
            text = f"{to_text(name)} is below the delegation {to_text(owner)}: {types} there is never answered"
            self.findings.warning(name, others[0], text)

    def _above(self, name: bytes) -> tuple[bytes, int] | None:
        """The highest name above this one that is a cut or has a DNAME, and its flags."""
        highest = None
        for above in ancestors(parent(name)):
            if (node := self._zone.node(above)) is not None and node[0] & (nodes.CUT | nodes.DNAME):
                highest = above, node[0]
            if above == self._zone.origin:
                break
        return highest

    # Names within rdata

    def _target_of_mx(self, name: bytes, rdata: bytes) -> None:
        target = rdata[2:]
        own = labels(target)
        if is_within(target.lower(), self._zone.origin):
            own = own[: len(own) - len(labels(self._zone.origin))]
        if len(own) == 4 and all(map(bytes.isdigit, own)):
            text = f"{to_text(name)} MX {to_text(target)} is an address: it must be a name"
            self.findings.warning(name, _MX, text, rdata)
        else:
            self._target(name, _MX, target, rdata)

    def _target_of_srv(self, name: bytes, rdata: bytes) -> None:
        self._target(name, _SRV, rdata[6:], rdata)

    def _target(self, name: bytes, type_: int, target: bytes, rdata: bytes) -> None:
        if target == ROOT:
            return  # there is no such service (RFC 2782, RFC 7505)
        self._host(name, type_, target, rdata)
        if lack := self._lack_of_addresses(target):
            text = f"{to_text(name)} {type_text(type_)} {to_text(target)} {lack.text}"
            self.findings.warning(name, type_, text, rdata)

    def _primary(self, name: bytes, rdata: bytes) -> None:
        end = 0
        while rdata[end]:
            end += 1 + rdata[end]
        self._host(name, _SOA, rdata[: end + 1], rdata)

    def _host(self, name: bytes, type_: int, target: bytes, rdata: bytes) -> None:
        if not _is_host(target):
            text = f"{to_text(name)} {type_text(type_)} {to_text(target)} is no host name"
            self.findings.warning(name, type_, text, rdata)

    def _lack_of_addresses(self, target: bytes, delegation: bytes | None = None) -> _Lack | None:
        """Why clients that are given this name find no address; None where they do, or it is another zone's."""
        zone = self._zone
        target = target.lower()  # a length is below any letter
        if not is_within(target, zone.origin):
            return None
        above = self._above(target)
        if above is not None and above[1] & nodes.DNAME:
            return _Lack(f"is below the DNAME {to_text(above[0])}")
        node = zone.node(target)
        if node is None and above is None:
            node = self._wildcard(target)
        if node is not None and any(type_ in (_A, _AAAA) for type_, *_ in nodes.sets_of(node)):
            return None
        cut = above[0] if above is not None else target if node is not None and node[0] & nodes.CUT else None
        if cut is not None and cut != zone.origin:
            glue = "required" if delegation is not None and is_within(target, delegation) else "sibling"
            return _Lack(f"has no {glue} glue (A or AAAA)", is_below_cut=True)
        if node is not None and node[0] & nodes.CNAME:
            return _Lack("is a CNAME")
        return _Lack("has no address (A or AAAA)")

    def _wildcard(self, name: bytes) -> bytes | None:
        """The node whose wildcard stands for a name that does not exist (RFC 4592 section 3.3.1)."""
        for above in ancestors(parent(name)):
            if self._zone.node(above) is not None:
                return self._zone.node(b"\x01*" + above)
        return None

    # Signatures

    def _signature(self, name: bytes, rdata: bytes) -> None:
        covered, end = int.from_bytes(rdata[:2]), int.from_bytes(rdata[8:12])
        if is_later(self._now & 0xFFFF_FFFF, end):  # serial arithmetic (RFC 4034 section 3.1.5)
            text = f"the signature of {type_text(covered)} at {to_text(name)} has expired"
            self.findings.warning(name, _RRSIG, text, rdata)


# Of the class and not of its instances: a cycle would hold a zone that is replaced until the collector comes by.
_RECORDS: Final[dict[int, Callable[[_Check, bytes, bytes], None]]] = {
    _MX: _Check._target_of_mx,
    _SRV: _Check._target_of_srv,
    _RRSIG: _Check._signature,
    _SOA: _Check._primary,
}


class _Lack(NamedTuple):
    text: str
    is_below_cut: bool = False


def _is_host(name: bytes, wildcard: bool = False) -> bool:
    """Letters, digits and hyphens (RFC 952, RFC 1123 section 2.1)."""
    parts = labels(name)
    if wildcard and parts[:1] == [b"*"]:
        parts = parts[1:]
    return all(map(_HOST_LABEL.fullmatch, parts))
