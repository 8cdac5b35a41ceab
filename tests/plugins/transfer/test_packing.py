from __future__ import annotations

import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydns import names
from pydns.records import Class, Record, Type
from pydns.steps import whole
from pydns.zone.builder import Builder
from pydns.zone.zone import Zone
from pydns_plugins.transfer.packing import MOST, SOON, TooLongError, of_record, of_zone, pack
from tests.plugins.transfer.asking import zone_from

HEAD = b"\x12\x34\x84\0" + bytes(8)
ORIGIN = names.from_text("example.org")
QUESTION = ORIGIN + b"\0\xfc\0\1"

ZONE = """
@ 300 SOA ns.example.org. hostmaster.example.org. 1 2 3 4 5
@ 300 NS ns
@ 300 NS ns.elsewhere.test.
@ 300 MX 10 MAIL.Example.ORG.
ns 300 A 192.0.2.1
a.b.c 60 TXT "x" "y"
a.b.c 60 AAAA 2001:db8::1
a.b.c 60 AAAA 2001:db8::2
c.b.c 60 CNAME a.b.c
_sip._tcp 60 SRV 1 2 3 ns
* 60 A 192.0.2.9
sub 60 NS ns.sub
ns.sub 60 A 192.0.2.7
"""


def messages(zone: Zone, question: bytes = QUESTION) -> list[dns.message.Message]:
    return [dns.message.from_wire(wire, one_rr_per_rrset=True) for wire in pack(of_zone(zone), HEAD, question)]


def records(read: list[dns.message.Message]) -> list[tuple[str, str, int, str]]:
    return [
        (rrset.name.to_text(), dns.rdatatype.to_text(rrset.rdtype), rrset.ttl, rdata.to_text())
        for message in read
        for rrset in message.answer
        for rdata in rrset
    ]


def test_all_records_stand_between_two_of_the_soa() -> None:
    zone = zone_from(ZONE, "example.org.")
    found = records(messages(zone))
    assert found[0] == found[-1]
    assert found[0][1] == "SOA"
    expected = [
        (names.to_text(rrset.owner), dns.rdatatype.to_text(rrset.type), rrset.ttl, rdata)
        for rrset in zone.rrsets()
        for rdata in map(
            lambda rdata, type_=rrset.type: dns.rdata.from_wire(1, type_, rdata, 0, len(rdata)).to_text(), rrset.rdatas
        )
    ]
    assert sorted(found[:-1]) == sorted(expected)


def test_names_within_rdata_keep_their_letters() -> None:
    assert ("example.org.", "MX", 300, "10 MAIL.Example.ORG.") in records(messages(zone_from(ZONE, "example.org.")))


def test_the_question_stands_in_the_first_message_alone() -> None:
    zone = large(3000)
    read = messages(zone)
    assert len(read) > 1
    assert [len(message.question) for message in read] == [1] + [0] * (len(read) - 1)


def test_a_question_in_other_letters_is_kept() -> None:
    read = messages(zone_from(ZONE, "example.org."), b"\x07eXample\x03Org\0\0\xfc\0\1")
    assert read[0].question[0].name.to_text() == "eXample.Org."


def test_the_root_zone() -> None:
    zone = zone_from(ZONE.replace(".example.org.", "."), ".")
    found = records(messages(zone, b"\0\0\xfc\0\1"))
    assert (found[0][0], found[0][1], len(found)) == (".", "SOA", zone.records + 1)
    assert ("ns.sub.", "A", 60, "192.0.2.7") in found


def large(count: int) -> Zone:
    builder = Builder(ORIGIN)
    builder.add(ORIGIN, Type.SOA, 300, bytes(22))
    for i in range(count):
        builder.add(b"\x06%06d" % i + ORIGIN, Type.A, 300, i.to_bytes(4))
    return whole(builder.finish())


def test_messages_are_full_and_compressed() -> None:
    wires = list(pack(of_zone(large(5000)), HEAD, QUESTION))
    assert all(SOON - 100 < len(wire) <= SOON for wire in wires[:-1])
    assert sum(map(len, wires)) < 5000 * 24  # a label, a pointer and a record each
    assert sum(int.from_bytes(wire[6:8]) for wire in wires) == 5002


def test_a_large_record_makes_its_message_longer() -> None:
    rdata = b"".join(b"\xff" + bytes(255) for _ in range(240))
    builder = Builder(ORIGIN)
    builder.add(ORIGIN, Type.SOA, 300, bytes(22))
    builder.add(b"\1a" + ORIGIN, Type.TXT, 300, rdata)
    zone = whole(builder.finish())
    assert any(len(wire) > SOON for wire in pack(of_zone(zone), HEAD, QUESTION))


def test_a_record_that_no_message_has_room_for() -> None:
    record = Record(b"\1a" + ORIGIN, 65280, Class.IN, 60, bytes(MOST))
    with pytest.raises(TooLongError, match=r"the TYPE65280 record of a\.example\.org\. is longer"):
        list(pack([of_record(record)], HEAD, b""))


labels = st.sampled_from([b"a", b"b", b"A", b"xyz", b"\0", b"*", b"l" * 63])
owners = st.lists(labels, max_size=3).map(
    lambda parts: b"".join(bytes((len(part),)) + part for part in parts) + b"\3org\0"
)
made = st.one_of(
    st.builds(Record, owners, st.just(int(Type.A)), st.just(1), st.integers(0, 9), st.binary(min_size=4, max_size=4)),
    st.builds(Record, owners, st.sampled_from([2, 5, 12]), st.just(1), st.integers(0, 9), owners),
    st.builds(
        lambda owner, one, other: Record(owner, 6, 1, 5, one + other + bytes(20)), owners, owners, owners
    ),
    st.builds(lambda owner, name: Record(owner, 15, 1, 5, b"\0\1" + name), owners, owners),
    st.builds(Record, owners, st.just(65280), st.just(1), st.just(1), st.binary(max_size=12_000)),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(made, min_size=1, max_size=30), owners)
def test_what_is_packed_is_read_again(given_: list[Record], asked: bytes) -> None:
    records_ = [record._replace(owner=record.owner.translate(names.LOWER)) for record in given_]
    found = []
    for wire in pack(map(of_record, records_), HEAD, asked + b"\0\xfc\0\1"):
        message = dns.message.from_wire(wire, one_rr_per_rrset=True)
        for rrset in message.answer:
            for rdata in rrset:
                owner = rrset.name.to_wire().translate(names.LOWER)
                found.append(Record(owner, rrset.rdtype, 1, rrset.ttl, rdata.to_wire()))
    assert found == records_
