"""From a reply to what of it is signed, and what is added to it: RFC 4035 section 3.1, for data that is not signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from pydns import names
from pydns.names import LOWER
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns_plugins.dnssec.denial import insecure, no_name, no_type
from pydns_plugins.dnssec.signatures import Unsigned

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns_plugins.dnssec.known import Known

ORIGINAL_TTL: Final = 3600
"""In signatures of records whose TTLs count down, as CoreDNS; or a day or more, for longer ones."""

DENIAL_TTL: Final = 60
"""Of a denial without a SOA, which would say it."""

_RRSIG, _NSEC, _NS, _DS, _SOA, _CNAME, _DNAME = (
    int(Type.RRSIG), int(Type.NSEC), int(Type.NS), int(Type.DS), int(Type.SOA), int(Type.CNAME), int(Type.DNAME),
)  # fmt: skip
_NXDOMAIN = int(Rcode.NXDOMAIN)
_DENIED: Final = frozenset((int(Rcode.NOERROR), _NXDOMAIN))


class RRset(NamedTuple):
    """Records as they leave, and what is signed of them; None where nothing is."""

    records: tuple[Record, ...]
    unsigned: Unsigned | None


class Plan(NamedTuple):
    """The three sections of the signed reply, and its rcode."""

    answer: list[RRset]
    authority: list[RRset]
    additional: list[RRset]
    rcode: int

    def wanted(self) -> list[Unsigned]:
        return [
            each.unsigned for each in (*self.answer, *self.authority, *self.additional) if each.unsigned is not None
        ]


class Planner:
    """Makes plans for some zones. `compact`: denials by RFC 9824."""

    def __init__(self, zones: Iterable[bytes], compact: bool, known: Known) -> None:
        self._zones = frozenset(zones)
        self._compact = compact
        self._known = known

    def plan(self, query: Query, reply: Reply, ages: bool) -> Plan | None:
        """None where the reply is left as it is: it is signed already, or has nothing of these zones.

        `ages`: its TTLs count down, so they tell nothing of the original ones.
        """
        if len(reply.answer) == 1 and not reply.authority and not reply.additional:  # most
            (record,) = reply.answer
            if record.owner == query.name and record.type == query.type != _RRSIG:
                only = self._signed((record,), ages)
                return None if only.unsigned is None else Plan([only], [], [], reply.rcode)
        if any(record.type == _RRSIG for record in (*reply.answer, *reply.authority)):
            return None
        dnames = [record.owner for record in reply.answer if record.type == _DNAME]
        answer = [self._answer(rrset, dnames, ages) for rrset in rrsets(reply.answer)]
        authority: list[RRset] = []
        cuts: list[bytes] = []
        secure: set[bytes] = set()
        for rrset in rrsets(reply.authority):
            owner, type_ = rrset[0].owner, rrset[0].type
            if type_ == _NS and (owner not in self._zones or not (reply.answer or reply.flags & Reply.AA)):
                cuts.append(owner)
                authority.append(RRset(rrset, None))
            else:
                if type_ == _DS:
                    secure.add(owner)
                authority.append(self._signed(rrset, ages))
        for cut in cuts:
            zone = self.zone_of(cut, _DS)
            if zone is not None and cut not in secure:
                ttl = next(record.ttl for record in reply.authority if record.owner == cut)
                authority.append(RRset(*_denying(insecure(cut, ttl), zone)))
        rcode = reply.rcode
        if not cuts and rcode in _DENIED:
            denial = self._denial(query, reply)
            if denial is not None:
                rcode = int(Rcode.NOERROR)
                if not any(record.type == _SOA for record in reply.authority):
                    soa = _denying(start_of_authority(denial.unsigned.zone), denial.unsigned.zone)
                    if query.type == _SOA and query.name == denial.unsigned.zone:
                        return Plan([RRset(*soa)], authority, [], rcode)
                    authority.append(RRset(*soa))
                section = answer if query.type in (_NSEC, _RRSIG) and not reply.answer else authority
                section.append(RRset(*denial))
        additional = [self._additional(rrset, cuts, ages) for rrset in rrsets(reply.additional)]
        plan = Plan(answer, authority, additional, rcode)
        return plan if any(each.unsigned for each in (*answer, *authority, *additional)) else None

    def zone_of(self, owner: bytes, type_: int) -> bytes | None:
        """The zone whose keys sign records of a name and type; DS records are the parent's."""
        if type_ == _DS:
            if owner == names.ROOT:
                return None
            owner = names.parent(owner)
        zone = names.longest_match(owner, self._zones)
        if zone is None:
            return None
        # A zone below it that stands here as well, and is not signed, has nothing that these keys could sign.
        known = self._known.zone(owner)
        return zone if known is None or len(known.origin) <= len(zone) else None

    def _signed(self, records: tuple[Record, ...], ages: bool) -> RRset:
        first = records[0]
        zone = self.zone_of(first.owner, first.type)
        if zone is None:
            return RRset(records, None)
        ttl = min(record.ttl for record in records)
        if any(record.ttl != ttl for record in records):
            records = tuple([record._replace(ttl=ttl) for record in records])
        if not ages:
            return RRset(records, Unsigned(records, zone))
        original = ORIGINAL_TTL if ttl <= ORIGINAL_TTL else -(-ttl // 86_400) * 86_400
        # Such records come in another order each time, maybe.
        return RRset(records, Unsigned(tuple(sorted(record._replace(ttl=original) for record in records)), zone))

    def _answer(self, records: tuple[Record, ...], dnames: Sequence[bytes], ages: bool) -> RRset:
        """A CNAME that follows from a DNAME is not signed (RFC 6672 section 5.3.1)."""
        first = records[0]
        if first.type == _CNAME and any(names.is_within(first.owner, dname) for dname in dnames):
            return RRset(records, None)
        return self._signed(records, ages)

    def _additional(self, records: tuple[Record, ...], cuts: Sequence[bytes], ages: bool) -> RRset:
        """Glue is not signed (RFC 4035 section 2.2)."""
        owner = records[0].owner
        if any(names.is_within(owner, cut) for cut in cuts) or self._known.is_glue(owner):
            return RRset(records, None)
        return self._signed(records, ages)

    def _denial(self, query: Query, reply: Reply) -> Denying | None:
        """The NSEC record that is wanted, of the last name of the chain; None where nothing is denied."""
        name, type_ = _end_of_chain(query.name, reply.answer), query.type
        if any(record.owner == name and record.type in (type_, _CNAME) for record in reply.answer):
            return None
        if type_ == Type.ANY and reply.answer:
            return None
        soa = next((record for record in reply.authority if record.type == _SOA), None)
        if soa is None and (reply.answer or (reply.rcode == _NXDOMAIN and reply.authority)):
            return None  # it leads out of what is known here
        zone = self.zone_of(name, type_) if soa is None else soa.owner
        if zone is None or zone not in self._zones or not names.is_within(name, zone):
            return None
        ttl = DENIAL_TTL if soa is None else soa.ttl
        if reply.rcode == _NXDOMAIN:
            lie = no_name(name, ttl) if self._compact else no_type(name, ttl, type_, None, name == zone)
            return _denying(lie, zone)
        denied = type_ if type_ not in (_NSEC, _RRSIG) else 0
        types = self._known.types(name, zone)
        if types is not None and type_ in types:
            types = None  # the zone has changed, or another plugin answered
        if types is not None and name == zone:
            types |= {int(Type.DNSKEY)}
        return _denying(no_type(name, ttl, denied, types, name == zone), zone)


class Denying(NamedTuple):
    """An RRset of one record, that is the zone's whatever its owner: at a delegation a denial is the parent's."""

    records: tuple[Record]
    unsigned: Unsigned


def _denying(record: Record, zone: bytes) -> Denying:
    return Denying((record,), Unsigned((record,), zone))


def start_of_authority(zone: bytes) -> Record:
    """For zones whose source has none, as a hosts file: without it no resolver takes a denial (RFC 2308 section 5)."""
    numbers = b"".join(number.to_bytes(4) for number in (1, 7200, 1800, 86_400, DENIAL_TTL))
    rdata = b"\2ns\3dns" + zone + b"\x0ahostmaster" + zone + numbers
    return Record(zone, _SOA, int(Class.IN), DENIAL_TTL, rdata)


def rrsets(records: Sequence[Record]) -> Iterable[tuple[Record, ...]]:
    """The records by owner and type, in the order in which these come."""
    if len(records) == 1:  # most
        return (tuple(records),)
    found: dict[tuple[bytes, int, int], list[Record]] = {}
    for record in records:
        found.setdefault(record[:3], []).append(record)
    return [tuple(each) for each in found.values()]


def _end_of_chain(name: bytes, answer: Sequence[Record]) -> bytes:
    for _ in range(len(answer)):
        target = next((record.rdata for record in answer if record.owner == name and record.type == _CNAME), None)
        if target is None:
            return name
        name = target.translate(LOWER)
    return name
