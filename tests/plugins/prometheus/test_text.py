"""The text that Prometheus reads, and the turns that others have while it is written."""

from __future__ import annotations

import re
import subprocess

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from pydns.metrics import Metrics
from pydns_plugins.prometheus.text import SLICE, number, write
from tests.e2e.programs import installed


async def text(metrics: Metrics) -> str:
    return b"".join([part async for part in write(metrics)]).decode()


async def test_a_counter() -> None:
    metrics = Metrics()
    counter = metrics.counter("pydns_x_total", "What x is.", "server", "type")
    counter.add("dns://:53", "A", amount=3)
    counter.add("dns://:53", "", amount=0.25)
    assert await text(metrics) == (
        "# HELP pydns_x_total What x is.\n"
        "# TYPE pydns_x_total counter\n"
        'pydns_x_total{server="dns://:53",type="A"} 3\n'
        'pydns_x_total{server="dns://:53",type=""} 0.25\n'
    )


async def test_what_has_no_labels_is_0_from_the_start() -> None:
    metrics = Metrics()
    metrics.counter("pydns_x_total", "What x is.")
    metrics.counter("pydns_y_total", "What y is.", "server")
    assert (await text(metrics)).splitlines() == [
        "# HELP pydns_x_total What x is.",
        "# TYPE pydns_x_total counter",
        "pydns_x_total 0",
        "# HELP pydns_y_total What y is.",
        "# TYPE pydns_y_total counter",
    ]


async def test_the_buckets_of_a_histogram_add_up() -> None:
    metrics = Metrics()
    histogram = metrics.histogram("pydns_seconds", "Seconds.", "server", bounds=(0.25, 1, 8.192))
    for value in (0.25, 0.5, 0.75, 1.5, 100):
        histogram.observe("a", value=value)
    assert (await text(metrics)).splitlines()[2:] == [
        'pydns_seconds_bucket{server="a",le="0.25"} 1',
        'pydns_seconds_bucket{server="a",le="1"} 3',
        'pydns_seconds_bucket{server="a",le="8.192"} 4',
        'pydns_seconds_bucket{server="a",le="+Inf"} 5',
        'pydns_seconds_sum{server="a"} 103',
        'pydns_seconds_count{server="a"} 5',
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (3.0, "3"), (0.1, "0.1"), (1e300, str(int(1e300))), (-1, "-1"), (float("inf"), "+Inf"),
     (float("-inf"), "-Inf"), (float("nan"), "NaN")],
)  # fmt: skip
def test_a_number(value: float, written: str) -> None:
    assert number(value) == written


ODD = {
    "quotes": ('a"b"', r"a\"b\""),
    "a backslash": ("a\\b", r"a\\b"),
    "a backslash at the end": ("a\\", r"a\\"),
    "a line's end": ("a\nb", r"a\nb"),
    "a backslash and an n": ("a\\nb", r"a\\nb"),
    "letters of the world": ("münchen", "münchen"),
    "what is no UTF-8": ("a\udcffb", "a?b"),
    "braces": ("{}", "{}"),
}


@pytest.mark.parametrize(("value", "written"), ODD.values(), ids=ODD)
async def test_an_odd_label(value: str, written: str) -> None:
    metrics = Metrics()
    metrics.gauge("pydns_x", "x", "to").set(value, to=1)
    assert (await text(metrics)).splitlines()[2:] == [f'pydns_x{{to="{written}"}} 1']


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_no_label_breaks_a_line(values: list[str]) -> None:
    metrics = Metrics()
    metrics.gauge("pydns_x", "x", "a", "b").set(*values, to=1)
    lines = trio.run(text, metrics).split("\n")
    assert len(lines) == 4
    assert re.fullmatch(r'pydns_x\{a="(?:[^"\\]|\\["\\n])*",b="(?:[^"\\]|\\["\\n])*"\} 1', lines[2], re.DOTALL)


@pytest.mark.skipif(installed("promtool") is None, reason="promtool (Debian: prometheus) is not installed")
async def test_prometheus_reads_odd_labels() -> None:
    metrics = Metrics()
    gauge = metrics.gauge("pydns_x", 'A "help"\nwith a \\.', "to")
    for value, _ in ODD.values():
        gauge.set(value, to=float("inf"))
    page = (await text(metrics)).encode()
    checked = await trio.to_thread.run_sync(
        lambda: subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    )
    assert (checked.returncode, checked.stderr) == (0, b"")


# In slices.


def big() -> Metrics:
    """A page of more than a MiB."""
    metrics = Metrics()
    counter = metrics.counter("pydns_x_total", "x", "server", "zone")
    histogram = metrics.histogram("pydns_seconds", "Seconds.", "server", "zone", bounds=[2.0**i for i in range(14)])
    for i in range(10_000):
        counter.add("dns://127.0.0.1:53", f"zone-{i}.example.org.")
    for i in range(1000):
        histogram.observe("dns://127.0.0.1:53", f"zone-{i}.example.org.", value=1)
    return metrics


async def test_a_big_page_is_written_in_slices_with_turns_for_others(nursery: trio.Nursery) -> None:
    metrics, parts, turns = big(), [], 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    nursery.start_soon(other)
    before = [0]
    async for part in write(metrics):
        parts.append(part)
        before.append(turns)
    nursery.cancel_scope.cancel()
    assert sum(map(len, parts)) >= 1 << 20
    assert max(part.count(b"\n") for part in parts) <= 2 * SLICE  # a sample has one line, the last of a histogram two
    # trio may run either of the two first in a turn, so one slice may see none of the other's.
    assert all(later > earlier for earlier, later in zip(before[1:], before[3:], strict=False))


async def test_what_comes_and_changes_meanwhile_breaks_nothing() -> None:
    metrics = big()
    counter = metrics.counter("pydns_x_total", "x", "server", "zone")
    count = 0
    async for part in write(metrics):
        count += part.count(b"pydns_x_total{")
        counter.add("dns://127.0.0.1:53", f"new-{count}.")
        metrics.gauge(f"pydns_{count}", "x").set(to=1)
    assert count == 10_000
