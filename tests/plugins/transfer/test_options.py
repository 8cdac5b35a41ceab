from __future__ import annotations

import pytest

from pydns.errors import CorefileErrorGroup
from pydns.names import from_text
from pydns.upstream.endpoint import Endpoint
from pydns_plugins.transfer.options import Rule, read_rules
from tests.plugins.asking import block, directives


def rule(text: str) -> Rule:
    (found,) = read_rules(directives(text), block("example.org"))
    return found


ONE, OTHER = from_text("one"), from_text("other")


@pytest.mark.parametrize(
    ("lines", "host", "key", "expected"),
    [
        ("to *", "192.0.2.1", None, True),
        ("to *", "2001:db8::1", None, True),
        ("to 192.0.2.1", "192.0.2.1", None, True),
        ("to 192.0.2.1", "192.0.2.1", ONE, True),
        ("to 192.0.2.1", "192.0.2.2", None, False),
        ("to 192.0.2.1:5300", "192.0.2.1", None, True),
        ("to [2001:db8::1]:5300", "2001:db8::1", None, True),
        ("to fe80::1%lo", "fe80::1%lo", None, True),
        ("to 192.0.2.0/24 2001:db8::/32", "192.0.2.200", None, True),
        ("to 192.0.2.0/24 2001:db8::/32", "2001:db8:1::", None, True),
        ("to 192.0.2.0/24", "192.0.3.1", None, False),
        ("to * key one", "192.0.2.1", ONE, True),
        ("to * key ONE.", "192.0.2.1", ONE, True),
        ("to * key one", "192.0.2.1", OTHER, False),
        ("to * key one", "192.0.2.1", None, False),
        ("to 192.0.2.1 key one", "192.0.2.2", ONE, False),
        ("to 192.0.2.1 key one\n to 192.0.2.2", "192.0.2.2", None, True),
        ("to 192.0.2.1 key one\n to 192.0.2.1 key other", "192.0.2.1", OTHER, True),
    ],
)
def test_who_may_transfer(lines: str, host: str, key: bytes | None, expected: bool) -> None:
    assert rule(f"transfer\n {lines}").lets(host, key) is expected


def test_addresses_are_told_of_changes_and_networks_are_not() -> None:
    (to,) = rule("transfer\n to * 192.0.2.1 10.0.0.0/8 [2001:db8::1]:5300 192.0.2.1").to
    assert to.endpoints == (Endpoint("192.0.2.1"), Endpoint("2001:db8::1", 5300))


def test_zones_are_the_blocks_where_none_stand() -> None:
    assert rule("transfer\n to *").zones == (from_text("example.org"),)
    assert rule("transfer example.net\n to *").zones == (from_text("example.net"),)


def test_a_source() -> None:
    assert rule("transfer\n to 2001:db8::1\n source 2001:DB8::53").source == "2001:db8::53"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("transfer", "Corefile:1:1: transfer does not say to whom (add a line such as: to *)"),
        ("transfer\n to", "Corefile:2:1: to wants at least 1 argument, not 0"),
        ("transfer\n to ns.example.org", "Corefile:2:2: 'ns.example.org' is no IP address (write * for all"),
        ("transfer\n to 192.0.2.1:99999", "Corefile:2:2: '99999' is no port"),
        ("transfer\n to 192.0.2.0/33", "Corefile:2:2: '192.0.2.0/33' is no CIDR block"),
        ("transfer\n to key one", "Corefile:2:2: a key stands behind the addresses"),
        ("transfer\n to * key", "Corefile:2:3: a key stands behind the addresses"),
        ("transfer\n to * key a..b", "Corefile:2:4: empty label in 'a..b'"),
        ("transfer\n to *\n source a", "Corefile:3:2: 'a' is no IP address"),
        ("transfer\n to *\n source ::1\n source ::1", "Corefile:4:2: a second source"),
        ("transfer\n to 192.0.2.1\n source ::1", "Corefile:3:2: nobody can be told from ::1"),
        ("transfer\n too *", "Corefile:2:1: unknown option of transfer 'too' (did you mean 'to'?)"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read_rules(directives(text), block("example.org"))
    assert str(caught.value).startswith(error)


def test_all_errors_are_told() -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read_rules(directives("transfer\n to a\n source b\ntransfer"), block("example.org"))
    assert len(caught.value.errors) == 3
