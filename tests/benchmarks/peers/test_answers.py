"""Each peer starts with the configuration of each workload that it does, and answers rightly."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks import dnsperf
from benchmarks.cores import Cores
from benchmarks.data import asked
from benchmarks.errors import BenchmarkError, ServerError
from benchmarks.measuring.site import Plan, site
from benchmarks.peers import DEBIANS
from benchmarks.peers.bind import Bind
from benchmarks.workloads import WORKLOADS

CORE = min(os.sched_getaffinity(0))
PLAN = Plan(rounds=1, seconds=0.1, cores=Cores(CORE, CORE, CORE), tell=lambda _: None)


def cases() -> Iterator[tuple[str, str]]:
    for workload in WORKLOADS.values():
        yield from ((workload.name, peer) for peer in workload.peers if peer in DEBIANS and peer != Bind.name)


@pytest.mark.parametrize(("name", "peer"), list(cases()))
def test_all_answers_are_those_that_are_wanted(name: str, peer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.data.DENIED", 50)
    workload = replace(WORKLOADS[name], names=50)
    try:
        dnsperf.program()
        DEBIANS[peer]().path()
    except BenchmarkError as error:
        pytest.skip(str(error))
    with site(workload, PLAN) as found:
        try:
            with found.running(DEBIANS[peer]()) as server:
                load = dnsperf.pass_through(server.port, found.data.queries, workload.manner, 1)
        except ServerError as error:
            pytest.fail(str(error))
    assert load.rcodes == {workload.rcode: len(asked(workload))}
