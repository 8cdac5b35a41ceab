"""Which records prove what is not there: RFC 4035 section 3.1.3 and RFC 5155 section 7.2, case by case."""

from __future__ import annotations

import pytest

from pydns.dnssec.nsec3 import label
from pydns.records import Rcode, Type
from tests.pydns.zone.signed import PARAMETERS, nsec, nsec3
from tests.pydns.zone.zones import ORIGIN, absolute, ask, record

IP = b"\1\1\1\1"
RECORDS = (
    record("@", "NS", "ns"),
    record("ns", "A", IP),
    record("www", "A", IP),
    record("a.ent", "A", IP),
    record("*.wild", "A", IP),
    record("*.to", "CNAME", "x.wild"),
    record("insecure", "NS", "ns"),
    record("secure", "NS", "ns"),
    record("secure", "DS", bytes(36)),
    record("secure", "RRSIG", b"\0\x2b" + bytes(30)),
)
NSEC = nsec(*RECORDS)
NSEC3 = nsec3(*RECORDS)


def owners(zone: object, name: str, type_: str) -> list[str]:
    found = ask(zone, name, type_, do=True)  # type: ignore[arg-type]
    hashes = {label(PARAMETERS.hash(absolute(each))) + ORIGIN: each for each in NAMES}
    proof = [each.owner for each in found.authority if each.type in (Type.NSEC, Type.NSEC3)]
    assert set(proof) <= set(found.depends)
    return [hashes.get(owner) or next(each for each in NAMES if absolute(each) == owner) for owner in proof]


NAMES = ["@", "ns", "www", "ent", "a.ent", "wild", "*.wild", "to", "*.to", "insecure", "secure"]


@pytest.mark.parametrize(
    ("name", "type_", "proof"),
    [
        ("www", "AAAA", ["www"]),
        ("@", "AAAA", ["@"]),
        ("ent", "A", ["@"]),
        ("nothing", "A", ["insecure", "@"]),
        ("a", "A", ["@"]),
        ("x.wild", "A", ["*.wild"]),
        ("x.wild", "AAAA", ["*.wild"]),
        ("*.wild", "AAAA", ["*.wild"]),
        ("x.to", "A", ["*.wild", "*.to"]),
        ("insecure", "DS", ["insecure"]),
        ("x.insecure", "A", ["insecure"]),
        ("x.secure", "A", []),
        ("www", "A", []),
        ("*.wild", "A", []),
    ],
)
def test_nsec_records_prove_it(name: str, type_: str, proof: list[str]) -> None:
    assert owners(NSEC, name, type_) == proof


@pytest.mark.parametrize(
    ("name", "type_", "count", "matching"),
    [
        ("www", "AAAA", 1, ["www"]),
        ("ent", "A", 1, ["ent"]),
        ("nothing", "A", 3, ["@"]),
        ("x.a.ent", "A", 3, ["a.ent"]),
        ("x.wild", "A", 1, []),
        ("x.wild", "AAAA", 3, ["wild", "*.wild"]),
        ("insecure", "DS", 1, ["insecure"]),
        ("x.insecure", "A", 1, ["insecure"]),
        ("x.secure", "A", 0, []),
        ("www", "A", 0, []),
    ],
)
def test_nsec3_records_prove_it(name: str, type_: str, count: int, matching: list[str]) -> None:
    found = owners(NSEC3, name, type_)
    assert 0 < len(found) <= count or (not count and not found)
    assert set(matching) <= set(found)


def test_an_opted_out_delegation_is_proved_by_what_is_above() -> None:
    hidden = label(PARAMETERS.hash(absolute("insecure"))) + ORIGIN
    zone = NSEC3.changed([each for rrset in NSEC3.rrsets_at(hidden) or () for each in rrset.records()], [])
    found = ask(zone, "x.insecure", "A", do=True)
    proof = [each.owner for each in found.authority if each.type == Type.NSEC3]
    assert proof[0] == label(PARAMETERS.hash(ORIGIN)) + ORIGIN
    assert len(proof) <= 2


@pytest.mark.parametrize("zone", [NSEC, NSEC3])
@pytest.mark.parametrize("name", ["www", "nothing", "x.wild", "x.insecure"])
def test_without_do_there_is_no_proof(zone: object, name: str) -> None:
    found = ask(zone, name, "AAAA")  # type: ignore[arg-type]
    assert not [each for each in found.authority if each.type in (Type.NSEC, Type.NSEC3)]


@pytest.mark.parametrize("type_", ["NSEC3", "A"])
def test_a_hash_is_no_name(type_: str) -> None:
    text = label(PARAMETERS.hash(ORIGIN))[1:].decode()
    found = ask(NSEC3, text, type_, do=True)
    assert (found.rcode, found.answer, found.encloser) == (Rcode.NXDOMAIN, (), ORIGIN)
