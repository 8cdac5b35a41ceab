"""Our own server as one that is measured."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import dnsperf
from benchmarks.cores import Cores
from benchmarks.data import Data, asked
from benchmarks.errors import BenchmarkError, ServerError
from benchmarks.measuring.site import Plan, site
from benchmarks.peers import upstream
from benchmarks.peers.corefile import PROFILES
from benchmarks.peers.peer import Task
from benchmarks.peers.pydns import Pydns, Single
from benchmarks.workloads import WORKLOADS

CORE = min(os.sched_getaffinity(0))
PLAN = Plan(rounds=1, seconds=0.1, cores=Cores(CORE, CORE, CORE), tell=lambda _: None)
PYTHON = Path(sys.executable)


def cases() -> Iterator[tuple[str, str]]:
    """One of each source, and what else changes the Corefile."""
    for name in ("hosts", "cached", "forwarded", "services-once", "start", "logged", "dual", "signed", "signing"):
        yield from ((name, profile) for profile in PROFILES)


@pytest.mark.parametrize(("name", "profile"), list(cases()))
def test_all_answers_are_those_that_are_wanted(name: str, profile: str) -> None:
    workload = replace(WORKLOADS[name], names=50, profile=profile)
    try:
        dnsperf.program()
        upstream().path()
    except BenchmarkError as error:
        pytest.skip(str(error))
    with site(workload, PLAN) as found, found.running(Pydns(PYTHON, profile)) as server:
        load = dnsperf.pass_through(server.port, found.data.queries, workload.manner, 1)
    assert load.rcodes == {workload.rcode: len(asked(workload))}


@pytest.mark.parametrize(("beside", "lacks"), [((), ""), (("log",), ""), (("no-such",), "no-such")])
def test_a_directive_that_is_not_there_is_told(beside: tuple[str, ...], lacks: str) -> None:
    said = Pydns(PYTHON, "bare").lacks(replace(WORKLOADS["hosts"], beside=beside))
    assert lacks in said
    assert bool(said) == bool(lacks)


def test_single_is_without_what_belongs_to_the_workload() -> None:
    data = Data(*(Path("/data"),) * 5)
    task = Task(WORKLOADS["multisocket"], data, Path("/data"), 5301)
    corefiles = [peer.corefile(task) for peer in (Single(PYTHON, "bare"), Pydns(PYTHON, "bare"))]
    assert ["multisocket" in text for text in corefiles] == [False, True]


def test_a_server_that_does_not_run_at_all_has_failed() -> None:
    with pytest.raises(ServerError, match="pydns check failed"):
        Pydns(Path("/bin/false"), "bare").lacks(WORKLOADS["logged"])
