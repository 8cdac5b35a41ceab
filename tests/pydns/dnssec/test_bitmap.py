from __future__ import annotations

import dns.rdtypes.util
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.dnssec import bitmap


@given(st.frozensets(st.integers(1, 65535), max_size=20))
def test_what_is_written_is_read(types: frozenset[int]) -> None:
    assert bitmap.types(bitmap.bitmap(types)) == types


@given(st.frozensets(st.integers(1, 65535), max_size=20))
def test_it_is_dnspythons(types: frozenset[int]) -> None:
    import io

    out = io.BytesIO()
    dns.rdtypes.util.Bitmap.from_rdtypes([*types]).to_wire(out)  # type: ignore[arg-type]
    assert bitmap.bitmap(types) == out.getvalue()


@given(st.binary(max_size=40))
def test_other_octets_are_types_or_an_error(octets: bytes) -> None:
    try:
        assert all(0 <= type_ < 65536 for type_ in bitmap.types(octets))
    except ValueError as error:
        assert "cut" in str(error)  # noqa: PT017 -- either will do


@pytest.mark.parametrize("octets", [b"\0", b"\0\0", b"\0\2\1", b"\0\x21" + bytes(33)])
def test_a_cut_bitmap_is_an_error(octets: bytes) -> None:
    with pytest.raises(ValueError, match="cut"):
        bitmap.types(octets)
