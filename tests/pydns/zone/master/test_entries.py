import pytest

from tests.pydns.zone.master.reading import read, read_below

SOA = "@ SOA ns admin 1 7200 900 1209600 300"


@pytest.mark.parametrize(
    ("line", "record"),
    [
        ("a A 192.0.2.1", "a 3600 A 192.0.2.1"),
        ("a 60 A 192.0.2.1", "a 60 A 192.0.2.1"),
        ("a IN A 192.0.2.1", "a 3600 A 192.0.2.1"),
        ("a 60 IN A 192.0.2.1", "a 60 A 192.0.2.1"),
        ("a IN 60 A 192.0.2.1", "a 60 A 192.0.2.1"),
        ("a in 1m a 192.0.2.1", "a 60 A 192.0.2.1"),
        ("a CLASS1 TYPE1 192.0.2.1", "a 3600 A 192.0.2.1"),
        ("a Cname B", "a 3600 CNAME B.example.org."),
        ("a A \\# 4 C0000201", "a 3600 A 192.0.2.1"),
        ("a TYPE65280 \\# 3 AB CD EF", "a 3600 TYPE65280 \\# 3 abcdef"),
        ("a TYPE65280 \\# 0", "a 3600 TYPE65280 \\# 0"),
        ("a TXT a b ( c", 'a 3600 TXT "a" "b" "c"'),
        ('a TXT ("x" ;', 'a 3600 TXT "x"'),
        ('a HTTPS 1 . alpn="h2,h3" port=8443', 'a 3600 HTTPS 1 . alpn="h2,h3" port="8443"'),
        ("a LOC 52 22 23 N 4 53 32 E -2m", "a 3600 LOC 52 22 23.000 N 4 53 32.000 E -2.00m"),
        ("a NSEC b A NXNAME", "a 3600 NSEC b.example.org. A NXNAME"),
        ("a X25 311061700956", 'a 3600 TYPE19 "311061700956"'),
        ("a APL 1:192.0.2.0/24 !2:2001:db8::/32", "a 3600 APL 1:192.0.2.0/24 !2:2001:db8::/32"),
    ],
)
def test_a_record_may_be_written_so(line: str, record: str) -> None:
    told = read_below(line + ("\n)\n" if "(" in line else "\n"))
    assert (told.records, told.faults) == ([record], [])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a", "1:2: a type is missing"),
        ("a IN", "1:5: a type is missing"),
        ("a 60 IN 60 A 192.0.2.1", "1:9: unknown type '60'"),
        ("a IN IN A 192.0.2.1", "1:6: unknown type 'IN'"),
        ("a CH A 192.0.2.1", "1:3: class CH in a zone of class IN"),
        ("a CLASS3 A 192.0.2.1", "1:3: class CLASS3 in a zone of class IN"),
        ("a CNAM b", "1:3: unknown type 'CNAM' (did you mean CNAME?)"),
        ("a ANY x", "1:3: no zone has records of type ANY"),
        ("a TYPE0 \\# 0", "1:3: no zone has records of type TYPE0"),
        ("a OPT x", "1:3: no zone has records of type OPT"),
        ("a A \\# 3 C00002", "1:3: these octets are no A record:"),
        ("a A \\# 4 C00002", "1:3: \\# 4 with 3 octets behind it"),
        ("a A \\# x", "1:3: \\# wants the number of octets behind it, and then these in hexadecimal"),
        ("a TYPE65280 abc", "1:3: TYPE65280 can only be written as \\# LENGTH HEX (RFC 3597)"),
        ("a LOC 1", "1:3: no LOC record: expecting a string"),
        ("a SOA ns admin 1 2 3 4 5", "1:3: a SOA record at a.example.org., which is not the apex of the zone"),
        ("@ SOA ns admin 2 2 3 4 5", "1:3: a second SOA record; the first stands in line 2"),
        ("a 5000000000 A 192.0.2.1", "1:3: '5000000000' is too long a time: at most 4294967295 s"),
        ('"a" A 192.0.2.1', "1:1: '\"a\"' is no name: take the quotes away"),
        ("$FOO 1", "1:1: unknown directive '$FOO' (one of: $ORIGIN, $TTL, $INCLUDE, $GENERATE)"),
        ("$ORIGN a", "1:1: unknown directive '$ORIGN' (did you mean $ORIGIN?)"),
        ("$TTL", "1:5: $TTL wants an argument"),
        ("$TTL 1 2", "1:8: '2' is too much behind $TTL"),
        ("$TTL x", "1:6: 'x' is no time: write seconds, or 1w2d3h4m5s"),
        ("$ORIGIN a..b", "1:9: an empty label in the name 'a..b'"),
        ("$DATE 19970101000000", "1:1: warning: $DATE is passed over"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(line: str, fault: str) -> None:
    told = read_below(line)
    assert told.records == []
    assert len(told.faults) == 1
    assert told.faults[0].startswith(fault)


def test_a_soa_may_be_repeated_word_for_word() -> None:
    assert read(f"$TTL 1\n{SOA}\n{SOA}\n").faults == []


# Owners


def test_a_record_without_an_owner_has_that_of_the_one_ahead() -> None:
    assert read_below("a A 192.0.2.1\n; x\n\n  \n A 192.0.2.2\n").records == [
        "a 3600 A 192.0.2.1",
        "a 3600 A 192.0.2.2",
    ]


def test_the_first_record_must_have_an_owner() -> None:
    assert read("$TTL 1\n A 192.0.2.1\n").faults == ["2:2: a record without an owner, and there is none ahead of it"]


def test_what_follows_an_owner_that_is_none_is_told_once() -> None:
    told = read_below("a..b A 192.0.2.1\n  A 192.0.2.2\n  MX 1 ns\nc A 192.0.2.3\n")
    assert told.records == ["c 3600 A 192.0.2.3"]
    assert told.faults == ["1:1: an empty label in the name 'a..b'"]


# TTLs (RFC 2308 section 4, and as BIND has them)


def test_the_ttl_of_the_directive_holds_where_a_record_has_none() -> None:
    told = read(f"$TTL 60\n{SOA}\na 5 A 192.0.2.1\nb A 192.0.2.1\n$TTL 70\nc A 192.0.2.1\n")
    assert [record.split()[1] for record in told.records] == ["60", "5", "60", "70"]
    assert told.faults == []


def test_without_the_directive_the_ttl_is_that_of_the_record_ahead() -> None:
    told = read(SOA.replace("SOA", "50 SOA") + "\na A 192.0.2.1\nb 70 A 192.0.2.1\nc A 192.0.2.1\nd TXT (x)\n")
    assert [record.split()[1] for record in told.records] == ["50", "50", "70", "70", "70"]
    assert told.faults == ["2:3: warning: no TTL here and no $TTL ahead: it is that of the record before (RFC 1035)"]


def test_where_the_soa_has_no_ttl_its_minimum_is_that_of_all() -> None:
    told = read(f"{SOA}\na A 192.0.2.1\nb 70 A 192.0.2.1\nc A 192.0.2.1\n")
    assert [record.split()[1] for record in told.records] == ["300", "300", "70", "300"]
    assert told.faults == [
        "1:3: warning: no TTL here and no $TTL ahead: it is the minimum of the SOA, 300, for all the zone"
    ]


def test_a_first_record_that_is_no_soa_wants_a_ttl() -> None:
    assert read("a A 192.0.2.1\n").faults == [
        "1:3: a record without a TTL: write $TTL 3600 at the beginning of the file"
    ]


def test_a_ttl_that_is_too_high_is_zero() -> None:
    told = read_below("a 2147483648 A 192.0.2.1\n")
    assert told.records == ["a 0 A 192.0.2.1"]
    assert told.faults == ["1:3: warning: a TTL of 2147483648 is over 2147483647 and counts as 0 (RFC 2181 section 8)"]
