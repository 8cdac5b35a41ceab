"""A hosts file of a million lines: how long a start takes, and what a reload costs those who ask meanwhile.

The file is written anew beside the old one and put into its place by rename, with another address of one name. Peers
that do not look at their files by themselves get their signal.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from benchmarks import asker
from benchmarks.data import write_hosts
from benchmarks.measuring.site import Outcome, Site
from benchmarks.measuring.starting import started
from benchmarks.peers.nsd import Nsd
from benchmarks.peers.peer import Peer
from benchmarks.server import Server
from benchmarks.workloads import FIRST_ADDRESS, label

RATE: Final = 500
"""Queries a second during the reload, of names that were not asked before: enough to see a wait, and no load."""

RELOAD_SECONDS: Final = 12.0
RELOADED_WITHIN: Final = 30.0  # seconds more until the new file must be in force
_BEGIN: Final = 1.0  # seconds of asking before the file changes
_OTHER: Final = FIRST_ADDRESS - 1


def measure(site: Site, peers: Sequence[Peer], outcome: Outcome) -> None:
    for peer in peers:
        site.plan.tell(f"{site.workload.name}: {peer.name}")
        with outcome.noting(peer.name), started(site, peer) as (server, figures):
            if peer.name != Nsd.name:  # its zone is no hosts file
                figures.update(_reload(site, peer, server))
            outcome.add(site.workload, peer.name, [figures])


def _reload(site: Site, peer: Peer, server: Server) -> dict[str, float]:
    """Raises ServerError where the new file is not in force in the end. The old one is put back for the next server."""
    hosts = site.data.hosts
    beside, old = hosts.with_suffix(".new"), hosts.with_suffix(".old")
    write_hosts(site.workload, beside, _OTHER)
    os.link(hosts, old)
    most = 0

    def watch(now: float) -> None:
        nonlocal most
        if now >= _BEGIN and beside.exists():
            os.replace(beside, hosts)
            if peer.rereads_at is not None:
                server.signal(peer.rereads_at)
        most = max(most, server.resident())

    names = [f"{label(i)}.{site.workload.domain}" for i in range(1, int(RATE * RELOAD_SECONDS) + 1)]
    try:
        asked = asker.ask(server.port, names, RATE, RELOAD_SECONDS, watch)
        server.wait_until_it_answers(_OTHER, RELOADED_WITHIN)
    finally:
        os.replace(old, hosts)
    waits = asker.waits(asked)
    return {
        "peak_mebibytes": most / 2**20,
        "longest_wait_milliseconds": waits[-1] * 1e3 if waits else float("nan"),
        "lost": asker.lost(asked),
    }
