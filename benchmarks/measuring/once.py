"""Each name asked once: a server is started anew for each round, so that nothing is a repeat, and gets one pass."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from benchmarks import asker, dnsperf
from benchmarks.measuring.runs import take
from benchmarks.measuring.site import Outcome, Site
from benchmarks.peers.peer import Peer

RATE: Final = 500
SECONDS: Final = 3.0
"""For how long, and how often a second, others ask for what is not signed, beside the pass over signed names."""


def measure(site: Site, peers: Sequence[Peer], outcome: Outcome) -> None:
    runs: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in peers}
    for i in range(site.plan.rounds):
        for peer in peers:
            if peer.name not in outcome.failures:
                site.plan.tell(f"{site.workload.name}: round {i + 1} of {site.plan.rounds}, {peer.name}")
                with outcome.noting(peer.name):
                    runs[peer.name].append(_run(site, peer))
    for name, made in runs.items():
        outcome.add(site.workload, name, made)


def _run(site: Site, peer: Peer) -> dict[str, float]:
    with site.running(peer) as server:
        server.settled()  # what a start leaves to do is no part of the load
        load = partial(dnsperf.pass_through, server.port, site.data.queries, site.workload.manner, 1)
        if not site.workload.signed:
            return {**take(site, server, load), "memory_mebibytes": server.resident() / 2**20}
        with ThreadPoolExecutor(1) as beside:
            # Who asks for what is not signed shall not wait for those who do.
            asking = beside.submit(asker.ask, server.port, [site.workload.witness], RATE, SECONDS)
            figures = take(site, server, load)
            waits = asker.waits(asking.result())
        longest = waits[-1] * 1e3 if waits else float("nan")
        return {**figures, "memory_mebibytes": server.resident() / 2**20, "longest_wait_milliseconds": longest}
