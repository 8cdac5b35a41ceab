"""Measures servers at a workload: a file for each way of doing it."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from benchmarks.errors import ServerError
from benchmarks.measuring import large, million, once, overload, signing, starting, steady
from benchmarks.measuring.site import Outcome, Plan, site
from benchmarks.peers import OURS
from benchmarks.peers.coredns import Coredns
from benchmarks.peers.peer import Peer
from benchmarks.probe import LOOPBACK
from benchmarks.workloads import Way, Workload

WAYS: Final = {
    Way.STEADY: steady.measure,
    Way.ONCE: once.measure,
    Way.START: starting.measure,
    Way.MILLION: million.measure,
    Way.LARGE: large.measure,
    Way.SIGNING: signing.measure,
    Way.OVERLOAD: overload.measure,
}


def measure(workload: Workload, peers: Sequence[Peer], plan: Plan) -> Outcome:
    """All peers that can do the workload. Raises BenchmarkError where dnsperf or the upstream fails."""
    outcome = Outcome()
    able = [peer for peer in peers if _can(peer, workload, outcome)]
    if OURS in outcome.absent:
        return outcome  # what nobody does for us is no comparison
    with site(workload, plan) as found, _black_hole() as port:
        found.black_hole = port if workload.way is Way.OVERLOAD else 0
        WAYS[workload.way](found, able, outcome)
    return outcome


def _can(peer: Peer, workload: Workload, outcome: Outcome) -> bool:
    """Whether the peer takes part. CoreDNS does where it is; that another one is missing is a failure of the run."""
    if peer.name not in (OURS, *workload.peers):
        return False
    try:
        peer.path()
        reason = peer.lacks(workload)
    except ServerError as error:
        (outcome.absent if peer.name == Coredns.name else outcome.failures)[peer.name] = str(error)
        return False
    if reason:
        outcome.absent[peer.name] = reason
    return not reason


@contextmanager
def _black_hole() -> Iterator[int]:
    """The port of a socket that takes queries and never answers. Nobody reads it: what does not fit is dropped."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((LOOPBACK, 0))
        yield sock.getsockname()[1]
