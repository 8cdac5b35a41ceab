"""Where a workload is measured: its files, its upstream, and servers that are started and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import peers
from benchmarks.cores import Cores
from benchmarks.data import Data, write_data
from benchmarks.errors import BenchmarkError, ServerError
from benchmarks.figures import Figures, Result, summarize
from benchmarks.peers.peer import Peer, Task
from benchmarks.probe import free_port
from benchmarks.server import Server, running
from benchmarks.workloads import Workload


@dataclass(frozen=True)
class Plan:
    """`seconds` of full speed in each of the rounds; `tell` is given a line for each step."""

    rounds: int
    seconds: float
    cores: Cores
    tell: Callable[[str], None]


@dataclass
class Outcome:
    """What came of a workload: results, servers that failed, and those that are left out, with the reasons."""

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

    def add(self, workload: Workload, server: str, runs: Sequence[Figures], **last: float) -> None:
        """The result of a server that has not failed."""
        if not runs or server in self.failures:
            return
        figures = summarize(runs, **last)
        self.results.append(Result(workload.name, server, tuple(runs), figures))
        wrong = figures.get("wrong", 0)
        if wrong:
            self.failures[server] = f"{server} gave {wrong:g} answers other than {workload.rcode}"


@dataclass
class Site:
    """`black_hole`: the port of a name server that never answers, where the workload has one.

    * `api`: that of a Kubernetes API, likewise
    """

    workload: Workload
    plan: Plan
    data: Data
    folder: Path
    black_hole: int = 0
    api: int = 0
    upstream: Server | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def running(self, peer: Peer, metrics: int = 0) -> Iterator[Server]:
        """A server that answers, with its own core. Raises ServerError where it does not come to that."""
        port = self.upstream.port if self.upstream is not None else 0
        with self._started(peer, self.plan.cores.server, port, self.black_hole, metrics) as server:
            yield server

    @contextmanager
    def with_upstream(self) -> Iterator[None]:
        """While the upstream of this workload runs. Raises BenchmarkError where it does not come to that."""
        peer = peers.upstream()
        with ExitStack() as stack:
            try:
                self.upstream = stack.enter_context(self._started(peer, self.plan.cores.upstream))
            except ServerError as error:
                raise BenchmarkError(f"the upstream: {error}") from error
            yield

    @contextmanager
    def _started(
        self, peer: Peer, core: int, upstream: int = 0, black_hole: int = 0, metrics: int = 0
    ) -> Iterator[Server]:
        folder = self.folder / f"{next(self._numbers)}-{peer.name}"
        folder.mkdir()
        task = Task(self.workload, self.data, folder, free_port(), upstream, black_hole, metrics, self.api)
        command = peer.configure(task)
        with running(peer.name, command, folder, task.port, self.workload.witness, core) as server:
            yield server


@contextmanager
def site(workload: Workload, plan: Plan) -> Iterator[Site]:
    """In a folder of its own, which goes in the end."""
    with TemporaryDirectory(prefix="pydns-benchmark-") as name, ExitStack() as stack:
        folder = Path(name)
        found = Site(workload, plan, write_data(workload, folder), folder)
        if workload.upstream:
            stack.enter_context(found.with_upstream())
        yield found
