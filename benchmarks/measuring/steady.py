"""The same names over and over. All servers are started and warmed, then asked in turns: disturbances even out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

from benchmarks import dnsperf
from benchmarks.figures import percentile
from benchmarks.measuring.runs import take, take_logged
from benchmarks.measuring.site import Outcome, Site
from benchmarks.peers import OURS
from benchmarks.peers.peer import Peer
from benchmarks.server import Server

LATENCY_SECONDS: Final = 1.0


def measure(site: Site, peers: Sequence[Peer], outcome: Outcome) -> None:
    plan, workload = site.plan, site.workload
    with ExitStack() as stack:
        servers = []
        for peer in peers:
            plan.tell(f"{workload.name}: starting {peer.name}")
            with outcome.noting(peer.name):
                server = stack.enter_context(site.running(peer))
                dnsperf.pass_through(server.port, site.data.queries, workload.manner, workload.warming)
                server.check()
                servers.append(server)
        runs: dict[Server, list[dict[str, float]]] = {server: [] for server in servers}
        for i in range(plan.rounds):
            for server in servers:
                if server.name not in outcome.failures:  # one that fails is asked no more
                    plan.tell(f"{workload.name}: round {i + 1} of {plan.rounds}, {server.name}")
                    with outcome.noting(server.name):
                        runs[server].append(_run(site, server))
        for server, made in runs.items():
            outcome.add(workload, server.name, made, memory_mebibytes=server.resident() / 2**20)


def _run(site: Site, server: Server) -> dict[str, float]:
    """Full speed for the CPU time, then a fixed rate for the latencies."""
    asking = (server.port, site.data.queries, site.workload.manner)
    logs = server.name == OURS and "log" in site.workload.beside
    figures = (take_logged if logs else take)(site, server, partial(dnsperf.flood, *asking, site.plan.seconds))
    latencies = dnsperf.latencies(*asking, LATENCY_SECONDS)
    figures["p50_microseconds"] = percentile(latencies, 50) * 1e6
    figures["p99_microseconds"] = percentile(latencies, 99) * 1e6
    return figures
