"""Measures servers at a workload: all are started and warmed, then asked in turns, so that disturbances even out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import dnsperf
from benchmarks.cores import Cores
from benchmarks.errors import BenchmarkError, ServerError
from benchmarks.figures import Result, Run, summarize
from benchmarks.peers.nsd import Nsd
from benchmarks.peers.peer import Peer, Task
from benchmarks.probe import free_port
from benchmarks.runs import make_run
from benchmarks.server import Server, running
from benchmarks.workloads import Data, Workload, write_data

WARMING: Final = 3
"""Passes over all names before the first run: the first fills a cache, the second our packet cache."""


@dataclass(frozen=True)
class Plan:
    """`seconds` of full speed in each of the rounds; `tell` is given a line for each step."""

    rounds: int
    seconds: float
    cores: Cores
    tell: Callable[[str], None]


@dataclass
class Outcome:
    """What came of a workload: results, servers that cannot do it and servers that failed, both with the reason."""

    results: list[Result] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def noting(self, name: str) -> Iterator[None]:
        """A server's failure within is noted, and the others go on."""
        try:
            yield
        except ServerError as error:
            self.failures[name] = str(error)


def measure(workload: Workload, peers: Sequence[Peer], plan: Plan) -> Outcome:
    """All peers at one workload. Raises BenchmarkError where dnsperf or the upstream fails."""
    outcome = Outcome()
    with TemporaryDirectory(prefix="pydns-benchmark-") as name, ExitStack() as stack:
        folder = Path(name)
        data = write_data(workload, folder)
        upstream = _start_upstream(stack, workload, data, folder, plan.cores.upstream) if workload.upstream else None
        servers = []
        for peer in peers:
            if workload.name in peer.does_not:
                outcome.absent[peer.name] = peer.does_not[workload.name]
                continue
            plan.tell(f"{workload.name}: starting {peer.name}")
            with outcome.noting(peer.name):
                port = upstream.port if upstream is not None else 0
                server = _start(stack, peer, workload, data, folder, port, plan.cores.server)
                dnsperf.pass_through(server.port, data.queries, WARMING)
                server.check()
                servers.append(server)
        runs = _take_turns(servers, upstream, workload, data, plan, outcome)
        for server, made in runs.items():
            if server.name not in outcome.failures:
                figures = summarize(made, server.resident())
                outcome.results.append(Result(workload.name, server.name, tuple(made), figures))
                if figures.wrong:
                    outcome.failures[server.name] = f"{server.name} gave {figures.wrong} answers other than NOERROR"
    return outcome


def _take_turns(
    servers: Sequence[Server], upstream: Server | None, workload: Workload, data: Data, plan: Plan, outcome: Outcome
) -> dict[Server, list[Run]]:
    """The runs of each server. One that fails is asked no more."""
    runs: dict[Server, list[Run]] = {server: [] for server in servers}
    for i in range(plan.rounds):
        for server in servers:
            if server.name not in outcome.failures:
                plan.tell(f"{workload.name}: round {i + 1} of {plan.rounds}, {server.name}")
                with outcome.noting(server.name):
                    run = make_run(server, upstream, workload, data.queries, plan.seconds, plan.cores.server)
                    runs[server].append(run)
    return runs


def _start_upstream(stack: ExitStack, workload: Workload, data: Data, folder: Path, core: int) -> Server:
    """The name server that is forwarded to."""
    try:
        return _start(stack, Nsd(), workload, data, folder / "upstream", 0, core)
    except ServerError as error:
        raise BenchmarkError(f"the upstream: {error}") from error


def _start(
    stack: ExitStack, peer: Peer, workload: Workload, data: Data, folder: Path, upstream: int, core: int
) -> Server:
    """A server that answers; the stack stops it."""
    own = folder / peer.name
    own.mkdir(parents=True)
    task = Task(workload, data, own, free_port(), upstream)
    return stack.enter_context(running(peer.name, peer.configure(task), own, task.port, core))
