"""The files that servers and dnsperf read."""

from pathlib import Path

import pytest

from benchmarks.workloads import FORWARDED, HOSTS, NAMES, WORKLOADS, Workload, entries, write_data


def test_names_and_addresses_stand_once() -> None:
    names, addresses = zip(*entries(), strict=True)
    assert len(set(names)) == len(set(addresses)) == NAMES


def test_each_name_is_asked_once_a_pass(tmp_path: Path) -> None:
    asked = write_data(HOSTS, tmp_path).queries.read_text().splitlines()
    assert sorted(asked) == sorted(f"{name}.bench.example A" for name, _ in entries())


def test_a_pass_is_not_in_the_order_of_the_files(tmp_path: Path) -> None:
    asked = write_data(HOSTS, tmp_path).queries.read_text().splitlines()
    assert asked != sorted(asked)


def test_the_order_is_the_same_each_time(tmp_path: Path) -> None:
    first = write_data(HOSTS, tmp_path).queries.read_text()
    assert write_data(HOSTS, tmp_path).queries.read_text() == first


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_only_what_is_never_cached_has_no_ttl(workload: Workload) -> None:
    assert (workload.ttl == 0) == (workload is FORWARDED)


def test_hosts_and_zone_tell_the_same(tmp_path: Path) -> None:
    data = write_data(HOSTS, tmp_path)
    hosts = [tuple(line.split()) for line in data.hosts.read_text().splitlines()]
    zone = [line.split() for line in data.zone.read_text().splitlines() if line.startswith("name")]
    assert hosts == [(address, f"{name}.bench.example") for name, _, address in zone]
