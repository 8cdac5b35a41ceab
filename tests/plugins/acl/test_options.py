from __future__ import annotations

from ipaddress import ip_network

import pytest

from pydns import names
from pydns.errors import CorefileErrorGroup
from pydns.records import Type
from pydns_plugins.acl.options import read_rules
from pydns_plugins.acl.table import Action, Network, Policy
from tests.plugins.asking import block, directives


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


@pytest.mark.parametrize(
    ("line", "policy"),
    [
        ("block", Policy(Action.BLOCK)),
        ("Allow", Policy(Action.ALLOW)),
        ("filter type *", Policy(Action.FILTER)),
        ("drop net *", Policy(Action.DROP)),
        ("block type A", Policy(Action.BLOCK, frozenset((Type.A,)))),
        ("block TYPE a AAAA", Policy(Action.BLOCK, frozenset((Type.A, Type.AAAA)))),
        ("block type TYPE65280", Policy(Action.BLOCK, frozenset((65280,)))),
        ("block type A *", Policy(Action.BLOCK)),
        ("block type A type MX", Policy(Action.BLOCK, frozenset((Type.A, Type.MX)))),
        ("block net 10.0.0.0/8", Policy(Action.BLOCK, None, networks("10.0.0.0/8"))),
        ("block net 10.1.2.3/8", Policy(Action.BLOCK, None, networks("10.0.0.0/8"))),
        ("block net 10.1.2.3", Policy(Action.BLOCK, None, networks("10.1.2.3/32"))),
        ("block net ::1", Policy(Action.BLOCK, None, networks("::1/128"))),
        ("block net 10.1.2.3 net ::1", Policy(Action.BLOCK, None, networks("10.1.2.3/32", "::1/128"))),
        ("block net 10.1.2.3 *", Policy(Action.BLOCK)),
        ("block net ::/0 0.0.0.0/0", Policy(Action.BLOCK)),
        ("block net ::ffff:10.0.0.0/104", Policy(Action.BLOCK, None, networks("10.0.0.0/8"))),
        ("block net ::ffff:10.1.2.3", Policy(Action.BLOCK, None, networks("10.1.2.3/32"))),
        ("block net ::/8", Policy(Action.BLOCK, None, networks("::/8"))),
        ("block net ::1 type A", Policy(Action.BLOCK, frozenset((Type.A,)), networks("::1/128"))),
    ],
)
def test_a_line_is_a_policy(line: str, policy: Policy) -> None:
    (rule,) = read_rules(directives(f"acl\n {line}"), block())
    assert rule.policies == (policy,)


def test_each_directive_is_a_rule_with_its_zones() -> None:
    rules = read_rules(directives("acl a b\n block\nacl\nacl 10.0.0.0/8"), block("example.org"))
    zones = [{names.to_text(zone) for zone in rule.zones} for rule in rules]
    assert zones == [{"a.", "b."}, {"example.org."}, {"10.in-addr.arpa."}]


NETWORK = "(write it as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1)"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "acl\n deny net *",
            "Corefile:2:1: unknown action of acl 'deny' (one of: allow, block, drop, filter)",
        ),
        ("acl\n Blok", "Corefile:2:1: unknown action of acl 'blok' (did you mean 'block'?)"),
        ("acl\n block ANY", "Corefile:2:2: 'ANY' stands where 'type' or 'net' must (write it before it)"),
        ("acl\n block type", "Corefile:2:2: nothing stands behind 'type' (write * for all)"),
        ("acl\n block type net *", "Corefile:2:2: nothing stands behind 'type' (write * for all)"),
        ("acl\n block type A net", "Corefile:2:4: nothing stands behind 'net' (write * for all)"),
        (
            "acl\n block type QUUX *",
            "Corefile:2:3: unknown type 'QUUX' (write a type as A, AAAA or TYPE65280)",
        ),
        ("acl\n block net 10.0.0.0/33", f"Corefile:2:3: '10.0.0.0/33' is no network {NETWORK}"),
        ("acl\n block net 10.0.0.0/255.0.0.0", f"Corefile:2:3: '10.0.0.0/255.0.0.0' is no network {NETWORK}"),
        ("acl\n block net 10.0.0", f"Corefile:2:3: '10.0.0' is no network {NETWORK}"),
        ("acl\n block net fe80::%1/64", f"Corefile:2:3: 'fe80::%1/64' is no network {NETWORK}"),
        ("acl\n block net * host", f"Corefile:2:4: 'host' is no network {NETWORK}"),
        (
            "acl a..b\n blok\nacl\n block net x",
            "Corefile:1:2: empty label in 'a..b'\n"
            "Corefile:2:1: unknown action of acl 'blok' (did you mean 'block'?)\n"
            f"Corefile:4:3: 'x' is no network {NETWORK}",
        ),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read_rules(directives(text), block())
    assert str(caught.value) == error
