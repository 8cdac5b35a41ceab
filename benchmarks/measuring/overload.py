"""Names that are kept, asked a thousand times a second, beside a flood of names that no upstream answers.

Every tenth query of the asker is for a name that is not kept and whose upstream answers: it tells when the server does
all its work again.
"""

from __future__ import annotations

import math
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks import asker, dnsperf
from benchmarks.asker import Asked
from benchmarks.figures import percentile
from benchmarks.measuring.metrics import total
from benchmarks.measuring.site import Outcome, Site
from benchmarks.peers.peer import Peer
from benchmarks.pour import Poured, pour
from benchmarks.probe import LOOPBACK, free_port
from benchmarks.workloads import ZONE, label

RATE: Final = 1_000  # of the asker, a second
FLOOD: Final = 20_000  # unique names a second that nobody answers
FLOOD_SECONDS: Final = 10.0

NORMAL: Final = 0.05
"""Seconds within which a query is answered where all is well."""

_SLICE: Final = 0.5
_ABNORMAL: Final = 0.05
"""The share of a slice's queries from which on not all is well: one that waits may have met another program at work."""

_BEFORE: Final = 2.0  # seconds of asking before the flood
_AFTER: Final = 15.0


def measure(site: Site, peers: Sequence[Peer], outcome: Outcome) -> None:
    for peer in peers:
        site.plan.tell(f"{site.workload.name}: {peer.name}, {_BEFORE + FLOOD_SECONDS + _AFTER:g} s")
        with outcome.noting(peer.name):
            outcome.add(site.workload, peer.name, [_run(site, peer)])


def _run(site: Site, peer: Peer) -> dict[str, float]:
    page = free_port()
    with site.running(peer, page) as server, ThreadPoolExecutor(1) as beside:
        dnsperf.pass_through(server.port, site.data.queries, site.workload.manner, 3)
        before, most = server.settled(), 0

        def watch(_: float) -> None:
            nonlocal most
            most = max(most, server.resident())

        pouring = beside.submit(_pour, server.port)
        asked = asker.ask(server.port, _names(), RATE, _BEFORE + FLOOD_SECONDS + _AFTER, watch)
        flood = pouring.result()
        server.check()
        with urllib.request.urlopen(f"http://{LOOPBACK}:{page}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
        return {
            **told(asked),
            "flood_sent": flood.sent,
            "flood_answered": flood.answered,
            "dropped": total(metrics, "pydns_dropped_messages_total"),
            "shed": total(metrics, "coredns_shed_dropped_total"),
            "memory_mebibytes": before / 2**20,
            "peak_mebibytes": most / 2**20,
            "memory_after_mebibytes": server.settled() / 2**20,
        }


def told(asked: Sequence[Asked]) -> dict[str, float]:
    """What the asker's queries tell: those sent during the flood of delays, later ones of when all was normal again."""
    end = _BEFORE + FLOOD_SECONDS
    during = [query for query in asked if _BEFORE <= query.sent < end]
    kept = [query for query in during if query.name.startswith(_KEPT)]
    waits = asker.waits(kept)
    return {
        "kept_p50_milliseconds": percentile(waits, 50) * 1e3,
        "kept_p99_milliseconds": percentile(waits, 99) * 1e3,
        "kept_lost": asker.lost(kept),
        "fresh_lost": asker.lost(during) - asker.lost(kept),
        "seconds_until_normal": seconds_until_normal([query for query in asked if query.sent >= end], end),
    }


def seconds_until_normal(asked: Sequence[Asked], begin: float) -> float:
    """The end of the last slice of time in which too many kept or too many fresh names had to wait, or failed."""
    slices: dict[tuple[int, bool], list[bool]] = {}
    for query in asked:
        place = int((query.sent - begin) / _SLICE), query.name.startswith(_KEPT)
        slices.setdefault(place, []).append(is_normal(query))
    bad = [number for (number, _), normal in slices.items() if normal.count(False) > _ABNORMAL * len(normal)]
    return (max(bad) + 1) * _SLICE if bad else 0.0


def is_normal(query: Asked) -> bool:
    """Whether it was answered soon, and without an error. A wait of NaN is none."""
    return query.waited <= NORMAL and query.rcode == 0


_KEPT: Final = label(0).rstrip("0123456789")


def _names() -> list[str]:
    """Nine kept names and a fresh one, for as long as is asked."""
    count = math.ceil(RATE * (_BEFORE + FLOOD_SECONDS + _AFTER))
    return [f"fresh{i:05}.{ZONE}" if i % 10 == 9 else f"{label(i % 1000)}.{ZONE}" for i in range(count)]


def _pour(port: int) -> Poured:
    time.sleep(_BEFORE)
    return pour(port, FLOOD, FLOOD_SECONDS)
