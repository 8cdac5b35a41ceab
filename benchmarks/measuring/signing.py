"""A zone is signed as a whole: how long that takes, and how long those wait who ask meanwhile."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from typing import Final

from benchmarks import asker
from benchmarks.cores import pinned
from benchmarks.errors import ServerError
from benchmarks.measuring.site import Outcome, Site
from benchmarks.peers import OURS
from benchmarks.peers.peer import Peer, Task
from benchmarks.workloads import ZONE, label

RATE: Final = 500
"""Queries a second meanwhile: enough to see a wait, and no load."""

_PIECE: Final = 1.0  # seconds of asking between two looks whether it is done
_PATIENCE: Final = 300.0


def measure(site: Site, peers: Sequence[Peer], outcome: Outcome) -> None:
    for peer in peers:
        site.plan.tell(f"{site.workload.name}: {peer.name}")
        with outcome.noting(peer.name):
            figures = _serving(site, peer) if peer.name == OURS else _alone(site, peer)
            outcome.add(site.workload, peer.name, [figures])


def _serving(site: Site, peer: Peer) -> dict[str, float]:
    """Ours signs from its start on, and answers from the zone as it is."""
    names = [f"{label(i)}.{site.workload.domain}" for i in range(site.workload.names)]
    asked: list[asker.Asked] = []
    begin = time.time()
    with site.running(peer) as server:
        (signed,) = (folder / f"db.{ZONE}.signed" for folder in site.folder.glob(f"*-{peer.name}"))
        while not signed.exists():
            if time.time() - begin > _PATIENCE:
                raise server.failure("does not sign the zone")
            at = len(asked) % len(names)
            asked += asker.ask(server.port, names[at:] + names[:at], RATE, _PIECE)
        seconds = signed.stat().st_mtime - begin
    waits = asker.waits(asked)
    return {
        "signing_seconds": seconds,
        "longest_wait_milliseconds": waits[-1] * 1e3 if waits else float("nan"),
        "lost": asker.lost(asked),
    }


def _alone(site: Site, peer: Peer) -> dict[str, float]:
    folder = site.folder / peer.name
    folder.mkdir()
    command = peer.configure(Task(site.workload, site.data, folder, 0))
    begin = time.monotonic()
    with pinned(site.plan.cores.server):
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
    if done.returncode:
        raise ServerError(f"{peer.name} failed: {done.stderr.decode(errors='replace')[-500:].strip()}")
    return {"signing_seconds": time.monotonic() - begin}
