import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.upstream.endpoint import Endpoint, endpoint


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1", Endpoint("192.0.2.1", 53)),
        ("192.0.2.1:5353", Endpoint("192.0.2.1", 5353)),
        ("2001:db8::1", Endpoint("2001:db8::1", 53)),
        ("2001:DB8:0::1", Endpoint("2001:db8::1", 53)),
        ("[2001:db8::1]", Endpoint("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", Endpoint("2001:db8::1", 5353)),
        ("fe80::1%eth0", Endpoint("fe80::1%eth0", 53)),
        ("[fe80::1%eth0]:5353", Endpoint("fe80::1%eth0", 5353)),
    ],
)
def test_addresses_are_read_with_and_without_a_port(text: str, found: Endpoint) -> None:
    assert endpoint(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "example.org", "192.0.2", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x", "[192.0.2.1]:53",
     "[2001:db8::1", "[2001:db8::1]53", "2001:db8::1::", "192.0.2.1:53:53", "/etc/resolv.conf", "192.0.2.1:\u0663"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        endpoint(text)


@given(st.ip_addresses(), st.integers(1, 65535))
def test_what_is_written_is_read_back(address: object, port: int) -> None:
    made = Endpoint(str(address), port)
    assert endpoint(str(made)) == made


def test_a_zone_that_is_no_interface_is_an_os_error() -> None:
    with pytest.raises(socket.gaierror):
        Endpoint("fe80::1%nosuch0").resolved(socket.SOCK_DGRAM)
