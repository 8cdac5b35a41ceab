from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.errors import WireError
from pydns.records import Opcode, Record, Type
from pydns.wire.question import read_question
from pydns.wire.scan import HEADER
from pydns_plugins.secondary.notify import serial_in
from tests.pydns.transfer.messages import ORIGIN, a, packed, soa
from tests.pydns.wire.messages import CLIENT

QUESTION = ORIGIN + b"\0\6\0\1"


def notify(answers: bytes, count: int, behind: bytes = b"", more: int = 0) -> bytes:
    return HEADER.pack(1, Opcode.NOTIFY << 11, 1, count, 0, more) + QUESTION + answers + behind


def serial(wire: bytes) -> int | None:
    return serial_in(read_question(wire, CLIENT, 0))


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], None),
        ([soa(7)], 7),
        ([soa(2**32 - 1)], 2**32 - 1),
        ([a("example.org"), soa(7)], 7),
        ([soa(7, "example.net")], None),
        ([a("example.org")], None),
        ([soa(7)._replace(rdata=b"\0\0")], None),
        ([a("example.org")] * 16 + [soa(7)], None),
    ],
    ids=["none", "one", "the highest", "behind another", "of another zone", "no SOA", "broken", "too far behind"],
)
def test_the_serial_is_found(records: list[Record], expected: int | None) -> None:
    assert serial(notify(b"".join(map(packed, records)), len(records))) == expected


def test_an_opt_record_does_not_matter() -> None:
    assert serial(notify(packed(soa(7)), 1, b"\0" + Type.OPT.to_bytes(2) + b"\4\xd0\0\0\0\0\0\0", 1)) == 7


@given(some.binary(max_size=100), some.integers(0, 3))
def test_any_octets_are_read_or_refused(junk: bytes, count: int) -> None:
    for wire in (notify(junk, count), notify(packed(soa(7)) + junk, count)):
        try:
            query = read_question(wire, CLIENT, 0)
        except WireError:
            continue
        found = serial_in(query)
        assert found is None or 0 <= found < 2**32
