"""Rdata of types whose names may come compressed (RFC 3597 section 4), and of those with a fixed length."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.errors import WireError
from pydns.records import Type
from pydns.wire.rdata import spelled_rdata

AHEAD = bytes(12) + b"\2Ns\0"  # a name at offset 12
POINTER = b"\xc0\x0c"
NS = b"\2Ns\0"

GOOD = {
    "A": (Type.A, b"\1\2\3\4", b"\1\2\3\4"),
    "NS": (Type.NS, b"\1a" + POINTER, b"\1a" + NS),
    "MX": (Type.MX, b"\0\5" + POINTER, b"\0\5" + NS),
    "SOA": (Type.SOA, POINTER + POINTER + bytes(20), NS + NS + bytes(20)),
    "SRV": (Type.SRV, bytes(6) + POINTER, bytes(6) + NS),
    "NAPTR": (Type.NAPTR, bytes(4) + b"\1u\0\0" + POINTER, bytes(4) + b"\1u\0\0" + NS),
    "SIG": (Type.SIG, bytes(18) + POINTER + b"signed", bytes(18) + NS + b"signed"),
    "TXT": (Type.TXT, b"\1a", b"\1a"),
    "an unknown type": (65280, POINTER, POINTER),
}


@pytest.mark.parametrize(("type_", "stands", "means"), GOOD.values(), ids=GOOD)
def test_names_are_written_out_in_their_letters(type_: int, stands: bytes, means: bytes) -> None:
    wire = AHEAD + stands
    assert spelled_rdata(wire, type_, len(AHEAD), len(wire)) == means


BAD = {
    "a short A": (Type.A, bytes(3)),
    "a long AAAA": (Type.AAAA, bytes(17)),
    "no name": (Type.NS, b""),
    "octets behind the name": (Type.NS, POINTER + b"\0"),
    "a name that runs on": (Type.MX, b"\0\5\3a"),
    "a short SOA": (Type.SOA, POINTER + POINTER + bytes(19)),
    "a pointer ahead": (Type.NS, b"\xc0\xff"),
    "a cut NAPTR": (Type.NAPTR, bytes(4) + b"\x20"),
}


@pytest.mark.parametrize(("type_", "stands"), BAD.values(), ids=BAD)
def test_what_does_not_hold_together_is_refused(type_: int, stands: bytes) -> None:
    wire = AHEAD + stands
    with pytest.raises(WireError):
        spelled_rdata(wire, type_, len(AHEAD), len(wire))


@given(some.sampled_from([*Type]), some.binary(max_size=40))
def test_any_octets_are_read_or_refused(type_: int, rdata: bytes) -> None:
    with suppress(WireError):
        spelled_rdata(AHEAD + rdata, type_, len(AHEAD), len(AHEAD) + len(rdata))
