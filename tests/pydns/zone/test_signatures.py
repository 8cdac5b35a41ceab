"""Zones that came signed: the signatures of what is answered, for who wants them."""

from __future__ import annotations

import pytest

from pydns.records import Record
from tests.pydns.zone.zones import ask, record, said, soa, zone_of

IP = b"\1\1\1\1"


def covering(owner: str, type_: int) -> Record:
    return record(owner, "RRSIG", type_.to_bytes(2) + b"signature")


ZONE = zone_of(
    *(covering("@", each) for each in (2, 6)),
    record("@", "NS", "ns"),
    record("ns", "A", IP),
    covering("ns", 1),
    record("www", "CNAME", "ns"),
    covering("www", 5),
    record("www", "NSEC", b"\0"),
    covering("www", 47),
    record("*.w", "A", IP),
    covering("*.w", 1),
    record("old", "DNAME", "new"),
    covering("old", 39),
    record("a.new", "A", IP),
    record("sub", "NS", "ns"),
    record("sub", "DS", b"ds"),
    covering("sub", 43),
)


@pytest.mark.parametrize(
    ("name", "type_", "answer"),
    [
        ("ns", "A", ["ns A 1.1.1.1", "ns RRSIG"]),
        ("www", "A", ["www CNAME ns", "www RRSIG", "ns A 1.1.1.1", "ns RRSIG"]),
        ("www", "NSEC", ["www NSEC", "www RRSIG"]),
        ("x.w", "A", ["x.w A 1.1.1.1", "x.w RRSIG"]),
        ("a.old", "A", ["old DNAME new", "old RRSIG", "a.old CNAME a.new", "a.new A 1.1.1.1"]),
        ("sub", "DS", ["sub DS", "sub RRSIG"]),
    ],
)
def test_they_come_with_the_answer(name: str, type_: str, answer: list[str]) -> None:
    assert said(ask(ZONE, name, type_, do=True).answer) == answer


def test_nobody_gets_them_who_did_not_ask() -> None:
    assert said(ask(ZONE, "ns", "A").answer) == ["ns A 1.1.1.1"]


def test_they_may_be_asked_for_by_type() -> None:
    assert said(ask(ZONE, "www", "RRSIG").answer) == ["www RRSIG", "www RRSIG"]


def test_they_come_once_with_any() -> None:
    assert said(ask(ZONE, "ns", "ANY", do=True).answer) == ["ns A 1.1.1.1", "ns RRSIG"]


def test_they_come_with_a_denial() -> None:
    found = ask(ZONE, "x", do=True)
    assert said(found.authority) == ["@ SOA", "@ RRSIG"]
    assert {each.ttl for each in found.authority} == {300}
    assert soa().ttl != 300


def test_they_come_with_a_referral_and_its_glue() -> None:
    found = ask(ZONE, "x.sub", do=True)
    assert said(found.authority) == ["sub NS ns", "sub DS", "sub RRSIG"]
    assert said(found.additional) == ["ns A 1.1.1.1", "ns RRSIG"]
