"""Delegations: what belongs to another zone is referred to its servers, with the glue that leads there."""

from __future__ import annotations

import pytest

from pydns.records import Rcode, Record
from tests.pydns.zone.zones import ask, record, said, zone_of

IP = b"\1\1\1\1"

ZONE = zone_of(
    record("@", "NS", "ns"),
    record("ns", "A", IP),
    record("sub", "NS", "NS.sub"),
    record("sub", "NS", "ns.other"),
    record("sub", "NS", "ns"),
    record("sub", "NS", "ns.example.net."),
    record("sub", "DS", b"ds"),
    record("sub", "TXT", b"\1x"),
    record("ns.sub", "A", IP),
    record("ns.sub", "AAAA", bytes(16)),
    record("deep.er.sub", "NS", "ns.deep.er.sub"),
    record("ns.deep.er.sub", "A", IP),
    record("other", "NS", "ns.other"),
    record("ns.other", "A", b"\2\2\2\2"),
    record("*.sub", "A", IP),
    record("lame", "NS", "ns.lame"),
    record("alias.sub", "CNAME", "ns"),
    record("old.sub", "DNAME", "ns"),
)
DELEGATION = (record("sub", "NS", "ns"), record("sub", "DS", b"ds"))
GLUE = ["ns.sub A 1.1.1.1", "ns.sub AAAA", "ns.other A 2.2.2.2", "ns A 1.1.1.1"]
SERVERS = ["sub NS NS.sub", "sub NS ns.other", "sub NS ns", "sub NS ns.example.net."]


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("sub", "A"),
        ("sub", "NS"),
        ("sub", "SOA"),
        ("sub", "TXT"),
        ("sub", "ANY"),
        ("www.sub", "A"),
        ("ns.sub", "A"),
        ("x.y.sub", "DS"),
        ("*.sub", "A"),
        ("er.sub", "A"),
        ("deep.er.sub", "NS"),
        ("deep.er.sub", "DS"),
        ("ns.deep.er.sub", "A"),
        ("alias.sub", "A"),
        ("x.old.sub", "A"),
    ],
)
def test_what_stands_at_or_below_a_cut_is_referred_to_the_highest(name: str, type_: str) -> None:
    found = ask(ZONE, name, type_)
    assert (found.rcode, found.answer, found.authoritative) == (0, (), False)
    assert (said(found.authority), said(found.additional)) == (SERVERS, GLUE)
    assert found.why() == "referral to sub.example.org."


def test_glue_may_be_missing() -> None:
    found = ask(ZONE, "lame")
    assert (said(found.authority), said(found.additional)) == (["lame NS ns.lame"], [])


def test_the_parent_answers_for_ds() -> None:
    found = ask(ZONE, "sub", "DS")
    assert (said(found.answer), found.authoritative) == (["sub DS"], True)


def test_that_there_is_no_ds_is_said_by_the_parent() -> None:
    found = ask(ZONE, "lame", "DS")
    assert (found.rcode, found.answer, said(found.authority)) == (Rcode.NOERROR, (), ["@ SOA"])


def test_the_servers_of_the_apex_are_an_answer() -> None:
    found = ask(ZONE, "@", "NS")
    assert (said(found.answer), found.authority, said(found.additional)) == (["@ NS ns"], (), ["ns A 1.1.1.1"])


def test_a_signed_referral_tells_that_the_child_is_signed() -> None:
    signed = zone_of(*DELEGATION, record("sub", "RRSIG", b"\0\x2b" + bytes(16)))
    assert said(ask(signed, "x.sub", do=True).authority) == ["sub NS ns", "sub DS", "sub RRSIG"]


def test_ds_that_nobody_signed_proves_nothing() -> None:
    assert said(ask(zone_of(*DELEGATION), "x.sub", do=True).authority) == ["sub NS ns"]


@pytest.mark.parametrize(
    ("above", "glue"),
    [
        ((), ["ns.far A 1.1.1.1"]),
        ((record("far", "TXT", b"\1x"),), []),  # a closer encloser, without a wildcard
        ((record("far", "NS", "ns.example.net."), record("*.far", "A", b"\2\2\2\2")), ["ns.far A 2.2.2.2"]),  # occluded
    ],
)
def test_glue_may_come_from_a_wildcard(above: tuple[Record, ...], glue: list[str]) -> None:
    zone = zone_of(record("sub", "NS", "ns.far"), record("*", "A", IP), *above)
    assert said(ask(zone, "sub").additional) == glue


def test_names_beside_a_cut_are_the_zones_own() -> None:
    assert ask(ZONE, "subx").rcode == Rcode.NXDOMAIN
