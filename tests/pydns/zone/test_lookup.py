"""What a zone answers: data, no data, no name, wildcards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.records import Rcode, Record
from pydns.zone.lookup import find
from tests.pydns.zone.zones import RECORDS, absolute, ask, build, record, said, soa, zone_of

IP, OTHER = b"\1\1\1\1", b"\2\2\2\2"

ZONE = zone_of(
    record("@", "NS", "ns1"),
    record("@", "NS", "ns.example.net."),
    record("ns1", "A", IP),
    record("www", "A", IP),
    record("www", "A", OTHER),
    record("www", "TXT", b"\1x"),
    record("a.b.c", "A", IP),
    record("*.wild", "A", IP),
    record("*.wild", "MX", b"\0\1" + b"\3ns1\7example\3org\0"),
    record("there.wild", "TXT", b"\1x"),
    record("below.ent.wild", "A", IP),
    record("sub.*.star", "A", IP),
    record("odd", "TYPE65280", b"odd"),
    record("host", "TYPE1000", b""),
)


@pytest.mark.parametrize(
    ("name", "type_", "answer"),
    [
        ("www", "A", ["www A 1.1.1.1", "www A 2.2.2.2"]),
        ("@", "NS", ["@ NS ns1", "@ NS ns.example.net."]),
        ("@", "SOA", ["@ SOA"]),
        ("a.b.c", "A", ["a.b.c A 1.1.1.1"]),
        ("odd", "TYPE65280", ["odd TYPE65280"]),
        ("host", "TYPE1000", ["host TYPE1000"]),
        ("www", "ANY", ["www A 1.1.1.1", "www A 2.2.2.2", "www TXT"]),
        ("x.wild", "A", ["x.wild A 1.1.1.1"]),
        ("x.y.wild", "A", ["x.y.wild A 1.1.1.1"]),
        ("x.wild", "ANY", ["x.wild A 1.1.1.1", "x.wild MX ns1"]),
        ("*.wild", "A", ["*.wild A 1.1.1.1"]),
    ],
)
def test_what_is_there_is_the_answer(name: str, type_: str, answer: list[str]) -> None:
    found = ask(ZONE, name, type_)
    assert (found.rcode, said(found.answer), found.authority, found.authoritative) == (0, answer, (), True)


@pytest.mark.parametrize(
    ("name", "type_", "rcode"),
    [
        ("www", "AAAA", Rcode.NOERROR),
        ("b.c", "A", Rcode.NOERROR),
        ("c", "ANY", Rcode.NOERROR),
        ("nothing", "A", Rcode.NXDOMAIN),
        ("x.www", "A", Rcode.NXDOMAIN),
        ("x.b.c", "ANY", Rcode.NXDOMAIN),
        ("wild", "A", Rcode.NOERROR),
        ("x.wild", "AAAA", Rcode.NOERROR),
        # A name that exists ends the wildcard's reach, and so does what is below it (RFC 4592 section 2.2.1).
        ("there.wild", "A", Rcode.NOERROR),
        ("ent.wild", "A", Rcode.NOERROR),
        ("x.there.wild", "A", Rcode.NXDOMAIN),
        ("x.ent.wild", "A", Rcode.NXDOMAIN),
        ("x.*.wild", "A", Rcode.NXDOMAIN),
        # A wildcard may be an empty non-terminal.
        ("x.star", "A", Rcode.NOERROR),
        ("*.star", "A", Rcode.NOERROR),
    ],
)
def test_what_is_not_there_is_denied_with_the_soa(name: str, type_: str, rcode: int) -> None:
    found = ask(ZONE, name, type_)
    assert (found.rcode, found.answer, said(found.authority), found.authoritative) == (rcode, (), ["@ SOA"], True)


@pytest.mark.parametrize(("ttl", "minimum", "negative"), [(3600, 300, 300), (60, 300, 60)])
def test_a_denial_holds_as_long_as_the_soa_says(ttl: int, minimum: int, negative: int) -> None:
    found = ask(build([soa(ttl=ttl, minimum=minimum)]), "x")
    assert [each.ttl for each in found.authority] == [negative]


@pytest.mark.parametrize(
    ("name", "encloser", "wildcard"),
    [
        ("www", None, None),
        ("x.y", "@", None),
        ("x.www", "www", None),
        ("x.y.wild", "wild", "*.wild"),
        ("x.ent.wild", "ent.wild", None),
    ],
)
def test_it_tells_what_proofs_need(name: str, encloser: str | None, wildcard: str | None) -> None:
    found = ask(ZONE, name)
    assert found.encloser == (encloser and absolute(encloser))
    assert found.wildcard == (wildcard and absolute(wildcard))


@pytest.mark.parametrize(
    ("name", "type_", "why"),
    [
        ("www", "A", "www.example.org. in the zone"),
        ("www", "MX", "www.example.org. in the zone, without that type"),
        ("x.wild", "A", "*.wild.example.org. in the zone"),
        ("x", "A", "no x.example.org. in the zone"),
    ],
)
def test_it_says_why(name: str, type_: str, why: str) -> None:
    assert ask(ZONE, name, type_).why() == why


def test_the_root_zone_answers() -> None:
    zone = zone_of(record("org.", "NS", "ns.org."), record("ns.org.", "A", IP), origin=names.ROOT)
    assert not ask(zone, "www.example.org.").authoritative
    assert ask(zone, "net.").rcode == Rcode.NXDOMAIN
    assert said(ask(zone, ".", "SOA").answer) == [". SOA"]


@given(RECORDS, st.lists(st.sampled_from(["a", "b", "*", "ns", "www", "x"]), max_size=5), st.integers(1, 60))
def test_any_zone_answers_any_name(records: list[Record], labels: list[str], type_: int) -> None:
    zone = build([soa(), *records])
    found = find(zone, absolute(".".join(labels) or "@"), type_, True)
    assert found.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN)
    assert found.why()
    assert found.answer or found.authority
    assert found.authoritative or not found.answer


def test_any_is_no_more_than_fits_a_message() -> None:
    """One RRset more, so that the client is told that it is not all."""
    zone = zone_of(*(record("big", f"TYPE{type_}", bytes(40_000)) for type_ in range(1000, 1010)))
    assert len(ask(zone, "big", "ANY").answer) == 2
