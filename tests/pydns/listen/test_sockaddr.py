import socket

import pytest

from pydns.listen.sockaddr import normalized, to_address, to_client
from pydns.query import Address

LOOPBACK = socket.if_nametoindex("lo")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (("192.0.2.1", 53), Address("192.0.2.1", 53)),
        (("2001:db8::1", 53, 0, 0), Address("2001:db8::1", 53)),
        (("::ffff:192.0.2.1", 53, 0, 0), Address("192.0.2.1", 53)),
        (("fe80::1", 53, 0, LOOPBACK), Address("fe80::1%lo", 53)),
        (("fe80::1%lo", 53, 0, LOOPBACK), Address("fe80::1%lo", 53)),
        (("fe80::1", 53, 0, 0x7FFFFFFF), Address("fe80::1%2147483647", 53)),
        (("::", 53, 0, 0), Address("::", 53)),
    ],
)
def test_an_address_has_one_form(name: tuple[object, ...], address: Address) -> None:
    assert to_address(name) == address


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("192.0.2.1", 1), ("192.0.2.1", 2), True),
        (("192.0.2.1", 1), ("192.0.2.2", 1), False),
        (("192.0.2.1", 1), ("::ffff:192.0.2.1", 1, 0, 0), True),
        (("::ffff:192.0.2.1", 1, 0, 0), ("::ffff:192.0.2.2", 1, 0, 0), False),
        (("2001:db8::1", 1, 0, 0), ("2001:db8::ffff:1", 1, 0, 0), True),
        (("2001:db8::1", 1, 0, 0), ("2001:db8:0:1::1", 1, 0, 0), False),
        (("fe80::1%lo", 1, 0, LOOPBACK), ("fe80::1", 1, 0, LOOPBACK), True),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network(
    one: tuple[object, ...], other: tuple[object, ...], same: bool
) -> None:
    assert (to_client(one) == to_client(other)) is same


@pytest.mark.parametrize(
    ("text", "spelling"),
    [("127.0.0.1", "127.0.0.1"), ("2001:DB8:0::1", "2001:db8::1"), ("FE80::1%eth0", "fe80::1%eth0")],
)
def test_an_address_has_one_spelling(text: str, spelling: str) -> None:
    # RFC 5952
    assert normalized(text) == spelling
