from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.names import from_text
from pydns_plugins.loadbalance.policy import Policy, Preferring, RoundRobin, Weighted

NAME = from_text("www.example.org")
RDATA = st.lists(st.one_of(st.binary(min_size=4, max_size=4), st.binary(max_size=20)), min_size=2, max_size=8)


def packed(*addresses: str) -> list[bytes]:
    return [ip_address(address).packed for address in addresses]


def weighted(**weights: int) -> Weighted:
    policy = Weighted()
    policy.weights = {NAME: {bytes((192, 0, 2, int(last[1:]))): weight for last, weight in weights.items()}}
    return policy


def preferring(*networks: str) -> Preferring:
    return Preferring(RoundRobin(), [ip_network(network) for network in networks])


@pytest.fixture(autouse=True)
def _same_chances() -> None:
    random.seed(1053)


@pytest.mark.parametrize("policy", [RoundRobin(), weighted(_1=3, _2=9), preferring("192.0.2.0/25", "2001:db8::/32")])
@given(rdata=RDATA)
def test_every_order_holds_each_record_once(policy: Policy, rdata: list[bytes]) -> None:
    assert sorted(policy.order(NAME, rdata)) == list(range(len(rdata)))


@pytest.mark.parametrize(("count", "orders"), [(2, 2), (3, 6), (4, 24)])
def test_round_robin_gives_each_order_as_often(count: int, orders: int) -> None:
    found = Counter(tuple(RoundRobin().order(NAME, [b""] * count)) for _ in range(1000 * orders))
    assert len(found) == orders
    assert all(800 < times < 1200 for times in found.values())


def firsts(policy: Policy, rdata: Sequence[bytes], times: int = 6000) -> list[int]:
    """How often each record came first."""
    found = Counter(policy.order(NAME, rdata)[0] for _ in range(times))
    return [found[i] for i in range(len(rdata))]


def test_weights_say_who_is_first_how_often() -> None:
    found = firsts(weighted(_1=3, _2=1, _3=2), packed("192.0.2.1", "192.0.2.2", "192.0.2.3"))
    assert found == pytest.approx([3000, 1000, 2000], rel=0.1)


@pytest.mark.parametrize("policy", [weighted(_1=2), Weighted()])
def test_an_address_without_a_weight_has_1(policy: Weighted) -> None:
    shares = [4000, 2000] if policy.weights else [3000, 3000]
    assert firsts(policy, packed("192.0.2.1", "192.0.2.2")) == pytest.approx(shares, rel=0.1)


def test_the_one_that_is_chosen_changes_places_with_the_first() -> None:
    policy = weighted(_1=1, _2=1, _3=255)
    orders = {tuple(policy.order(NAME, packed("192.0.2.1", "192.0.2.2", "192.0.2.3"))) for _ in range(1000)}
    assert orders <= {(0, 1, 2), (1, 0, 2), (2, 1, 0)}


def test_weights_of_another_name_do_not_count() -> None:
    policy = weighted(_1=255)
    found = Counter(policy.order(from_text("example.org"), packed("192.0.2.1", "192.0.2.2"))[0] for _ in range(2000))
    assert found[1] > 800


@pytest.mark.parametrize(
    ("networks", "addresses", "first"),
    [
        (["10.9.20.0/24"], ["192.0.2.1", "10.9.20.5", "192.0.2.2"], ["10.9.20.5"]),
        (["10.9.20.0/24", "192.168.1.0/24"], ["192.168.1.1", "10.9.20.5", "192.0.2.2"], ["10.9.20.5", "192.168.1.1"]),
        (["192.168.1.0/24", "10.9.20.0/24"], ["192.168.1.1", "10.9.20.5", "192.0.2.2"], ["192.168.1.1", "10.9.20.5"]),
        (["2001:db8::/32"], ["2001:db9::1", "2001:db8::1"], ["2001:db8::1"]),
        (["10.0.0.0/8", "10.9.20.0/24"], ["192.0.2.1", "10.9.20.5"], ["10.9.20.5"]),
        (["10.0.0.0/8"], ["::10.0.0.1", "2001:db8::1", "::1"], []),
    ],
)
def test_preferred_networks_come_first_in_their_order(
    networks: list[str], addresses: list[str], first: list[str]
) -> None:
    policy = preferring(*networks)
    for _ in range(50):
        order = policy.order(NAME, packed(*addresses))
        assert [addresses[i] for i in order][: len(first)] == first


def test_others_are_ordered_as_ever() -> None:
    policy = preferring("10.0.0.0/8")
    found = {tuple(policy.order(NAME, packed("192.0.2.1", "10.0.0.1", "192.0.2.2"))) for _ in range(200)}
    assert found == {(1, 0, 2), (1, 2, 0)}
