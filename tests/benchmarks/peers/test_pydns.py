"""The Corefile of our server."""

from pathlib import Path

import pytest

from benchmarks.peers.peer import Task
from benchmarks.peers.pydns import PROFILES, corefile
from benchmarks.workloads import WORKLOADS, Data
from pydns.corefile.parser import parse_text


def task(workload: str) -> Task:
    data = Data(Path("/data/hosts"), Path("/data/zone"), Path("/data/queries"))
    return Task(WORKLOADS[workload], data, Path("/data"), 5301, 5302)


@pytest.mark.parametrize(
    ("workload", "directives"),
    [
        ("hosts", ["bind 127.0.0.1", "hosts /data/hosts"]),
        ("cached", ["bind 127.0.0.1", "cache 3600", "forward . 127.0.0.1:5302"]),
        ("forwarded", ["bind 127.0.0.1", "forward . 127.0.0.1:5302"]),
    ],
)
def test_a_workload_has_what_it_needs(workload: str, directives: list[str]) -> None:
    (block,) = parse_text(corefile(task(workload), ()), environ={}).blocks
    assert [" ".join((directive.name, *directive.args)) for directive in block.directives] == directives


def test_further_directives_stand_beside_it() -> None:
    (block,) = parse_text(corefile(task("cached"), PROFILES["cluster"]), environ={}).blocks
    assert set(PROFILES["cluster"]) < {directive.name for directive in block.directives}


def test_each_port_is_served_once() -> None:
    (block,) = parse_text(corefile(task("hosts"), ("health", "ready")), environ={}).blocks
    addresses = [directive.args[0] for directive in block.directives if directive.name in ("health", "ready")]
    assert len(set(addresses)) == 2
