"""Addresses of whom an answer names."""

from __future__ import annotations

import pytest

from pydns.names import ROOT, from_text
from pydns.records import Type
from pydns.zone.additional import MAX_HOSTS
from pydns.zone.lookup import find
from tests.pydns.zone.zones import ask, record, said, spelled, zone_of

HOST = spelled("Host")
IP = b"\1\1\1\1"
ORG = from_text("org")
FOUND = ["host A 1.1.1.1", "host AAAA"]


@pytest.mark.parametrize(
    ("type_", "rdata", "hosts"),
    [
        ("NS", HOST, FOUND),
        ("MX", b"\0\1" + HOST, FOUND),
        ("SRV", bytes(6) + HOST, FOUND),
        ("SVCB", b"\0\1" + HOST + b"\0\1\0\3\2h2", FOUND),
        ("HTTPS", b"\0\1" + HOST, FOUND),
        ("HTTPS", b"\0\1\0", ["@ A 1.1.1.1"]),  # the owner itself
        ("MX", b"\0\0\0", []),  # none at all (RFC 7505)
        ("MX", b"\0\1" + spelled("gone"), []),
        ("MX", b"\0\1" + spelled("mail.example.net."), []),
        ("PTR", HOST, []),
        ("SRV", b"\0\0", []),
        ("SVCB", b"\0\1\5ab", []),
    ],
)
def test_those_in_the_zone_come_along(type_: str, rdata: bytes, hosts: list[str]) -> None:
    zone = zone_of(
        record("@", type_, rdata),
        record("@", "A", IP),
        record("host", "A", IP),
        record("host", "AAAA", bytes(16)),
        record("host", "TXT", b"\1x"),
    )
    assert said(ask(zone, "@", type_).additional) == hosts


def test_a_host_comes_once() -> None:
    zone = zone_of(record("@", "MX", b"\0\1" + HOST), record("@", "MX", b"\0\2" + HOST), record("host", "A", IP))
    assert said(ask(zone, "@", "MX").additional) == ["host A 1.1.1.1"]


def test_they_are_bounded() -> None:
    hosts = [f"h{i}" for i in range(MAX_HOSTS + 9)]
    zone = zone_of(*(record("@", "NS", host) for host in hosts), *(record(host, "A", IP) for host in hosts))
    assert len(ask(zone, "@", "NS").additional) == MAX_HOSTS


def test_they_are_no_more_than_fit_a_message() -> None:
    """One host more, at most: else a query could have to wait for a million records to be packed."""
    hosts = [f"h{i}" for i in range(5)]
    addresses = [record(host, "A", number.to_bytes(4)) for host in hosts for number in range(3000)]
    zone = zone_of(*(record("@", "NS", host) for host in hosts), *addresses)
    assert len(ask(zone, "@", "NS").additional) == 6000


@pytest.mark.parametrize("rdata", [b"\0", b"\0\1", b"\0\1\3org", b"\0\1\x40org\0"])
def test_rdata_that_is_cut_disturbs_nobody_in_the_root_either(rdata: bytes) -> None:
    zone = zone_of(record("org.", "SVCB", rdata), record("org.", "A", IP), origin=ROOT)
    assert find(zone, ORG, Type.SVCB).additional == []
