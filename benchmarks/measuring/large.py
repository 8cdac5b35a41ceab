"""A large cluster: how long the first sync takes, what memory it wants, and how long others wait meanwhile.

The server is asked for names of a hosts file from its start on, which it answers while it lists the cluster. It has the
cluster when it answers for a service.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from typing import Final

from benchmarks import asker, cluster
from benchmarks.measuring.site import Outcome, Site
from benchmarks.peers.peer import Peer
from benchmarks.probe import LOOPBACK, is_right, question
from benchmarks.server import Server
from benchmarks.workloads import label

RATE: Final = 500
"""Queries a second during the sync: enough to see a wait, and no load."""

PART: Final = 5.0  # seconds of asking, until it is looked whether it goes on
MOST: Final = 300.0  # seconds until it must have the cluster
REST: Final = 60.0


def measure(site: Site, peers: Sequence[Peer], outcome: Outcome) -> None:
    for peer in peers:
        site.plan.tell(f"{site.workload.name}: {peer.name}")
        with outcome.noting(peer.name), cluster.serving() as site.api, site.running(peer) as server:
            figures = _sync(site, server)
            figures["memory_mebibytes"] = server.settled(REST) / 2**20
            outcome.add(site.workload, peer.name, [figures])


def _sync(site: Site, server: Server) -> dict[str, float]:
    """Raises ServerError where it does not come to know the cluster."""
    names = [f"{label(i)}.{site.workload.domain}" for i in range(1, site.workload.names)]
    asked: list[asker.Asked] = []
    synced, most, at = 0.0, 0, 0.0
    with _Probe(server.port) as probe:

        def watch(now: float) -> None:
            nonlocal synced, most
            most = max(most, server.resident())
            if not synced and probe.is_answered():
                synced = at + now

        while not synced:
            if at > MOST:
                raise server.failure(f"does not know the cluster within {MOST:g} s")
            asked += asker.ask(server.port, names, RATE, PART, watch)
            at += PART
    waits = asker.waits(asked)
    return {
        "sync_seconds": server.start_seconds + synced,
        "peak_mebibytes": most / 2**20,
        "longest_wait_milliseconds": waits[-1] * 1e3 if waits else float("nan"),
        "lost": asker.lost(asked),
    }


class _Probe:
    """Asks for the last service, again and again, without waiting for it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((LOOPBACK, port))
        self._socket.setblocking(False)
        self._question = question(cluster.service_name(cluster.SERVICES - 1))
        self._address = IPv4Address(cluster.service_address(cluster.SERVICES - 1))

    def __enter__(self) -> _Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def is_answered(self) -> bool:
        """What came since the last time is looked at, and the question asked once more."""
        found = False
        with suppress(OSError):
            while True:
                found |= is_right(self._socket.recv(4096), self._address)
        with suppress(OSError):
            self._socket.send(self._question)
        return found
