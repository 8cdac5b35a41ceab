from collections import Counter

import pytest

from pydns.upstream.endpoint import Endpoint
from pydns.upstream.health import Checks
from pydns.upstream.limits import Limits
from pydns.upstream.policy import MEASURE_AGAIN, POLICIES, Latency
from pydns.upstream.pool import Pool
from pydns.upstream.upstream import Upstream


def three() -> tuple[Upstream, ...]:
    return Pool(Limits(), Checks(), [Endpoint("192.0.2.1", port) for port in (1, 2, 3)]).upstreams


@pytest.mark.parametrize("name", POLICIES)
def test_an_order_holds_each_upstream_once(name: str) -> None:
    upstreams = three()
    policy = POLICIES[name]()
    for _ in range(10):
        order = policy.order(upstreams)
        assert len(order) == 3
        assert set(order) == set(upstreams)


def test_random_begins_with_each_of_them() -> None:
    upstreams = three()
    policy = POLICIES["random"]()
    first = Counter(policy.order(upstreams)[0] for _ in range(300))
    assert min(first[upstream] for upstream in upstreams) > 50


def test_round_robin_begins_one_further_each_time() -> None:
    a, b, c = three()
    policy = POLICIES["round_robin"]()
    assert [tuple(policy.order((a, b, c))) for _ in range(4)] == [(a, b, c), (b, c, a), (c, a, b), (a, b, c)]


def test_round_robin_bears_that_upstreams_go() -> None:
    a, b, c = three()
    policy = POLICIES["round_robin"]()
    policy.order((a, b, c))
    policy.order((a, b, c))
    assert tuple(policy.order((a,))) == (a,)


def test_sequential_is_the_order_of_the_corefile() -> None:
    upstreams = three()
    assert tuple(POLICIES["sequential"]().order(upstreams)) == upstreams


def test_latency_begins_with_the_fastest_and_ends_with_the_unknown() -> None:
    a, b, c = three()
    a.latency, b.latency = 0.4, 0.01
    assert tuple(Latency().order((a, b, c))) == (b, a, c)


@pytest.mark.parametrize(("latency", "patience"), [(None, 0.1), (0.001, 0.01), (0.02, 0.06), (3.0, 0.5)])
def test_the_spare_query_goes_out_when_the_first_is_slower_than_usual(latency: float | None, patience: float) -> None:
    a, _, _ = three()
    a.latency = latency
    assert Latency().patience(a) == pytest.approx(patience)


@pytest.mark.parametrize("name", ["random", "round_robin", "sequential"])
def test_the_others_have_no_spare_query(name: str) -> None:
    assert not POLICIES[name]().measures


def test_who_was_not_asked_for_a_while_is_measured_once() -> None:
    a, b, c = three()
    a.measured = b.measured = c.measured = 100.0
    policy, late = Latency(), 100.1 + MEASURE_AGAIN
    assert policy.unmeasured((a, b, c), 100.0) is None
    assert [policy.unmeasured((a, b), late) for _ in range(3)] == [a, b, None]


def test_who_is_down_is_not_measured() -> None:
    a, _, _ = three()
    a.health.down = True
    assert Latency().unmeasured((a,), 100.0) is None
