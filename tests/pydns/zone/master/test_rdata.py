import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given

from pydns.records import Type, type_from_text
from pydns.zone.master.driver import read_whole
from pydns.zone.master.rdata import LAYOUTS, RdataError, pack
from pydns.zone.master.reader import read_zone
from pydns.zone.master.spelling import Naming
from tests.pydns.zone.master.lines_of_records import RDATA
from tests.pydns.zone.master.reading import ORIGIN, read_below

_NAME = dns.name.from_text("example.org.")


def theirs(type_: str, text: str) -> bytes | None:
    """The rdata as dnspython has it; None where it refuses."""
    try:
        found = dns.rdata.from_text(dns.rdataclass.IN, type_, text, _NAME, relativize=False)
        return found.to_wire()
    except Exception:
        return None


def ours(type_: str, text: str) -> bytes | None:
    found: list[bytes] = []
    line = f"@ 60 {type_} {text}\n".encode("latin-1")
    read_whole(read_zone(line, "db", ORIGIN, lambda owner, type_, ttl, rdata: found.append(rdata)))
    return found[0] if found else None


@given(RDATA)
def test_what_we_and_dnspython_take_is_the_same(row: tuple[str, str]) -> None:
    we, they = ours(*row), theirs(*row)
    if we is not None and they is not None:
        assert we == they


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("NS", "a.B"),
        ("MX", "10 mail"),
        ("SRV", "0 5 5060 sip.other."),
        ("TXT", 'a "b c" \\"'),
        ("SOA", "ns admin 1 2h 15m 1w 5"),
        ("DS", "60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )"),
        ("DNSKEY", "256 3 RSASHA1 AQPSKmynfzW4 kyBv015MUG2DeIQ3"),
        ("RRSIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQ=="),
        ("NSEC", "host.example.com. ( A MX RRSIG NSEC TYPE1234 )"),
        ("NSEC3", "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG"),
        ("NSEC3PARAM", "1 0 12 aabbccdd"),
        ("CAA", '0 issue "ca.example; policy=ev"'),
        ("TLSA", "3 1 1 " + "0123456789abcdef" * 4),
        ("SSHFP", "4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789"),
        ("NAPTR", '100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.'),
        ("URI", '10 1 "ftp://ftp1.example.com/public"'),
        ("HINFO", '"Generic PC" NetBSD-1.4'),
        ("RP", "admin text"),
    ],
)
def test_it_is_packed_as_dnspython_does(type_: str, text: str) -> None:
    assert ours(type_, text) == theirs(type_, text) is not None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a A", "1:4: A: the address is missing"),
        ("a A 1.2.3.4 5", "1:13: A: '5' is too much"),
        ("a AAAA 1.2.3.4", "1:8: AAAA, the address: '1.2.3.4' is no IPv6 address"),
        ("a MX 10", "1:8: MX: the mail server is missing"),
        ("a MX 65536 b", "1:6: MX, the preference: 65536 is too much: at most 65535"),
        ("a SRV 0 0 x b", "1:11: SRV, the port: 'x' is no number"),
        ("a TXT", "1:6: TXT: a string is missing"),
        ("a TXT " + "x" * 256, "1:7: TXT: a string of 256 octets, at most 255: split it into several"),
        ("a NS a..b", "1:6: NS, the name: an empty label in the name 'a..b'"),
        ("a DS 1 13 2 abcd", "1:13: DS: a digest of type 2 has 32 octets, not 2"),
        ("a SSHFP 1 1 abcd", "1:13: SSHFP: a digest of type 1 has 20 octets, not 2"),
        ("a DS 1 13 2", "1:12: DS: hexadecimal digits are missing"),
        ("a DS 1 13 2 xyz", "1:13: DS: 'xyz' is no even number of hexadecimal digits"),
        ("a DNSKEY 256 3 13 ?", "1:19: DNSKEY: '?' is no base64: "),
        ("a NSEC b FOO", "1:10: NSEC: unknown type 'FOO'"),
        ("a NSEC b TYPE0", "1:10: NSEC: type 0 stands in no bitmap"),
        ("a NSEC3 1 0 0 - x! A", "1:17: NSEC3, the next hash: 'x!' is no hash in base32hex"),
        ("a NSEC3PARAM 1 0 0 abc", "1:20: NSEC3PARAM, the salt: 'abc' is no even number of hexadecimal digits"),
        ("a RRSIG A 8 2 60 2026 x 1 . AQAB", "1:23: RRSIG, the beginning: 'x' is no time: write it as YYYYMMDDHHmmSS"),
        ("a RRSIG A 8 2 60 20261301000000 0 1 . AQAB", "1:18: RRSIG, the end: '20261301000000' is no time"),
        ("a CAA 0 a-b x", "1:9: CAA, the tag: 'a-b' is no CAA tag: letters and digits only"),
        ("a TXT " + "x " * 40_000, "1:7: TXT: strings of over 65535 octets together"),
    ],
)
def test_a_fault_names_the_field(line: str, fault: str) -> None:
    (told,) = read_below(line).faults
    assert told.startswith(fault)


def test_each_layout_is_of_a_type_that_may_stand_in_a_zone() -> None:
    assert not {Type.OPT, Type.ANY, Type.TSIG, Type.AXFR} & set(LAYOUTS)


def test_the_word_to_blame_is_told() -> None:
    with pytest.raises(RdataError) as caught:
        pack(type_from_text("MX"), [b"10", b"a..b"], Naming(ORIGIN))
    assert caught.value.index == 1
