from __future__ import annotations

import pytest

from pydns.metrics import Metrics
from pydns.names import from_text
from pydns.testing import query
from pydns_plugins.acl.counts import Counts
from pydns_plugins.acl.table import Action


@pytest.mark.parametrize(
    ("action", "name"), [(Action.BLOCK, "blocked"), (Action.FILTER, "filtered"), (Action.DROP, "dropped")]
)
def test_each_refusal_has_its_metric(action: Action, name: str) -> None:
    metrics = Metrics()
    Counts(metrics).refused(action, query(), from_text("example.org"))
    ((labels, count),) = metrics.counter(f"coredns_acl_{name}_requests_total", "").values.items()
    assert (labels[1:], count) == (("example.org.", ""), 1)


def test_what_is_allowed_has_one_too() -> None:
    metrics = Metrics()
    Counts(metrics).allowed(query())
    ((labels, count),) = metrics.counter("coredns_acl_allowed_requests_total", "").values.items()
    assert (labels[1:], count) == (("",), 1)


def test_counts_outlive_a_reload() -> None:
    metrics = Metrics()
    for _ in range(2):
        Counts(metrics).allowed(query())
    assert sum(metrics.counter("coredns_acl_allowed_requests_total", "").values.values()) == 2
