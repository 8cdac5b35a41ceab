"""Keys and records that several tests share, and dnspython's words for them."""

from __future__ import annotations

import functools

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rrset

from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.key import SEP, ZONE
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.private import generate
from pydns.names import from_text

ZONE_NAME = from_text("example.org")


@functools.cache
def key(algorithm: Algorithm = Algorithm.ECDSAP256SHA256, flags: int = ZONE | SEP, number: int = 0) -> SigningKey:
    """One for each argument; `number` tells others of the same kind apart."""
    return SigningKey(ZONE_NAME, flags, generate(algorithm, 1024 if number else 2048))


def name_of(wire: bytes) -> dns.name.Name:
    return dns.name.from_wire(wire, 0)[0]


def rrset_of(owner: bytes, type_: int, ttl: int, rdatas: list[bytes]) -> dns.rrset.RRset:
    made = [dns.rdata.from_wire(dns.rdataclass.IN, type_, each, 0, len(each)) for each in rdatas]
    return dns.rrset.from_rdata_list(name_of(owner), ttl, made)
