from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns_plugins.acl.table import Action, Address, Network, Policy, Table

NETWORKS = st.one_of(
    st.tuples(st.ip_addresses(network="10.0.0.0/29"), st.integers(0, 32)),
    st.tuples(st.ip_addresses(network="2001:db8::/125"), st.integers(0, 128)),
).map(lambda pair: ip_network((int(pair[0]) if pair[0].version == 4 else pair[0], pair[1]), strict=False))
POLICIES = st.lists(
    st.builds(
        Policy,
        st.sampled_from(Action),
        st.none(),
        st.one_of(st.none(), st.lists(NETWORKS, min_size=1, max_size=4).map(tuple)),
    ),
    max_size=6,
)
ADDRESSES = st.one_of(st.ip_addresses(network="10.0.0.0/28"), st.ip_addresses(network="2001:db8::/124"))


def in_order(policies: list[Policy], address: IPv4Address | IPv6Address) -> Action | None:
    """One after the other, as it is told in the README."""
    for policy in policies:
        if policy.networks is None or any(address in network for network in policy.networks):
            return policy.action
    return None


@given(POLICIES, ADDRESSES)
def test_the_first_policy_that_holds_the_address_counts(
    policies: list[Policy], address: IPv4Address | IPv6Address
) -> None:
    table = Table(policies)
    found = Address.of(str(address))
    assert found is not None
    assert table.action(found) == in_order(policies, address)


@given(POLICIES, ADDRESSES)
def test_what_is_fixed_is_so_for_every_address(policies: list[Policy], address: IPv4Address | IPv6Address) -> None:
    table = Table(policies)
    if table.is_fixed:
        assert table.always == in_order(policies, address)


def nets(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


@pytest.mark.parametrize(
    ("policies", "fixed"),
    [
        ([], True),
        ([Policy(Action.BLOCK)], True),
        ([Policy(Action.BLOCK, None, nets("10.0.0.0/8"))], False),
        ([Policy(Action.BLOCK), Policy(Action.ALLOW, None, nets("10.0.0.0/8"))], True),
        ([Policy(Action.BLOCK, None, nets("10.0.0.0/8")), Policy(Action.BLOCK)], True),
        ([Policy(Action.DROP, None, nets("10.0.0.0/8")), Policy(Action.BLOCK)], False),
    ],
)
def test_it_tells_whether_the_address_counts(policies: list[Policy], fixed: bool) -> None:
    assert Table(policies).is_fixed is fixed


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", Address(4, 0xC0000201)),
        ("::ffff:192.0.2.1", Address(4, 0xC0000201)),
        ("::1", Address(6, 1)),
        ("fe80::1%eth0", Address(6, int(ip_address("fe80::1")))),
        ("", None),
        ("192.0.2", None),
        ("192.0.2.1\0", None),
        ("\ud800", None),
        ("localhost", None),
    ],
)
def test_an_address_is_read(text: str, address: Address | None) -> None:
    assert Address.of(text) == address


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    Address.of(text)
