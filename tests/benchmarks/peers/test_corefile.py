"""The Corefile of a workload."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.data import Data
from benchmarks.peers.corefile import PROFILES, corefile
from benchmarks.peers.peer import Task
from benchmarks.workloads import WORKLOADS, Source
from pydns.corefile.parser import parse_text
from pydns.corefile.tree import Directive


def task(name: str) -> Task:
    data = Data(*(Path("/data", name) for name in ("hosts", "zone", "services.toml", "queries", "K")))
    return Task(WORKLOADS[name], data, Path("/data"), 5301, 5302)


def directives(found: Task, profile: str) -> list[Directive]:
    (block,) = parse_text(corefile(found, profile), environ={}).blocks
    return list(block.directives)


def told(found: Task, profile: str) -> list[str]:
    return [" ".join((directive.name, *directive.args)) for directive in directives(found, profile)]


@pytest.mark.parametrize(
    ("workload", "expected"),
    [
        ("hosts", ["bind 127.0.0.1", "hosts /data/hosts"]),
        ("cached", ["bind 127.0.0.1", "cache 3600", "forward . 127.0.0.1:5302"]),
        ("forwarded", ["bind 127.0.0.1", "forward . 127.0.0.1:5302"]),
        ("logged", ["bind 127.0.0.1", "log", "hosts /data/hosts"]),
        ("multisocket", ["bind 127.0.0.1", "multisocket 2", "hosts /data/hosts"]),
        ("services-once", ["bind 127.0.0.1", "kubernetes bench.example in-addr.arpa ip6.arpa"]),
        ("signed", ["bind 127.0.0.1", "file /data/zone bench.example", "dnssec bench.example"]),
        ("signing", ["bind 127.0.0.1", "file /data/zone bench.example", "sign /data/zone bench.example"]),
        ("start", ["bind 127.0.0.1", "hosts /data/hosts", "forward . 127.0.0.1:5302"]),
    ],
)
def test_a_bare_one_has_what_the_workload_needs(workload: str, expected: list[str]) -> None:
    assert told(task(workload), "bare") == expected


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_clusters_has_all_that_a_cluster_has(name: str) -> None:
    wanted = {line.split()[0] for line in PROFILES["cluster"]}
    if WORKLOADS[name].source is Source.UPSTREAM:
        wanted.discard("cache")
    assert wanted <= {directive.name for directive in directives(task(name), "cluster")}


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_directive_stands_once(name: str) -> None:
    names = [directive.name for directive in directives(task(name), "cluster")]
    assert len(set(names)) == len(names)


def test_what_is_never_kept_has_no_cache() -> None:
    assert "cache" not in {directive.name for directive in directives(task("forwarded"), "cluster")}


def test_each_page_has_a_port_of_its_own() -> None:
    pages = [d.args[0] for d in directives(task("hosts"), "cluster") if d.name in ("health", "ready", "prometheus")]
    assert len(set(pages)) == 3


def test_a_large_cluster_is_asked_for_beside_a_hosts_file() -> None:
    *_, hosts, kubernetes = directives(replace(task("large-cluster"), api=5304), "bare")
    lines = [" ".join((line.name, *line.args)) for line in (hosts, *(kubernetes.block or ()))]
    assert lines == ["hosts /data/hosts", "endpoint http://127.0.0.1:5304", "pods verified", "startup_timeout 1ms"]
    assert hosts.block is not None


def test_metrics_stand_where_they_are_looked_for() -> None:
    assert "prometheus 127.0.0.1:5303" in told(replace(task("overload"), metrics=5303), "cluster")


def test_names_of_the_flood_go_to_the_black_hole() -> None:
    lines = told(replace(task("overload"), black_hole=5304), "cluster")
    assert [line for line in lines if line.startswith("forward")] == [
        "forward unanswered.example 127.0.0.1:5304",
        "forward . 127.0.0.1:5302",
    ]
