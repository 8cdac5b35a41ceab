"""What the workloads say of themselves."""

import pytest

from benchmarks.measuring import WAYS
from benchmarks.peers.corefile import PROFILES
from benchmarks.workloads import WORKLOADS, Source, Way, label


@pytest.mark.parametrize("name", WORKLOADS)
def test_only_what_is_never_kept_has_no_ttl(name: str) -> None:
    workload = WORKLOADS[name]
    assert (workload.ttl == 0) == (workload.source is Source.UPSTREAM)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_profile_of_its_own_is_one(name: str) -> None:
    assert WORKLOADS[name].profile in (None, *PROFILES)


@pytest.mark.parametrize("way", Way)
def test_each_way_can_be_gone(way: Way) -> None:
    assert way in WAYS


def test_labels_differ() -> None:
    assert len({label(i) for i in range(0, 1_000_000, 9_999)}) == 101


@pytest.mark.parametrize(("name", "rcode"), [("hosts", "NOERROR"), ("denied-once", "NXDOMAIN")])
def test_it_is_known_what_answers_say(name: str, rcode: str) -> None:
    assert WORKLOADS[name].rcode == rcode
