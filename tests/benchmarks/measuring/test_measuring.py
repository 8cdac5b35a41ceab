"""Small runs of each way, with a server that answers: that they come to an end, and with which figures."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from benchmarks import data, dnsperf
from benchmarks.cores import Cores
from benchmarks.errors import BenchmarkError, ServerError
from benchmarks.figures import Figures
from benchmarks.measuring import measure, million, once, steady
from benchmarks.measuring.site import Outcome, Plan
from benchmarks.peers.bind import Bind
from benchmarks.peers.floor import Floor
from benchmarks.peers.pydns import Pydns
from benchmarks.workloads import WORKLOADS, Workload

CORE = min(os.sched_getaffinity(0))
PLAN = Plan(rounds=2, seconds=0.2, cores=Cores(CORE, CORE, CORE), tell=lambda _: None)
LOADED = {"queries_per_second", "cpu_microseconds", "completed", "lost", "wrong", "memory_mebibytes"}


class Ours(Floor):
    """The floor under our name, so that it takes part everywhere."""

    name: ClassVar[str] = "pydns"
    rereads_at = None


class Unable(Ours):
    def lacks(self, workload: Workload) -> str:
        return "no such plugin"


class Missing(Floor):
    def path(self) -> str:
        raise ServerError("not here")


class MissingCoredns(Missing):
    name: ClassVar[str] = "coredns"


@pytest.fixture(autouse=True)
def _programs() -> None:
    try:
        Floor().path()
        dnsperf.program()
    except BenchmarkError as error:
        pytest.skip(str(error))


def few(name: str) -> Workload:
    return replace(WORKLOADS[name], names=20)


def figures_of(outcome: Outcome) -> Mapping[str, Figures]:
    return {result.server: result.figures for result in outcome.results}


@pytest.mark.parametrize("name", ["hosts", "mixed-case", "forwarded"])
def test_a_steady_load_has_figures_of_each_server(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(steady, "LATENCY_SECONDS", 0.1)
    workload = replace(few(name), peers=("floor",), source=WORKLOADS["hosts"].source)
    outcome = measure(workload, [Ours(), Floor()], PLAN)
    assert (set(figures_of(outcome)), outcome.failures) == ({"pydns", "floor"}, {})
    assert figures_of(outcome)["floor"].keys() >= LOADED | {"p50_microseconds", "p99_microseconds"}


def test_who_has_the_answer_where_it_should_ask_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "LATENCY_SECONDS", 0.1)
    outcome = measure(few("forwarded"), [Ours()], PLAN)
    assert "did not come from the upstream" in outcome.failures["pydns"]


def test_once_asks_each_name_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "DENIED", 50)
    outcome = measure(few("once"), [Floor(), Ours()], PLAN)
    assert {run["completed"] for result in outcome.results for run in result.runs} == {20}
    assert figures_of(outcome)["floor"].keys() >= LOADED


def test_answers_of_another_rcode_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "DENIED", 50)
    assert "other than NXDOMAIN" in measure(few("denied-once"), [Ours()], PLAN).failures["pydns"]


def test_a_start_has_a_time_and_memory() -> None:
    outcome = measure(few("start"), [Ours()], replace(PLAN, rounds=1))
    assert set(figures_of(outcome)["pydns"]) == {"start_seconds", "memory_mebibytes"}


def test_signed_names_are_asked_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "SECONDS", 0.2)
    workload = replace(few("signed-once"), source=WORKLOADS["hosts"].source)
    outcome = measure(workload, [Ours()], replace(PLAN, rounds=1))
    assert figures_of(outcome)["pydns"].keys() >= LOADED | {"longest_wait_milliseconds"}


@pytest.mark.skipif(shutil.which("dnssec-signzone") is None, reason="no dnssec-signzone")
def test_a_zone_is_signed_by_both() -> None:
    outcome = measure(few("signing"), [Pydns(Path(sys.executable), "bare"), Bind()], PLAN)
    assert outcome.failures == {}
    assert set(figures_of(outcome)["bind"]) == {"signing_seconds"}
    assert set(figures_of(outcome)["pydns"]) == {"signing_seconds", "longest_wait_milliseconds", "lost"}


def test_a_file_that_is_not_read_again_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(million, "RELOAD_SECONDS", 1.2)
    monkeypatch.setattr(million, "RELOADED_WITHIN", 0.1)
    assert "no right answer" in measure(few("million"), [Ours()], PLAN).failures["pydns"]


def test_what_we_cannot_do_nobody_does() -> None:
    outcome = measure(few("hosts"), [Unable(), Floor()], PLAN)
    assert (outcome.results, outcome.absent, outcome.failures) == ([], {"pydns": "no such plugin"}, {})


def test_a_peer_that_is_missing_is_a_failure() -> None:
    workload = replace(few("start"), peers=("floor",))
    assert measure(workload, [Missing()], PLAN).failures == {"floor": "not here"}


def test_coredns_is_left_out_where_it_is_missing() -> None:
    outcome = measure(few("start"), [MissingCoredns()], PLAN)
    assert (outcome.absent, outcome.failures) == ({"coredns": "not here"}, {})


def test_who_cannot_do_a_workload_takes_no_part() -> None:
    assert measure(few("overload"), [Floor()], PLAN) == Outcome()
