"""What hosts says from name and type alone is what it says to a query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from pydns.names import from_text
from pydns.plugin import Turn
from pydns.records import type_from_text
from pydns.testing import query
from pydns_plugins.hosts import Hosts

Start = Callable[..., Awaitable[Hosts]]

ENTRIES = """  192.0.2.1 a.example.org
  2001:db8::1 six.example.org
  192.0.2.9 *.wild.example.org"""
OPTIONS = {
    "nothing else": [],
    "fallthrough": ["fallthrough"],
    "fallthrough of another zone": ["fallthrough example.net"],
    "fallthrough of other types": ["fallthrough", "fallthrough_unsupported"],
    "no_reverse": ["no_reverse", "fallthrough"],
}
NAMES = [
    "a.example.org",
    "six.example.org",
    "any.wild.example.org",
    "missing.example.org",
    "www.example.net",
    "1.2.0.192.in-addr.arpa",
    "2.2.0.192.in-addr.arpa",
    "192.in-addr.arpa",
]


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("zones", ["", "example.org", "example.org in-addr.arpa"])
@pytest.mark.parametrize("type_", ["A", "AAAA", "PTR", "HTTPS", "MX", "TXT"])
async def test_who_asks_by_name_and_type_is_passed_on_as_queries_are(
    options: list[str], zones: str, type_: str, started: Start
) -> None:
    hosts = await started("\n".join((f"hosts none {zones}", *(f"  {option}" for option in options), ENTRIES)))
    for name in NAMES:
        packed = hosts.packed(from_text(name), type_from_text(type_))
        goes_on = hosts.at_once(query(name, type_)) is Turn.NEXT
        assert (packed is Turn.NEXT) == goes_on, name
