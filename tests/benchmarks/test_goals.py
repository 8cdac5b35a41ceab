"""Goals, and whether they are met."""

import math

import pytest

from benchmarks.figures import FIGURES, Result
from benchmarks.goals import GOALS, Goal, judge
from benchmarks.peers import OURS, SERVERS
from benchmarks.workloads import WORKLOADS

TWICE = Goal("hosts", "cpu_microseconds", 2.0, "nsd")
HALF_A_SECOND = Goal("start", "start_seconds", 0.5)


def results(workload: str, figure: str, **values: float) -> list[Result]:
    return [Result(workload, server, (), {figure: value}) for server, value in values.items()]


@pytest.mark.parametrize(
    ("ours", "theirs", "met"),
    [
        (7.9, 4.0, True),
        (8.0, 4.0, True),
        (8.1, 4.0, False),
        (math.nan, 4.0, None),
        (8.0, math.nan, None),
        (8.0, 0, None),
    ],
)
def test_a_goal_may_be_a_ratio(ours: float, theirs: float, met: bool | None) -> None:
    (verdict,) = judge(results("hosts", "cpu_microseconds", pydns=ours, nsd=theirs), [TWICE])
    assert verdict.met is met


@pytest.mark.parametrize(("seconds", "met"), [(0.4, True), (0.6, False)])
def test_a_goal_may_be_a_figure(seconds: float, met: bool) -> None:
    (verdict,) = judge(results("start", "start_seconds", pydns=seconds), [HALF_A_SECOND])
    assert (verdict.value, verdict.met) == (seconds, met)


def test_where_the_peer_is_missing_nothing_is_met() -> None:
    (verdict,) = judge(results("hosts", "cpu_microseconds", pydns=1.0), [TWICE])
    assert verdict.met is None


def test_a_workload_that_was_not_measured_has_no_verdict() -> None:
    assert judge(results("hosts", "cpu_microseconds", pydns=1.0), [HALF_A_SECOND]) == []


@pytest.mark.parametrize(("goal", "text"), [(TWICE, "2 x nsd"), (HALF_A_SECOND, "start s 0.500")])
def test_a_goal_is_told_in_a_word(goal: Goal, text: str) -> None:
    assert str(goal) == text


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.workload}, {goal}")
def test_a_goal_is_about_what_is_measured(goal: Goal) -> None:
    assert goal.figure in FIGURES
    assert goal.peer in (None, *WORKLOADS[goal.workload].peers)


@pytest.mark.parametrize("name", WORKLOADS)
def test_each_workload_has_a_goal(name: str) -> None:
    assert any(goal.workload == name for goal in GOALS)


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_peers_of_a_workload_are_servers(name: str) -> None:
    assert set(WORKLOADS[name].peers) <= set(SERVERS) - {OURS}
