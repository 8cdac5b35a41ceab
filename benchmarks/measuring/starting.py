"""From the start of a process to its first right answer, and the memory that it has then at rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.measuring.site import Outcome, Site
from benchmarks.peers.peer import Peer
from benchmarks.server import Server


def measure(site: Site, peers: Sequence[Peer], outcome: Outcome) -> None:
    runs: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in peers}
    for i in range(site.plan.rounds):
        for peer in peers:
            if peer.name not in outcome.failures:
                site.plan.tell(f"{site.workload.name}: start {i + 1} of {site.plan.rounds}, {peer.name}")
                with outcome.noting(peer.name), started(site, peer) as (_, figures):
                    runs[peer.name].append(figures)
    for name, made in runs.items():
        outcome.add(site.workload, name, made)


@contextmanager
def started(site: Site, peer: Peer) -> Iterator[tuple[Server, dict[str, float]]]:
    """A server at rest, with the seconds until its first answer and its memory."""
    with site.running(peer) as server:
        yield server, {"start_seconds": server.start_seconds, "memory_mebibytes": server.settled() / 2**20}
