"""The files that servers and dnsperf read."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.data import DENIED, asked, records, write_data, write_hosts
from benchmarks.workloads import FIRST_ADDRESS, WORKLOADS, Workload

HOSTS = replace(WORKLOADS["hosts"], names=50)
FEW = [replace(workload, names=min(workload.names, 50)) for workload in WORKLOADS.values()]


def zone(path: Path) -> list[tuple[str, str]]:
    lines = [line.split() for line in path.read_text().splitlines() if line.startswith("name")]
    return [(address, owner.removesuffix(".")) for owner, _, address in lines]


def hosts(path: Path) -> list[tuple[str, str]]:
    return [(address, name) for address, name in map(str.split, path.read_text().splitlines())]


@pytest.mark.parametrize("workload", FEW, ids=WORKLOADS)
def test_names_and_addresses_stand_once(workload: Workload) -> None:
    names, addresses = zip(*records(workload), strict=True)
    assert (len(set(names)), len(set(addresses))) == (workload.names, workload.names * workload.addresses)


@pytest.mark.parametrize("workload", FEW, ids=WORKLOADS)
def test_hosts_and_zone_tell_the_same(workload: Workload, tmp_path: Path) -> None:
    data = write_data(workload, tmp_path)
    assert hosts(data.hosts) == zone(data.zone)


def test_services_tell_the_same(tmp_path: Path) -> None:
    data = write_data(replace(WORKLOADS["services-once"], names=50), tmp_path)
    services = tomllib.loads(data.services.read_text())["services"]["default"]
    told = [(service["cluster_ip"], f"{name}.default.svc.bench.example") for name, service in services.items()]
    assert told == zone(data.zone)


@pytest.mark.parametrize("workload", FEW, ids=WORKLOADS)
def test_the_witness_has_the_first_address(workload: Workload, tmp_path: Path) -> None:
    assert (str(FIRST_ADDRESS), workload.witness) in hosts(write_data(workload, tmp_path).hosts)


def test_the_witness_may_get_another_address(tmp_path: Path) -> None:
    write_hosts(HOSTS, tmp_path / "hosts", FIRST_ADDRESS - 1)
    assert [address for address, name in hosts(tmp_path / "hosts") if name == HOSTS.witness] == ["10.0.0.0"]


def test_each_name_is_asked_once_a_pass() -> None:
    assert sorted(asked(HOSTS)) == sorted(f"{name}.bench.example" for name, _ in records(HOSTS))


def test_a_pass_is_not_in_the_order_of_the_files() -> None:
    assert asked(HOSTS) != sorted(asked(HOSTS))


def test_the_order_is_the_same_each_time() -> None:
    assert asked(HOSTS) == asked(HOSTS)


def test_spellings_are_of_the_same_names() -> None:
    names = asked(replace(HOSTS, spellings=4))
    assert len(names) == 200
    assert {name.lower() for name in names} == set(asked(HOSTS))


def test_spellings_differ() -> None:
    assert len(set(asked(replace(HOSTS, spellings=4)))) > 150


def test_denied_names_are_none_of_the_zones() -> None:
    denied = set(asked(replace(HOSTS, denied=True)))
    assert len(denied) == DENIED
    assert not denied & set(asked(HOSTS))


@pytest.mark.parametrize("workload", FEW, ids=WORKLOADS)
def test_queries_are_what_is_asked(workload: Workload, tmp_path: Path) -> None:
    queries = write_data(workload, tmp_path).queries.read_text().splitlines()
    assert queries == [f"{name} A" for name in asked(workload)]
