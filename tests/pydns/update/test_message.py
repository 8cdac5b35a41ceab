"""What an UPDATE message may say (RFC 2136 section 2), and the rcodes of what it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.records import Rcode, Record
from pydns.steps import whole
from pydns.update import message as update_message
from pydns.update.errors import UpdateError
from pydns.update.message import read_update
from pydns.wire import scan
from pydns.wire.scan import Entry
from tests.pydns.update.messages import add, address, delete, equals, exists, lacks, message
from tests.pydns.zone.zones import ORIGIN, absolute, soa

A = add("www", "A", address(1))


def rcode_of(wire: bytes) -> int:
    try:
        whole(read_update(wire, ORIGIN))
    except UpdateError as error:
        return error.rcode
    return Rcode.NOERROR


def test_both_sections_are_read() -> None:
    before, after = [exists("a"), lacks("b", "A"), *equals("c", "A", address(1))], [A, delete("d"), delete("e", "A")]
    found = whole(read_update(message(before, after), ORIGIN))
    assert found == (tuple(before), tuple(after))


def test_the_additional_section_is_passed_over() -> None:
    wire = message([], [A])
    wire = wire[:10] + b"\0\1" + wire[12:] + b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    assert len(whole(read_update(wire, ORIGIN)).changes) == 1


def test_a_long_one_is_read_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    entry_at, looked = update_message.entry_at, []

    def look(wire: bytes, section: int, owner: int) -> Entry:
        looked.append(owner)
        return entry_at(wire, section, owner)

    monkeypatch.setattr(update_message, "entry_at", look)
    monkeypatch.setattr(scan, "entry_at", look)
    next(read_update(message([], [A] * 2000), ORIGIN))
    assert len(looked) == 50


def test_names_come_compressed() -> None:
    wire = message([], [Record(b"\x03www\xc0\x0c", 5, 1, 60, b"\x01a\xc0\x0c")])
    assert whole(read_update(wire, ORIGIN)).changes == (add("www", "CNAME", "a", 60),)


def test_letters_stay_in_data_and_go_in_owners() -> None:
    wire = message([], [Record(b"\x03WWW\xc0\x0c", 15, 1, 60, b"\0\x0a\x04Mail\xc0\x0c")])
    assert whole(read_update(wire, ORIGIN)).changes == (add("www", "MX", b"\0\x0a\x04Mail" + ORIGIN, 60),)


def test_a_ttl_with_the_highest_bit_is_none() -> None:
    (found,) = whole(read_update(message([], [A._replace(ttl=0x8000_0000)]), ORIGIN)).changes
    assert found.ttl == 0


PREREQUISITES = {
    "a TTL": exists("a")._replace(ttl=1),
    "a TTL where it must not be": lacks("a")._replace(ttl=1),
    "a TTL of data": A,
    "data with class ANY": exists("a", "A")._replace(rdata=address(1)),
    "data with class NONE": lacks("a", "A")._replace(rdata=address(1)),
    "class CH": exists("a")._replace(class_=3),
    "data of type ANY": exists("a")._replace(class_=1),
    "a type of messages": exists("a", "AXFR"),
}
CHANGES = {
    "class CH": A._replace(class_=3),
    "to add ANY": A._replace(type=255),
    "to add AXFR": A._replace(type=252),
    "to add MAILA": A._replace(type=254),
    "to add TSIG": A._replace(type=250),
    "to add OPT": A._replace(type=41, owner=ORIGIN),
    "to add type 0": A._replace(type=0),
    "a deletion with a TTL": delete("a")._replace(ttl=1),
    "a deletion of an RRset with data": delete("a", "A")._replace(rdata=address(1)),
    "a deletion of AXFR": delete("a", "AXFR"),
    "a deletion of a record with a TTL": delete("a", "A", address(1))._replace(ttl=1),
    "a deletion of a record of type ANY": delete("a", "ANY", address(1)),
    "an address of three octets": A._replace(rdata=b"abc"),
    "no address": A._replace(rdata=b""),
    "octets behind a name": A._replace(type=2, rdata=b"\0x"),
    "a string that is cut": A._replace(type=16, rdata=b"\x05a"),
    "a SOA that is cut": soa()._replace(rdata=b"\0\0abc"),
}


@pytest.mark.parametrize("record", PREREQUISITES.values(), ids=PREREQUISITES)
def test_a_prerequisite_that_is_none(record: Record) -> None:
    assert rcode_of(message([record], [])) == Rcode.FORMERR


@pytest.mark.parametrize("record", CHANGES.values(), ids=CHANGES)
def test_a_change_that_is_none(record: Record) -> None:
    assert rcode_of(message([], [record])) == Rcode.FORMERR


@pytest.mark.parametrize("owner", ["example.com.", "org.", "xexample.org."])
def test_a_name_out_of_the_zone(owner: str) -> None:
    assert rcode_of(message([exists(owner)], [])) == Rcode.NOTZONE
    assert rcode_of(message([], [A._replace(owner=absolute(owner))])) == Rcode.NOTZONE


def test_a_type_that_nobody_knows_may_hold_anything() -> None:
    assert rcode_of(message([], [A._replace(type=65280, rdata=b"anything")])) == Rcode.NOERROR


@given(st.data())
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    wire = bytearray(message([exists("a"), *equals("b", "MX", b"\0\1\0")], [A, delete("a"), soa(5)]))
    for at, octet in data.draw(st.lists(st.tuples(st.integers(6, len(wire) - 1), st.integers(0, 255)), max_size=8)):
        wire[at] = octet
    cut = data.draw(st.integers(12, len(wire)))
    assert rcode_of(bytes(wire[:cut])) in (Rcode.NOERROR, Rcode.FORMERR, Rcode.NOTZONE)


@given(st.binary(max_size=300))
def test_hostile_bytes(octets: bytes) -> None:
    wire = message()[:6] + octets[:6].ljust(6, b"\1") + message()[12:] + octets[6:]
    assert rcode_of(wire) in (Rcode.NOERROR, Rcode.FORMERR, Rcode.NOTZONE)
