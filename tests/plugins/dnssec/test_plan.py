"""What of a reply is signed, and what is added."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pydns import names
from pydns.dnssec import bitmap
from pydns.names import from_text
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.zone.zone import Zone
from pydns_plugins.dnssec.known import Known
from pydns_plugins.dnssec.plan import Plan, Planner, rrsets
from tests.plugins.dnssec.serving import SOA, WWW, ZONE, A, Holder, asking, zone

CHILD = from_text("child.example.org")
NS = Record(CHILD, Type.NS, Class.IN, 300, b"\2ns" + CHILD)
GLUE = Record(b"\2ns" + CHILD, Type.A, Class.IN, 300, b"\xc0\0\2\1")
DS = Record(CHILD, Type.DS, Class.IN, 300, bytes(36))
NSEC = int(Type.NSEC)
APEX = frozenset((int(Type.DNSKEY),))


def plan(reply: Reply, name: str = "www.example.org", type_: str = "A", compact: bool = False, *zones: Zone) -> Plan:
    planner = Planner([ZONE], compact, Known([Holder(*zones)] if zones else []), APEX)
    found = planner.plan(asking(name, type_), reply, False)
    assert found is not None
    return found


def told(section: list[object]) -> list[tuple[str, int, bool]]:
    """Owner and type of each RRset, and whether it is signed."""
    return [(names.to_text(records[0].owner), records[0].type, unsigned is not None) for records, unsigned in section]  # type: ignore[misc]


def types_of(record: Record) -> set[int]:
    rdata = record.rdata
    at = 0
    while rdata[at]:
        at += 1 + rdata[at]
    return set(bitmap.types(rdata[at + 1 :]))


def denial(found: Plan) -> Record:
    (record,) = [rrset.records[0] for rrset in found.authority if rrset.records[0].type == NSEC]
    return record


def test_each_rrset_is_signed() -> None:
    other = A._replace(rdata=b"\xc0\0\2\2")
    found = plan(Reply([A, other], [A._replace(owner=ZONE)], [A._replace(owner=b"\1x" + ZONE)]))
    assert [told(section) for section in found[:3]] == [  # type: ignore[arg-type]
        [("www.example.org.", 1, True)],
        [("example.org.", 1, True)],
        [("x.example.org.", 1, True)],
    ]


def test_unequal_ttls_are_made_equal() -> None:
    found = plan(Reply([A, A._replace(ttl=60, rdata=b"\xc0\0\2\2")]))
    assert {record.ttl for record in found.answer[0].records} == {60}


def test_other_zones_are_not_signed() -> None:
    cname = A._replace(type=Type.CNAME, rdata=from_text("www.example.com"))
    found = plan(Reply([cname, A._replace(owner=from_text("www.example.com"))]))
    assert told(found.answer) == [("www.example.org.", 5, True), ("www.example.com.", 1, False)]  # type: ignore[arg-type]


def test_what_an_alias_leads_to_may_bear_signatures_of_its_zone() -> None:
    cname = A._replace(type=Type.CNAME, rdata=from_text("www.example.com"))
    there = A._replace(owner=from_text("www.example.com"))
    found = plan(Reply([cname, there, there._replace(type=Type.RRSIG, rdata=b"\0\1" + bytes(38))]))
    assert told(found.answer) == [  # type: ignore[arg-type]
        ("www.example.org.", 5, True),
        ("www.example.com.", 1, False),
        ("www.example.com.", 46, False),
    ]


def test_what_an_alias_leads_to_may_have_been_denied_by_its_zone() -> None:
    there = from_text("example.com")
    denied = [SOA._replace(owner=there, rdata=b"\1n" + there + b"\1h" + there + bytes(20))]
    denied += [denied[0]._replace(type=Type.RRSIG, rdata=b"\0\6" + bytes(38))]
    cname = A._replace(type=Type.CNAME, rdata=from_text("www.example.com"))
    found = plan(Reply([cname], denied))
    assert told(found.answer) == [("www.example.org.", 5, True)]  # type: ignore[arg-type]
    assert told(found.authority) == [("example.com.", 6, False), ("example.com.", 46, False)]  # type: ignore[arg-type]


def test_a_zone_that_is_signed_beforehand_is_left_alone() -> None:
    known = zone(ZONE, ("example.org", Type.RRSIG, b"\0\6" + bytes(38)))
    planner = Planner([ZONE], False, Known([Holder(known)]), APEX)
    assert planner.plan(asking(), Reply([A]), False) is None


def test_a_part_of_an_answer_is_left_alone() -> None:
    planner = Planner([ZONE], False, Known([]), APEX)
    for part in (Reply([A], flags=Reply.TC), Reply(flags=Reply.TC)):
        assert planner.plan(asking(), part, False) is None


@pytest.mark.parametrize("compact", [False, True])
def test_a_name_that_does_not_exist_is_denied(compact: bool) -> None:
    found = plan(Reply([], [SOA], rcode=Rcode.NXDOMAIN), "www.example.org", "A", compact)
    record = denial(found)
    assert found.rcode == Rcode.NOERROR
    assert record.rdata.startswith(b"\1\0" + WWW)
    assert record.ttl == SOA.ttl
    assert types_of(record) == ({Type.RRSIG, NSEC, 128} if compact else types_of(record) - {Type.A, 128})


def test_a_type_is_denied_by_a_lie_where_nobody_knows() -> None:
    types = types_of(denial(plan(Reply([], [SOA]))))
    assert Type.A not in types
    assert {Type.AAAA, Type.TXT, NSEC, Type.RRSIG} <= types
    # Who uses it for other questions (RFC 8198) shall find what is asked most.
    assert {Type.MX, Type.PTR, Type.HTTPS, Type.CAA} <= types


@pytest.mark.parametrize("known", [[], [zone(ZONE)]])
def test_what_the_plugin_has_itself_is_not_denied_with_others(known: list[Zone]) -> None:
    apex = APEX | {int(Type.CDS), int(Type.CDNSKEY)}
    planner = Planner([ZONE], True, Known([Holder(*known)]), apex)
    found = planner.plan(asking("example.org", "TXT"), Reply([], [SOA]), False)
    assert found is not None
    assert apex <= types_of(denial(found))


def test_a_denial_that_counts_down_is_signed_once() -> None:
    planner = Planner([ZONE], False, Known([]), APEX)
    found = [planner.plan(asking(), Reply([], [SOA._replace(ttl=ttl)]), True) for ttl in (60, 59)]
    first, second = ([each.unsigned for each in plan.authority] for plan in found if plan is not None)
    assert first == second


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("www.example.org", {Type.TXT}),
        ("x.wild.example.org", {Type.TXT}),
        ("example.org", {Type.SOA, Type.DNSKEY}),
        ("ent.example.org", set()),
        ("child.example.org", {Type.NS}),
    ],
)
def test_a_type_is_denied_by_what_the_zone_has(name: str, types: set[int]) -> None:
    known = zone(
        ZONE,
        ("www.example.org", Type.TXT, b"\1x"),
        ("*.wild.example.org", Type.TXT, b"\1x"),
        ("a.ent.example.org", Type.TXT, b"\1x"),
        ("child.example.org", Type.NS, NS.rdata),
        ("child.example.org", Type.A, A.rdata),
    )
    assert types_of(denial(plan(Reply([], [SOA]), name, "DS", True, known))) == {*types, NSEC, Type.RRSIG}


@pytest.mark.parametrize(
    ("ahead", "behind", "alone"), [("hosts", "loop", False), ("minimal", "forward", True), ("transfer", "hosts", True)]
)
def test_what_others_ahead_of_the_zone_may_have_is_not_denied_with_it(ahead: str, behind: str, alone: bool) -> None:
    holder = Holder(zone(ZONE, ("www.example.org", Type.TXT, b"\1x"), ("child.example.org", Type.NS, NS.rdata)))
    others = SimpleNamespace(name=ahead), SimpleNamespace(name=behind)
    known = Known([others[0], holder, others[1]])  # type: ignore[list-item]  # their names will do
    found = known.types(WWW, ZONE)
    assert found is not None
    assert (Type.TXT in found, Type.A in found) == (True, not alone)
    assert known.types(CHILD, ZONE) == {Type.NS}


def test_the_end_of_a_chain_is_denied() -> None:
    cname = A._replace(type=Type.CNAME, rdata=b"\1x\7eXample\3org\0")
    assert denial(plan(Reply([cname], [SOA], rcode=Rcode.NXDOMAIN))).owner == from_text("x.example.org")


def test_a_denial_may_come_without_a_soa() -> None:
    found = plan(Reply())
    assert denial(found).owner == WWW
    assert told(found.authority) == [("example.org.", 6, True), ("www.example.org.", NSEC, True)]  # type: ignore[arg-type]
    apex = plan(Reply(), "example.org", "SOA")
    assert told(apex.answer) == [("example.org.", 6, True)]  # type: ignore[arg-type]
    assert apex.authority == []


def test_questions_for_denials_are_answered_by_them() -> None:
    found = plan(Reply([], [SOA]), "www.example.org", "NSEC")
    assert told(found.answer) == [("www.example.org.", NSEC, True)]  # type: ignore[arg-type]


def test_an_insecure_delegation_is_told() -> None:
    found = plan(Reply([], [NS], [GLUE]), "www.child.example.org")
    assert told(found.authority) == [("child.example.org.", 2, False), ("child.example.org.", NSEC, True)]  # type: ignore[arg-type]
    assert types_of(denial(found)) == {Type.NS, Type.RRSIG, NSEC}
    assert told(found.additional) == [("ns.child.example.org.", 1, False)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("known", "ttl"), [([], 60), ([zone(ZONE)], 0)])
def test_that_a_delegation_is_insecure_holds_as_long_as_a_denial(known: list[Zone], ttl: int) -> None:
    planner = Planner([ZONE], False, Known([Holder(*known)]), APEX)
    found = planner.plan(asking("www.child.example.org"), Reply([], [NS]), False)
    assert found is not None
    assert denial(found).ttl == ttl


def test_a_delegation_to_a_zone_that_is_signed_here_too_is_the_parents() -> None:
    found = Planner([ZONE, CHILD], False, Known([]), APEX).plan(asking("www.child.example.org"), Reply([], [NS]), False)
    assert found is not None
    assert told(found.authority) == [("child.example.org.", 2, False), ("child.example.org.", NSEC, True)]  # type: ignore[arg-type]
    assert found.authority[1].unsigned is not None
    assert found.authority[1].unsigned.zone == ZONE


def test_a_secure_delegation_has_its_ds_signed() -> None:
    found = plan(Reply([], [NS, DS]), "www.child.example.org")
    assert told(found.authority) == [("child.example.org.", 2, False), ("child.example.org.", 43, True)]  # type: ignore[arg-type]


def test_addresses_below_a_delegation_are_not_signed() -> None:
    known = zone(ZONE, ("child.example.org", Type.NS, NS.rdata), ("ns.child.example.org", Type.A, A.rdata))
    found = plan(Reply([A], [], [GLUE]), "www.example.org", "A", False, known)
    assert told(found.additional) == [("ns.child.example.org.", 1, False)]  # type: ignore[arg-type]


def test_a_zone_below_that_is_not_signed_is_left_alone() -> None:
    planner = Planner([ZONE], False, Known([Holder(zone(ZONE), zone(CHILD))]), APEX)
    assert planner.plan(asking("child.example.org"), Reply([A._replace(owner=CHILD)]), False) is None


def test_records_of_one_name_and_type_belong_together() -> None:
    txt = A._replace(type=Type.TXT)
    assert list(rrsets([A, txt, A])) == [(A, A), (txt,)]
