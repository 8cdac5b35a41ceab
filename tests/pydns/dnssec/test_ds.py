from __future__ import annotations

import dns.dnssec
import dns.rdata
import dns.rdataclass
import pytest

from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.ds import Digest, ds, ds_text
from pydns.dnssec.key import key_tag
from pydns.records import Type
from tests.pydns.dnssec.signing import ZONE_NAME, key, name_of


def theirs(algorithm: Algorithm) -> dns.rdata.Rdata:
    rdata = key(algorithm).rdata
    return dns.rdata.from_wire(dns.rdataclass.IN, Type.DNSKEY, rdata, 0, len(rdata))


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.name)
@pytest.mark.parametrize("digest", Digest, ids=lambda each: each.name)
def test_it_is_dnspythons(algorithm: Algorithm, digest: Digest) -> None:
    made = dns.dnssec.make_ds(name_of(ZONE_NAME), theirs(algorithm), digest.name)
    assert ds(key(algorithm), digest) == made.to_wire()
    assert ds_text(ds(key(algorithm), digest)) == made.to_text().upper().replace("  ", " ")


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.name)
def test_the_tag_is_dnspythons(algorithm: Algorithm) -> None:
    assert key_tag(key(algorithm).rdata) == dns.dnssec.key_id(theirs(algorithm))
