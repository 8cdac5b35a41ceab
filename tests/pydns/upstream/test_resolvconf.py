import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.names import from_text
from pydns.upstream.endpoint import Endpoint
from pydns.upstream.resolvconf import nameservers, search_list

TEXT = """# made by hand
; also a comment
search example.org
nameserver 192.0.2.1
  nameserver\t2001:db8::1   # the second
nameserver 192.0.2.1
nameserver fe80::1%eth0
options edns0 trust-ad
#nameserver 192.0.2.66
"""


def test_the_nameserver_lines_are_read_in_order_each_once() -> None:
    assert nameservers(TEXT, "resolv.conf") == (
        Endpoint("192.0.2.1", 53),
        Endpoint("2001:db8::1", 53),
        Endpoint("fe80::1%eth0", 53),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nameserver", "resolv.conf:2: nameserver without an address"),
        ("nameserver dns.example", "resolv.conf:2: 'dns.example' is no IP address"),
    ],
)
def test_a_bad_line_is_logged_with_its_number(line: str, message: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "pydns.upstream")
    assert nameservers(f"\n{line}\nnameserver 192.0.2.1\n", "resolv.conf") == (Endpoint("192.0.2.1", 53),)
    assert caplog.messages == [message]


@pytest.mark.parametrize(("text", "expected"), [
    (TEXT, ["example.org"]),
    ("search a.test B.test. a.test # c.test\n", ["a.test", "b.test"]),
    ("search a.test\nsearch b.test c.test\n", ["b.test", "c.test"]),
    ("search a.test b.test\ndomain c.test d.test\n", ["c.test"]),
    ("search .\n", []),
    ("search a..b c.test\n", ["c.test"]),
    ("# search a.test\noptions ndots:5\n", []),
])  # fmt: skip
def test_the_last_search_list_holds(text: str, expected: list[str]) -> None:
    assert search_list(text, "resolv.conf") == tuple(map(from_text, expected))


@given(st.text())
def test_no_text_raises(text: str) -> None:
    search_list(text, "resolv.conf")
    search_list("search " + text, "resolv.conf")
    nameservers(text, "resolv.conf")
    nameservers("nameserver " + text, "resolv.conf")
