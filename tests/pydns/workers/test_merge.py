from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.metrics import Histogram, Merge, Metric, Metrics
from pydns.workers.merge import add, outlives, tell

values = some.dictionaries(some.tuples(some.sampled_from("ab")), some.integers(0, 1000), max_size=2)


def merged(*each: Metric | Histogram) -> Metrics:
    total = Metrics()
    for metric in each:
        add(pickle.loads(pickle.dumps(tell(metric))), total)
    return total


def metric(kind: str, merge: Merge, found: dict[tuple[str], float]) -> Metric:
    made = Metric("name", "help", ("label",), kind, merge)
    made.values.update(found)
    return made


@pytest.mark.parametrize(("kind", "merge"), [("counter", "sum"), ("gauge", "sum"), ("gauge", "max"), ("gauge", "min")])
@given(found=some.lists(values, min_size=1, max_size=4))
def test_each_label_s_values_become_one(kind: str, merge: Merge, found: list[dict[tuple[str], float]]) -> None:
    (total,) = merged(*(metric(kind, merge, each) for each in found)).read()
    assert isinstance(total, Metric)
    assert (total.kind, total.merge, total.labels, total.help) == (kind, merge, ("label",), "help")
    reduce = {"sum": sum, "max": max, "min": min}[merge]
    labels = {label for each in found for label in each}
    assert total.values == {label: reduce(each[label] for each in found if label in each) for label in labels}


@given(some.lists(some.lists(some.floats(0, 10), max_size=5), min_size=1, max_size=4))
def test_histograms_are_summed(found: list[list[float]]) -> None:
    each = [Histogram("name", "help", (), (1, 2, 5)) for _ in found]
    for histogram, observed in zip(each, found, strict=True):
        for value in observed:
            histogram.observe(value=value)
    (total,) = merged(*each).read()
    assert isinstance(total, Histogram)
    assert sum(total.counts.get((), [])) == sum(map(len, found))
    assert total.sums.get((), 0) == pytest.approx(sum(map(sum, found)))


def test_histograms_of_other_bounds_do_not_mix() -> None:
    one, other = Histogram("name", "", (), (1,)), Histogram("name", "", (), (1, 2))
    one.observe(value=0)
    other.observe(value=0)
    (total,) = merged(one, other).read()
    assert isinstance(total, Histogram)
    assert total.counts == {(): [1, 0]}


def test_the_values_that_are_told_are_those_of_that_moment() -> None:
    counter = Metrics().counter("name", "")
    counter.add()
    told = tell(counter)
    counter.add()
    assert told.values == {(): 1}


@pytest.mark.parametrize(("kind", "stays"), [("counter", True), ("gauge", False), ("histogram", True)])
def test_what_a_worker_counted_outlives_it(kind: str, stays: bool) -> None:
    found = Histogram("name", "", (), (1,)) if kind == "histogram" else metric(kind, "sum", {})
    assert outlives(tell(found)) is stays
