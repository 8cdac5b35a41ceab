from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cluster.dashed import address_of_dashed, dashed


@pytest.mark.parametrize(("address", "label"), [
    ("10.244.0.7", b"10-244-0-7"),
    ("fd00::7", b"fd00--7"),
    ("5678:abcd::1", b"5678-abcd--1"),
    ("fd00::", b"fd00--0"),
    ("::1", b"--1"),
])  # fmt: skip
def test_an_address_as_a_label(address: str, label: bytes) -> None:
    assert dashed(ip_address(address).packed) == label


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
def test_a_label_gives_its_address_back(address: bytes) -> None:
    label = dashed(address)
    assert address_of_dashed(label) == address
    assert len(label) < 64


@pytest.mark.parametrize(
    "label", [b"", b"-", b"1-2-3", b"1-2-3-4-5", b"01-2-3-4", b"256-1-1-1", b"1.2.3.4", b"fe80--1%a", b"x"]
)
def test_what_is_no_address(label: bytes) -> None:
    assert address_of_dashed(label) is None


@given(st.binary(max_size=63))
def test_no_label_breaks_it(label: bytes) -> None:
    found = address_of_dashed(label)
    assert found is None or len(found) in (4, 16)
