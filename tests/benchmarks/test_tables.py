"""Tables in Markdown."""

from benchmarks import tables
from benchmarks.figures import Result
from benchmarks.workloads import WORKLOADS

RESULTS = [
    Result("hosts", "pydns", (), {"queries_per_second": 100_000.0, "cpu_microseconds": 10.0}),
    Result("hosts", "nsd", (), {"queries_per_second": 200_000.0, "cpu_microseconds": 4.0}),
    Result("start-cluster", "pydns", (), {"start_seconds": 0.2}),
]


def test_a_workload_has_a_row_for_each_server() -> None:
    assert tables.workload(WORKLOADS["hosts"], RESULTS).splitlines() == [
        "**hosts**: 10,000 names of a hosts file",
        "",
        "|  | queries/s | CPU us/query | CPU, pydns / it |",
        "| --- | ---: | ---: | ---: |",
        "| pydns | 100,000 | 10.0 |  |",
        "| nsd | 200,000 | 4.0 | 2.50 |",
    ]


def test_without_peers_there_is_no_column_for_ratios() -> None:
    assert tables.workload(WORKLOADS["start-cluster"], RESULTS).splitlines()[2:] == [
        "|  | start s |",
        "| --- | ---: |",
        "| pydns | 0.200 |",
    ]


def test_what_others_took_of_the_core_is_shown() -> None:
    disturbed = [Result("once", "nsd", (), {"lost": 0.0, "core_used_by_others": 0.3})]
    assert tables.workload(WORKLOADS["once"], disturbed).endswith(
        "|  | lost | others |\n| --- | ---: | ---: |\n| nsd | 0 | 30% |"
    )


def test_goals_are_told_with_what_came_of_them() -> None:
    assert tables.goals(RESULTS).splitlines() == [
        "| workload | goal, at most | ours |  |",
        "| --- | ---: | ---: | ---: |",
        "| hosts | 1.2 x nsd | 2.50 | **missed** |",
        "| hosts | 0.8 x dnsmasq | - | not measured |",
        "| hosts | 1.8 x floor | - | not measured |",
        "| start-cluster | start s 0.300 | 0.200 | met |",
        "| start-cluster | memory MiB 50.0 | - | not measured |",
    ]
