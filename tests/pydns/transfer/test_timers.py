"""The SOA's timers, whatever a primary writes into them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.transfer.soa import Soa
from pydns.transfer.timers import (
    LEAST_REFRESH,
    LEAST_RETRY,
    MOST_EXPIRE,
    MOST_REFRESH,
    MOST_RETRY,
    Timers,
    jittered,
    pause,
    timers,
)

seconds = some.one_of(some.integers(0, 2**32 - 1), some.integers(0, 10_000))


def soa(refresh: int, retry: int, expire: int) -> Soa:
    return Soa(b"\0", b"\0", 1, refresh, retry, expire, 300)


@given(seconds, seconds, seconds)
def test_they_are_within_bounds(refresh: int, retry: int, expire: int) -> None:
    found = timers(soa(refresh, retry, expire))
    assert LEAST_REFRESH <= found.refresh <= MOST_REFRESH
    assert LEAST_RETRY <= found.retry <= MOST_RETRY
    assert found.refresh < found.expire <= MOST_EXPIRE


def test_plain_ones_stay() -> None:
    assert timers(soa(7200, 3600, 1209600)) == Timers(7200, 3600, 1209600)


def test_zeros_leave_time_to_breathe() -> None:
    assert timers(soa(0, 0, 0)) == Timers(LEAST_REFRESH, LEAST_RETRY, LEAST_REFRESH + LEAST_RETRY)


def test_jitter_only_shortens() -> None:
    assert all(75 <= jittered(100) <= 100 for _ in range(100))


@pytest.mark.parametrize(
    ("failures", "expected"), [(1, 0.25), (2, 0.5), (6, 8), (7, 10), (60, 10), (61, 60), (10**6, 60)]
)
def test_pauses_grow_to_a_bound(failures: int, expected: float) -> None:
    assert pause(failures) == expected
