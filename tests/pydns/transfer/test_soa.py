from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.errors import WireError
from pydns.names import from_text
from pydns.transfer.soa import Soa, read_soa

RDATA = b"\2NS\0\4host\0" + b"".join(number.to_bytes(4) for number in (1, 2, 3, 4, 5))


def test_an_soa_is_read() -> None:
    assert read_soa(RDATA) == Soa(from_text("ns"), from_text("host"), 1, 2, 3, 4, 5)


@pytest.mark.parametrize("rdata", [b"", RDATA[:-1], RDATA + b"\0", b"\xc0\x0c" + RDATA], ids=len)
def test_what_is_none_is_refused(rdata: bytes) -> None:
    with pytest.raises(WireError):
        read_soa(rdata)


@given(some.binary(max_size=60))
def test_any_octets_are_read_or_refused(rdata: bytes) -> None:
    with suppress(WireError):
        read_soa(rdata)
