from __future__ import annotations

import os
import time

import pytest

from pydns.metrics import Metric, Metrics
from pydns_plugins.prometheus.process import count_process


def told(*, whole: bool = False) -> dict[str, Metric]:
    metrics = Metrics()
    count_process(metrics, whole=whole)
    return {metric.name: metric for metric in metrics.read() if isinstance(metric, Metric)}


def test_it_started_not_long_ago() -> None:
    with open("/proc/uptime") as file:
        up = float(file.read().split()[0])
    started = told()["process_start_time_seconds"].value()
    assert time.time() - up - 1 <= started <= time.time()


def test_processor_time_is_that_of_the_process() -> None:
    before = sum(os.times()[:2])
    assert before - 0.02 <= told()["process_cpu_seconds_total"].value() <= sum(os.times()[:2]) + 0.02


def test_open_files_are_counted() -> None:
    before = told()["process_open_fds"].value()
    number = os.open(os.devnull, os.O_RDONLY)
    try:
        assert told()["process_open_fds"].value() == before + 1
    finally:
        os.close(number)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("process_cpu_seconds_total", "counter"),
        ("process_resident_memory_bytes", "gauge"),
        ("process_virtual_memory_bytes", "gauge"),
        ("process_max_fds", "gauge"),
        ("process_open_fds", "gauge"),
    ],
)
def test_each_has_its_kind_and_a_value(name: str, kind: str) -> None:
    metric = told()[name]
    assert (metric.kind, metric.value() > 0) == (kind, True)


def test_the_runtime_is_told_on_demand_alone() -> None:
    assert {name for name in told(whole=True) if name.startswith("python_")}
    assert not {name for name in told() if name.startswith("python_")}


def test_each_generation_of_the_collector_is_told() -> None:
    assert set(told(whole=True)["python_gc_collections_total"].values) == {("0",), ("1",), ("2",)}
