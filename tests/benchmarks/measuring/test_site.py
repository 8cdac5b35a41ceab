"""What comes of a workload."""

import pytest

from benchmarks.errors import ServerError
from benchmarks.measuring.site import Outcome
from benchmarks.workloads import WORKLOADS, Workload

HOSTS, DENIED = WORKLOADS["hosts"], WORKLOADS["denied-once"]


def test_a_server_with_runs_has_a_result() -> None:
    outcome = Outcome()
    outcome.add(HOSTS, "nsd", [{"wrong": 0.0, "cpu_microseconds": 4.0}])
    assert [(result.workload, result.server) for result in outcome.results] == [("hosts", "nsd")]


def test_one_without_runs_has_none() -> None:
    outcome = Outcome()
    outcome.add(HOSTS, "nsd", [])
    assert outcome.results == []


def test_one_that_failed_has_none() -> None:
    outcome = Outcome()
    with outcome.noting("nsd"):
        raise ServerError("it ended")
    outcome.add(HOSTS, "nsd", [{"wrong": 0.0}])
    assert (outcome.results, outcome.failures) == ([], {"nsd": "it ended"})


@pytest.mark.parametrize(
    ("workload", "told"),
    [(HOSTS, "nsd gave 3 answers other than NOERROR"), (DENIED, "nsd gave 3 answers other than NXDOMAIN")],
)
def test_wrong_answers_are_a_failure(workload: Workload, told: str) -> None:
    outcome = Outcome()
    outcome.add(workload, "nsd", [{"wrong": 1.0}, {"wrong": 2.0}])
    assert outcome.failures == {"nsd": told}
