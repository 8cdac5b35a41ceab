from contextlib import suppress

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.errors import WireError
from pydns.tsig.client import SignedRequest
from pydns.tsig.errors import TsigError
from pydns.tsig.record import Tsig, may_hold_one, split
from pydns.tsig.server import read_signature
from tests.pydns.tsig.signing import KEY, RING, answer, query

octets = st.binary(max_size=80)
records = st.builds(
    Tsig,
    st.just(KEY.name),
    st.just(KEY.algorithm.name),
    st.integers(0, 2**48 - 1),
    st.integers(0, 65535),
    octets,
    st.integers(0, 65535),
    st.integers(0, 4095),  # dnspython takes no more
    octets,
)


@given(records)
def test_what_is_packed_is_read(record: Tsig) -> None:
    message, found = split(record.appended(query())) or (b"", None)
    assert found == record
    assert message == record.original_id.to_bytes(2) + query()[2:]


@given(records)
def test_dnspython_reads_the_same(record: Tsig) -> None:
    (theirs,) = dns.message.from_wire(record.appended(query()), keyring=False).tsig
    assert (theirs.time_signed, theirs.fudge, theirs.mac) == (record.time, record.fudge, record.mac)
    assert (theirs.original_id, int(theirs.error), theirs.other) == (record.original_id, record.error, record.other)


@given(octets, st.integers(0, 200), st.integers(0, 200))
def test_any_bytes_are_read_or_refused(noise: bytes, at: int, cut: int) -> None:
    whole = SignedRequest(query(), KEY).wire
    wire = whole[:at] + noise + whole[at + cut :]
    with suppress(WireError):
        read_signature(wire, RING.get)
    with suppress(TsigError):
        SignedRequest(query(), KEY).verify(wire)


TWICE = Tsig(KEY.name, KEY.algorithm.name, 1, 300, b"", 1)


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(TWICE.appended(TWICE.appended(query())), id="two of them"),
        pytest.param(TWICE.appended(query())[:-1], id="cut"),
        pytest.param(TWICE.appended(query()).replace(b"\0\xfa\0\xff", b"\0\xfa\0\x01"), id="class IN"),
        pytest.param(TWICE.appended(query()).replace(b"\0\xfa\0\xff\0", b"\0\xfa\0\xff\1"), id="a TTL"),
        pytest.param(TWICE._replace(other=b"x").appended(query()) [:-1] + b"", id="cut other data"),
    ],
)  # fmt: skip
def test_malformed(wire: bytes) -> None:
    with pytest.raises(WireError):
        split(wire)


def test_one_ahead_of_another_record_is_malformed() -> None:
    signed = TWICE.appended(query())
    opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    moved = signed[:10] + b"\0\2" + signed[12:].replace(opt, b"") + opt
    with pytest.raises(WireError):
        split(moved)


def test_a_plain_query_can_hold_none() -> None:
    end = query().index(b"\0\1\0\1") + 4
    assert not may_hold_one(query(), end, True)
    assert not may_hold_one(query()[:10] + b"\0\0" + query()[12:end], end, False)
    assert may_hold_one(TWICE.appended(query()), end, True)
    assert may_hold_one(answer(), end, False) is False  # an answer record alone
