"""Signatures, held to dnspython's validation."""

from __future__ import annotations

import dns.dnssec
import pytest

from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.key import SEP, ZONE
from pydns.dnssec.rrsig import Lifetime, label_count, rrsig, signers
from pydns.names import from_text
from pydns.records import Type
from tests.pydns.dnssec.signing import ZONE_NAME, key, name_of, rrset_of

NOW = 1_800_000_000
RRSETS = {
    "one address": (from_text("www.example.org"), Type.A, [b"\xc0\0\2\1"]),
    "several, not in order, one twice": (from_text("www.example.org"), Type.A, [b"\xc0\0\2\7", b"\xc0\0\2\1"] * 2),
    "a name in other letters": (from_text("example.org"), Type.NS, [b"\2NS\7eXample\3ORG\0"]),
    "a name behind a number": (from_text("example.org"), Type.MX, [b"\0\n\2MX\7eXample\3ORG\0"]),
    "two names and numbers": (from_text("example.org"), Type.SOA, [b"\2NS\0\1A\0" + bytes(range(65, 85))]),
    "strings and a name": (from_text("example.org"), Type.NAPTR, [b"\0\1\0\2\1S\4SIP+\0\2NS\3ORG\0"]),
    "text keeps its letters": (from_text("example.org"), Type.TXT, [b"\5Hello"]),
    "a wildcard": (from_text("*.example.org"), Type.A, [b"\xc0\0\2\1"]),
}


def validate(owner: bytes, type_: int, rdatas: list[bytes], algorithm: Algorithm, spoil: int | None = None) -> None:
    signer = key(algorithm)
    octets = bytearray(rrsig(owner, type_, 3600, rdatas, signer, NOW - 1, NOW + 1))
    if spoil is not None:
        octets[spoil] ^= 1
    keys = {name_of(ZONE_NAME): rrset_of(ZONE_NAME, Type.DNSKEY, 3600, [signer.rdata])}
    dns.dnssec.validate(
        rrset_of(owner, type_, 3600, rdatas), rrset_of(owner, Type.RRSIG, 3600, [bytes(octets)]), keys, now=NOW
    )


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.name)
def test_a_signature_is_valid(algorithm: Algorithm) -> None:
    validate(*RRSETS["one address"], algorithm)


@pytest.mark.parametrize("case", RRSETS)
def test_what_is_signed_is_canonical(case: str) -> None:
    validate(*RRSETS[case], Algorithm.ED25519)


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.name)
def test_one_flipped_bit_fails(algorithm: Algorithm) -> None:
    with pytest.raises(dns.dnssec.ValidationFailure):
        validate(*RRSETS["one address"], algorithm, spoil=-1)


@pytest.mark.parametrize(
    ("name", "count"), [(".", 0), ("org", 1), ("www.example.org", 3), ("*.example.org", 2), ("a.*.example.org", 4)]
)
def test_labels_are_counted(name: str, count: int) -> None:
    assert label_count(from_text(name)) == count


def test_times_are_read() -> None:
    lifetime = Lifetime(rrsig(*RRSETS["one address"][:2], 60, [b"\xc0\0\2\1"], key(), NOW - 1, NOW + 1))
    assert (lifetime.inception, lifetime.expiration, lifetime.tag) == (NOW - 1, NOW + 1, key().tag)


CSK, ZSK = key(), key(flags=ZONE)
OTHER = key(Algorithm.ED25519)


@pytest.mark.parametrize(
    ("keys", "type_", "found"),
    [
        ([CSK], Type.A, [CSK]),
        ([ZSK], Type.DNSKEY, [ZSK]),
        ([CSK, ZSK], Type.A, [ZSK]),
        ([CSK, ZSK], Type.DNSKEY, [CSK]),
        ([CSK, ZSK], Type.CDS, [CSK]),
        ([CSK, ZSK, OTHER], Type.A, [ZSK, OTHER]),
    ],
)
def test_who_signs_what(keys: list[object], type_: int, found: list[object]) -> None:
    assert list(signers(keys, type_)) == found  # type: ignore[arg-type]


def test_a_key_signing_key_has_the_flag() -> None:
    assert CSK.flags & SEP
