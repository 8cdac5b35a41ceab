"""Aliases: CNAME chains, wildcard CNAMEs, DNAME."""

from __future__ import annotations

import pytest

from pydns.records import Rcode
from pydns.zone.lookup import MAX_CHAIN
from tests.pydns.zone.zones import absolute, ask, record, said, zone_of

IP = b"\1\1\1\1"
LONG = ".".join(["x" * 60] * 3)

ZONE = zone_of(
    record("www", "A", IP),
    record("one", "CNAME", "TWO"),
    record("two", "CNAME", "www"),
    record("nowhere", "CNAME", "gone"),
    record("nodata", "CNAME", "www.b"),
    record("www.b", "TXT", b"\1x"),
    record("out", "CNAME", "www.example.net."),
    record("outer", "CNAME", "out"),
    record("self", "CNAME", "self"),
    record("ping", "CNAME", "pong"),
    record("pong", "CNAME", "ping"),
    record("*.wild", "CNAME", "www"),
    record("*.loop", "CNAME", "x.loop"),
    record("signed", "CNAME", "www"),
    record("signed", "NSEC", b"\0"),
    *(record(f"c{i}", "CNAME", f"c{i + 1}") for i in range(50)),
    record("sub", "NS", "ns.sub"),
    record("into", "CNAME", "x.sub"),
    record("old", "DNAME", "New"),
    record("a.new", "A", IP),
    record("below.old", "A", IP),
    record("old", "TXT", b"\1x"),
    record("away", "DNAME", "example.net."),
    record("round", "DNAME", "x.round"),
    record("long", "DNAME", LONG),
    record("edge", "DNAME", "cut.sub"),
)


@pytest.mark.parametrize(
    ("name", "type_", "answer"),
    [
        ("two", "A", ["two CNAME www", "www A 1.1.1.1"]),
        ("one", "A", ["one CNAME TWO", "two CNAME www", "www A 1.1.1.1"]),
        ("one", "CNAME", ["one CNAME TWO"]),
        ("one", "ANY", ["one CNAME TWO"]),
        ("x.wild", "A", ["x.wild CNAME www", "www A 1.1.1.1"]),
        ("x.wild", "CNAME", ["x.wild CNAME www"]),
        ("signed", "NSEC", ["signed NSEC"]),
        ("a.old", "A", ["old DNAME New", "a.old CNAME a.New", "a.new A 1.1.1.1"]),
        ("a.old", "CNAME", ["old DNAME New", "a.old CNAME a.New"]),
        ("old", "DNAME", ["old DNAME New"]),
        ("old", "TXT", ["old TXT"]),
        # Loops end where they close.
        ("self", "A", ["self CNAME self"]),
        ("ping", "A", ["ping CNAME pong", "pong CNAME ping"]),
        ("y.loop", "A", ["y.loop CNAME x.loop", "x.loop CNAME x.loop"]),
    ],
)
def test_it_follows_aliases_within_the_zone(name: str, type_: str, answer: list[str]) -> None:
    found = ask(ZONE, name, type_)
    assert (found.rcode, said(found.answer), found.authority, found.authoritative) == (0, answer, (), True)
    assert found.alias is None


@pytest.mark.parametrize(
    ("name", "rcode", "answer"),
    [
        ("nowhere", Rcode.NXDOMAIN, ["nowhere CNAME gone"]),
        ("nodata", Rcode.NOERROR, ["nodata CNAME www.b"]),
        ("b.old", Rcode.NXDOMAIN, ["old DNAME New", "b.old CNAME b.New"]),
        # What stands below a DNAME is not there (RFC 6672 section 2.4).
        ("below.old", Rcode.NXDOMAIN, ["old DNAME New", "below.old CNAME below.New"]),
    ],
)
def test_the_last_name_decides(name: str, rcode: int, answer: list[str]) -> None:
    found = ask(ZONE, name)
    assert (found.rcode, said(found.answer), said(found.authority)) == (rcode, answer, ["@ SOA"])


def test_a_dname_is_none_for_its_own_name() -> None:
    found = ask(ZONE, "old")
    assert (found.rcode, found.answer, said(found.authority)) == (0, (), ["@ SOA"])


@pytest.mark.parametrize(
    ("name", "answer", "alias"),
    [
        ("out", ["out CNAME www.example.net."], "www.example.net."),
        ("outer", ["outer CNAME out", "out CNAME www.example.net."], "www.example.net."),
        ("a.b.away", ["away DNAME example.net.", "a.b.away CNAME a.b.example.net."], "a.b.example.net."),
    ],
)
def test_where_a_chain_leaves_the_zone_it_says_whereto(name: str, answer: list[str], alias: str) -> None:
    found = ask(ZONE, name)
    assert (said(found.answer), found.authority, found.alias) == (answer, (), absolute(alias))
    assert found.why() == f"alias to {alias}, which is not in the zone"


@pytest.mark.parametrize("name", ["into", "x.edge"])
def test_a_chain_may_end_in_a_referral(name: str) -> None:
    found = ask(ZONE, name)
    assert said(found.authority) == ["sub NS ns.sub"]
    assert found.authoritative  # it is about the name that was asked
    assert found.answer


def test_chains_are_bounded() -> None:
    assert len(ask(ZONE, "c0").answer) == MAX_CHAIN


def test_a_dname_onto_itself_ends_and_is_said_once() -> None:
    found = ask(ZONE, "a.round")
    assert len(found.answer) == len(set(found.answer)) == 1 + MAX_CHAIN
    assert found.rcode == Rcode.NOERROR


@pytest.mark.parametrize(("name", "type_"), [("one", "NSEC"), ("x.wild", "RRSIG")])
def test_an_alias_is_not_followed_for_what_is_of_the_alias_itself(name: str, type_: str) -> None:
    found = ask(ZONE, name, type_)
    assert (found.rcode, found.answer, said(found.authority)) == (Rcode.NOERROR, (), ["@ SOA"])


def test_a_name_that_gets_too_long_is_told() -> None:
    name = f"{'y' * 60}.{'z' * 20}.long"
    found = ask(ZONE, name)
    assert (found.rcode, said(found.answer)) == (Rcode.YXDOMAIN, [f"long DNAME {LONG}"])
    assert found.why() == "a DNAME that makes the name too long"


def test_a_dname_at_the_apex_is_an_alias_of_all_below() -> None:
    zone = zone_of(record("@", "DNAME", "example.net."), record("www", "A", IP), record("@", "TXT", b"\1x"))
    assert said(ask(zone, "www").answer) == ["@ DNAME example.net.", "www CNAME www.example.net."]
    assert said(ask(zone, "@", "TXT").answer) == ["@ TXT"]
