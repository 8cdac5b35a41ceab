from __future__ import annotations

import dns.dnssec
import dns.rdata
import dns.rdataclass
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.dnssec.bitmap import bitmap
from pydns.dnssec.nsec3 import Parameters, label, read_parameters
from pydns.names import from_text
from pydns.records import Type


@pytest.mark.parametrize(("iterations", "salt"), [(0, b""), (1, b"\xab"), (12, bytes.fromhex("aabbccdd"))])
@pytest.mark.parametrize("name", ["example", "a.example", "*.w.example", "."])
def test_hashes_are_dnspythons(iterations: int, salt: bytes, name: str) -> None:
    ours = label(Parameters(iterations, salt).hash(from_text(name)))
    theirs = dns.dnssec.nsec3_hash(name, salt, iterations, "SHA1")
    assert ours == b"\x20" + theirs.lower().encode()


def test_the_hash_of_rfc_5155() -> None:
    # Appendix A.
    assert label(Parameters(12, bytes.fromhex("aabbccdd")).hash(from_text("example"))) == (
        b"\x200p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
    )


def test_records_are_read_by_dnspython() -> None:
    rdata = Parameters(1, b"\xab").nsec3(bytes(20), bitmap([Type.A, Type.RRSIG]), opt_out=True)
    found = dns.rdata.from_wire(dns.rdataclass.IN, Type.NSEC3, rdata, 0, len(rdata))
    assert found.to_text() == "1 1 1 ab " + "0" * 32 + " A RRSIG"


@given(st.integers(0, 65535), st.binary(max_size=255))
def test_parameters_are_read(iterations: int, salt: bytes) -> None:
    parameters = Parameters(iterations, salt)
    assert read_parameters(parameters.rdata) == parameters
    assert read_parameters(parameters.nsec3(bytes(20), b"")) == parameters


@given(st.binary(max_size=12))
def test_other_octets_are_parameters_or_none(rdata: bytes) -> None:
    found = read_parameters(rdata)
    assert found is None or len(found.salt) == rdata[4]
