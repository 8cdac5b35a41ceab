"""The command line."""

from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.options import read_options
from benchmarks.workloads import WORKLOADS


def test_all_is_measured_by_default() -> None:
    options = read_options([])
    assert options.workloads == tuple(WORKLOADS)
    assert options.servers == peers.SERVERS


def test_our_corefile_is_a_clusters_by_default() -> None:
    assert read_options([]).profile == "cluster"


def test_quick_is_a_choice() -> None:
    options = read_options(["--quick"])
    assert (options.workloads, options.servers) == (
        ("hosts", "cached", "once", "forwarded"),
        ("pydns", "floor", "nsd"),
    )


def test_what_is_given_beside_quick_counts() -> None:
    assert read_options(["--servers", "nsd", "--quick"]).servers == ("nsd",)


def test_names_come_once_and_in_their_order() -> None:
    assert read_options(["--servers", "nsd,pydns,nsd"]).servers == ("pydns", "nsd")


def test_a_path_is_taken() -> None:
    assert read_options(["--json", "x.json"]).json == Path("x.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--servers", "named"], "'named' is none of pydns, single, floor"),
        (["--workloads", ""], "'' is none of hosts"),
        (["--seconds", "soon"], "'soon' is no number"),
        (["--seconds", "nan"], "nan is not between"),
        (["--seconds", "0"], "0 is not between"),
        (["--rounds", "0"], "invalid choice"),
        (["--profile", "best"], "invalid choice"),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(arguments)
    assert message in capsys.readouterr().err
