from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.services import spelling
from pydns.services.model import Port

labels = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)


@given(labels | st.just(""), st.sampled_from(spelling.PROTOCOLS), st.integers(1, 65535))
def test_a_port_is_read_as_it_is_written(name: str, protocol: str, number: int) -> None:
    port = Port(name, protocol, number)
    assert spelling.port(spelling.port_text(port)) == port


@pytest.mark.parametrize(
    "text", ["", ":", "a:", ":80", "a:b:80", "80/", "80/tcp/udp", "-1", "8O", "a:80/icmp", "99999", "٣"]
)
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|is out of range"):
        spelling.port(text)


@given(labels)
def test_a_label(text: str) -> None:
    assert spelling.label(text) == text


@pytest.mark.parametrize("text", ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "a\n", "ä"])
def test_what_is_no_label(text: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        spelling.label(text)


@pytest.mark.parametrize("text", ["a..b", ".", "a.", ".".join(["a" * 63] * 4)])
def test_what_is_no_subdomain(text: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        spelling.subdomain(text)


@pytest.mark.parametrize("text", ["10.0.0.1", "::1", "example.com", "example.com."])
def test_a_host(text: str) -> None:
    assert spelling.host(text) == text


MAPPED = bytes(10) + b"\xff\xff"  # RFC 4291 section 2.5.5.2


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
def test_an_address_is_read_as_it_is_written(packed: bytes) -> None:
    assert spelling.address(spelling.address_text(packed)) == packed.removeprefix(MAPPED)


@given(st.binary(min_size=4, max_size=4))
def test_a_mapped_address_is_ipv4(packed: bytes) -> None:
    assert spelling.address(spelling.address_text(MAPPED + packed)) == packed


@pytest.mark.parametrize(
    "read", [spelling.label, spelling.subdomain, spelling.address, spelling.host, spelling.port, spelling.protocol]
)
@given(text=st.text())
def test_no_text_breaks_it(read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ValueError as error:
        told = str(error)
    else:
        told = ""
    assert len(told) < 600
