from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.family import Family
from pydns.metrics import Metrics
from pydns.testing import plugins_of


def worker(number: int, count: int) -> Family:
    family = Family()
    family.number, family.count = number, count
    return family


@given(some.integers(1, 10_000), some.integers(1, 64))
def test_all_portions_together_are_the_limit(limit: int, count: int) -> None:
    portions = [worker(number, count).portion(limit) for number in range(count)]
    assert sum(portions) == max(limit, count)
    assert max(portions) - min(portions) <= 1


def test_no_limit_is_none_for_each() -> None:
    assert worker(1, 2).portion(0) == 0


def test_who_is_alone_has_the_whole_limit() -> None:
    assert Family().portion(3) == 3


async def test_who_is_alone_reports_for_itself() -> None:
    (plugin,) = plugins_of(". {\n ready\n}")
    assert await Family().reports(plugin) == [[]]


async def test_who_is_alone_counts_for_itself() -> None:
    metrics = Metrics()
    assert await Family().metrics(metrics) is metrics


def test_what_is_said_is_heard_by_who_listens() -> None:
    family, heard = Family(), []
    with family.hear("topic", heard.append), family.hear("other", heard.append):
        family.heard("topic", 1)
    family.heard("topic", 2)
    family.heard("nobody's", 3)
    assert heard == [1]


def test_nobody_hears_who_is_alone() -> None:
    family, heard = Family(), []
    with family.hear("topic", heard.append):
        family.say("topic", 1)
    assert heard == []


async def test_who_is_alone_makes_what_it_shares() -> None:
    descriptor = os.memfd_create("test")

    async def build() -> tuple[int, str]:
        return descriptor, "facts"

    shared = await Family().shared("key", build)
    assert shared[:2] == (descriptor, "facts")
    shared.release()
    os.close(descriptor)


async def test_what_fails_as_it_is_made_is_told() -> None:
    async def build() -> tuple[int, str]:
        raise OSError("no memory")

    with pytest.raises(OSError, match="no memory"):
        await Family().shared("key", build)


def test_secrets_differ() -> None:
    assert Family().secret != Family().secret
