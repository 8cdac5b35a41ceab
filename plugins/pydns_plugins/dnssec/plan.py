"""From a reply to what of it is signed, and what is added to it: RFC 4035 section 3.1, for data that is not signed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from pydns import names
from pydns.names import LOWER
from pydns.records import Rcode, Record, Type
from pydns.reply import Reply
from pydns_plugins.dnssec.denial import DENIAL_TTL, insecure, no_name, no_type, start_of_authority
from pydns_plugins.dnssec.known import is_signed
from pydns_plugins.dnssec.signatures import Unsigned

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns_plugins.dnssec.known import Known

ORIGINAL_TTL: Final = 3600
"""In signatures of records whose TTLs count down, as CoreDNS; or a day or more, for longer ones."""

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
    """Makes plans for some zones. `compact`: denials by RFC 9824. `apex`: types that the plugin itself has there."""

    def __init__(self, zones: Iterable[bytes], compact: bool, known: Known, apex: frozenset[int]) -> None:
        self._zones = frozenset(zones)
        self._compact = compact
        self._known = known
        self._apex = apex

    def plan(self, query: Query, reply: Reply, ages: bool) -> Plan | None:
        """None where the reply is left as it is: it has nothing of these zones that is not signed already.

        `ages`: its TTLs count down, so they tell nothing of the original ones.
        """
        if reply.flags & Reply.TC:
            return None  # a part of an answer, of which nothing can be told: who asked does so again over TCP
        if len(reply.answer) == 1 and not reply.authority and not reply.additional:  # most
            (record,) = reply.answer
            if record.owner == query.name and record.type == query.type != _RRSIG:
                only = self._signed((record,), ages)
                return None if only.unsigned is None else Plan([only], [], [], reply.rcode)
        answer = self._answer(reply.answer, ages)
        authority, cuts = self._authority(reply, ages)
        rcode = reply.rcode
        if not cuts and rcode in _DENIED and not any(record.type == _RRSIG for record in reply.authority):
            denial = self._denial(query, reply, ages)
            if denial is not None:
                if not self.tells_compact(query):
                    rcode = int(Rcode.NOERROR)
                if not any(record.type == _SOA for record in reply.authority):
                    soa = _denying(start_of_authority(denial.unsigned.zone), denial.unsigned.zone)
                    if query.type == _SOA and query.name == denial.unsigned.zone:
                        return Plan([RRset(*soa)], authority, [], rcode)
                    authority.append(RRset(*soa))
                section = answer if query.type in (_NSEC, _RRSIG) and not reply.answer else authority
                section.append(RRset(*denial))
        additional = self._additional(reply.additional, cuts, ages)
        plan = Plan(answer, authority, additional, rcode)
        return plan if any(each.unsigned for each in (*answer, *authority, *additional)) else None

    def tells_compact(self, query: Query) -> bool:
        """Whether the client hears, besides the denial, that there is no such name (RFC 9824 section 5.1)."""
        return self._compact and query.edns is not None and query.edns.co

    def _authority(self, reply: Reply, ages: bool) -> tuple[list[RRset], list[bytes]]:
        """That section, and the delegations in it, with what says that they are insecure."""
        found = rrsets(reply.authority)
        if any(rrset[0].type == _RRSIG for rrset in found):
            # It is all of the zone at the end of the chain, which said itself what there was to prove.
            return [RRset(rrset, None) for rrset in found], [rrset[0].owner for rrset in found if rrset[0].type == _NS]
        authority: list[RRset] = []
        cuts: dict[bytes, int] = {}
        secure: set[bytes] = set()
        for rrset in found:
            owner, type_, _, ttl, _ = rrset[0]
            if type_ == _NS and (owner not in self._zones or not (reply.answer or reply.flags & Reply.AA)):
                cuts[owner] = ttl
                authority.append(RRset(rrset, None))
            else:
                if type_ == _DS:
                    secure.add(owner)
                authority.append(self._signed(rrset, ages))
        for cut, ttl in cuts.items():
            zone = self.zone_of(cut, _DS)
            if zone is not None and cut not in secure:
                known = self._known.denial_ttl(zone)
                denial = insecure(cut, min(ttl, DENIAL_TTL if known is None else known))
                authority.append(RRset(*_denying(denial, zone)))
        return authority, list(cuts)

    def zone_of(self, owner: bytes, type_: int) -> bytes | None:
        """The zone whose keys sign records of a name and type; DS records are the parent's."""
        if type_ == _DS:
            if owner == names.ROOT:
                return None
            owner = names.parent(owner)
        zone = names.longest_match(owner, self._zones)
        if zone is None:
            return None
        known = self._known.zone(owner)
        if known is None or len(known.origin) < len(zone):
            return zone
        # A zone below it that stands here as well, and is not signed, has nothing that these keys could sign; nor has
        # one that was signed beforehand.
        return zone if known.origin == zone and not is_signed(known) else None

    def _signed(self, records: tuple[Record, ...], ages: bool) -> RRset:
        first = records[0]
        zone = self.zone_of(first.owner, first.type)
        if zone is None:
            return RRset(records, None)
        ttl = min(record.ttl for record in records)
        if any(record.ttl != ttl for record in records):
            records = tuple([record._replace(ttl=ttl) for record in records])
        return RRset(records, Unsigned(_original(records) if ages else records, zone))

    def _answer(self, section: Sequence[Record], ages: bool) -> list[RRset]:
        """A CNAME that follows from a DNAME is not signed (RFC 6672 section 5.3.1)."""
        dnames = [record.owner for record in section if record.type == _DNAME]
        return self._section(
            section, ages, lambda owner, type_: type_ == _CNAME and any(names.is_within(owner, each) for each in dnames)
        )

    def _additional(self, section: Sequence[Record], cuts: Sequence[bytes], ages: bool) -> list[RRset]:
        """Glue is not signed (RFC 4035 section 2.2)."""
        return self._section(
            section,
            ages,
            lambda owner, _: any(names.is_within(owner, cut) for cut in cuts) or self._known.is_glue(owner),
        )

    def _section(
        self, section: Sequence[Record], ages: bool, is_never_signed: Callable[[bytes, int], bool]
    ) -> list[RRset]:
        """Signed but for what is never, and what bears signatures already."""
        covered = _covered(section)
        found = []
        for rrset in rrsets(section):
            owner, type_ = rrset[0].owner, rrset[0].type
            left = type_ == _RRSIG or (owner, type_) in covered or is_never_signed(owner, type_)
            found.append(RRset(rrset, None) if left else self._signed(rrset, ages))
        return found

    def _denial(self, query: Query, reply: Reply, ages: bool) -> Denying | None:
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
        return _denying(self._nsec(name, type_, ttl, zone, reply.rcode), zone, ages)

    def _nsec(self, name: bytes, type_: int, ttl: int, zone: bytes, rcode: int) -> Record:
        if rcode == _NXDOMAIN and self._compact:
            return no_name(name, ttl)
        apex = self._apex if name == zone else None
        types = self._known.types(name, zone) if rcode != _NXDOMAIN else None
        if types is not None and type_ in types:
            types = None  # the zone has changed, or another plugin answered
        return no_type(name, ttl, type_ if type_ not in (_NSEC, _RRSIG) else 0, types, apex)


class Denying(NamedTuple):
    """An RRset of one record, that is the zone's whatever its owner: at a delegation a denial is the parent's."""

    records: tuple[Record]
    unsigned: Unsigned


def _denying(record: Record, zone: bytes, ages: bool = False) -> Denying:
    return Denying((record,), Unsigned(_original((record,)) if ages else (record,), zone))


def _original(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Records whose TTLs count down as they are signed; they come in another order each time, maybe."""
    ttl = records[0].ttl
    original = ORIGINAL_TTL if ttl <= ORIGINAL_TTL else -(-ttl // 86_400) * 86_400
    return tuple(sorted(record._replace(ttl=original) for record in records))


def _covered(section: Sequence[Record]) -> set[tuple[bytes, int]]:
    """Owner and type of what bears its signature already: of a zone that an alias led to, and that is signed itself."""
    return {(record.owner, int.from_bytes(record.rdata[:2])) for record in section if record.type == _RRSIG}


def rrsets(records: Sequence[Record]) -> Sequence[tuple[Record, ...]]:
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
