"""Records out of a message of a transfer, against the reader that opens any message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.errors import WireError
from pydns.names import LOWER, from_text
from pydns.records import Record, Type
from pydns.reply import Reply
from pydns.transfer.reading import records
from pydns.wire.message import pack
from pydns.wire.opened import sections
from pydns.wire.scan import FIXED, HEADER

QUESTION = from_text("example.org") + b"\0\xfc\0\1"
START = 12 + len(QUESTION)

labels = some.sampled_from(["a", "B", "ns", "x" * 63, "*"])
names = some.lists(labels, max_size=3).map(lambda parts: from_text(".".join([*parts, "example.org"])))
rdatas = {
    Type.A: some.binary(min_size=4, max_size=4),
    Type.NS: names,
    Type.MX: names.map(lambda name: b"\0\5" + name),
    Type.TXT: some.binary(max_size=30).map(lambda text: bytes((len(text),)) + text),
    Type.SRV: names.map(lambda name: b"\0\1\0\2\0\3" + name),
    Type.SOA: names.map(lambda name: name + name + bytes(20)),
    Type.NAPTR: names.map(lambda name: b"\0\1\0\1\1u\0\0" + name),
}
some_records = some.sampled_from([*rdatas]).flatmap(
    lambda type_: some.builds(Record, names, some.just(int(type_)), some.just(1), some.integers(0, 9), rdatas[type_])
)


@given(some.lists(some_records, max_size=20))
def test_compressed_records_are_read_as_they_were(found: list[Record]) -> None:
    wire = pack(QUESTION, Reply(found))
    assert [
        Record(owner, type_, 1, ttl, rdata) for owner, type_, ttl, rdata in records(wire, START, len(found))
    ] == found


@given(some.binary(max_size=60), some.integers(0, 5))
def test_what_it_takes_the_other_reader_takes(junk: bytes, count: int) -> None:
    wire = HEADER.pack(0, 0x8000, 1, count, 0, 0) + QUESTION + junk
    try:
        found = [*records(wire, START, count)]
    except WireError:
        return
    try:
        opened, _, _ = sections(wire)
    except WireError:
        return  # octets are left over
    assert [(owner, type_, rdata.translate(LOWER)) for owner, type_, _, rdata in found] == [
        (record.owner, record.type, record.rdata.translate(LOWER)) for record in opened
    ]


def test_owners_are_folded_and_rdata_is_not() -> None:
    wire = bytes(12) + b"\3WwW\0" + FIXED.pack(Type.NS, 1, 300, 4) + b"\2Ns\0"
    assert [*records(wire, 12, 1)] == [(b"\3www\0", Type.NS, 300, b"\2Ns\0")]


def test_a_ttl_with_its_highest_bit_set_is_none() -> None:
    wire = bytes(12) + b"\0" + FIXED.pack(Type.A, 1, 1 << 31, 4) + bytes(4)  # RFC 2181 section 8
    assert [*records(wire, 12, 1)] == [(b"\0", Type.A, 0, bytes(4))]


@pytest.mark.parametrize("owner", [b"\xc0\x0c", b"\1a\xc0\x0c", b"\1a\xc0\xff", b"\x40", b"\xc0"])
def test_owners_that_lead_nowhere_are_refused(owner: bytes) -> None:
    wire = bytes(12) + owner + FIXED.pack(Type.A, 1, 0, 4) + bytes(4)
    with pytest.raises(WireError):
        [*records(wire, 12, 1)]


def test_names_that_grow_too_long_are_refused() -> None:
    label = b"\x3f" + b"x" * 63
    fixed = FIXED.pack(Type.A, 1, 0, 4) + bytes(4)
    first = bytes(12) + label * 3 + b"\0" + fixed
    with pytest.raises(WireError, match="255"):
        [*records(first + label + b"\xc0\x0c" + fixed, 12, 2)]
