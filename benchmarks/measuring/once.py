"""Each name asked once: a server is started anew for each round, so that nothing is a repeat, and gets one pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmarks import dnsperf
from benchmarks.measuring.runs import take
from benchmarks.measuring.site import Outcome, Site
from benchmarks.peers.peer import Peer


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
        figures = take(site, server, load)
        return {**figures, "memory_mebibytes": server.resident() / 2**20}
