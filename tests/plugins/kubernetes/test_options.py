from __future__ import annotations

from pathlib import Path

import pytest

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.names import from_text
from pydns_plugins.kubernetes.options import Options, read_options
from tests.plugins.asking import block, directives


def options(text: str, *zones: str) -> Options:
    return read_options(directives(text)[0], block(*zones))


def faults(text: str) -> list[str]:
    try:
        options(text)
    except CorefileErrorGroup as group:
        return list(map(str, group.errors))
    except CorefileError as error:
        return [str(error)]
    return []


def test_all_options() -> None:
    found = options(
        "kubernetes cluster.local in-addr.arpa\n  services s.toml\n  pods insecure\n  ttl 30\n  namespaces a b\n"
        "  namespaces c\n  noendpoints\n  endpoint_pod_names\n  ignore empty_service\n"
        "  fallthrough in-addr.arpa ip6.arpa"
    )
    zones = (from_text("cluster.local"), from_text("in-addr.arpa"))
    fallthrough = (from_text("in-addr.arpa"), from_text("ip6.arpa"))
    assert found == Options(zones, Path("s.toml"), frozenset("abc"), "insecure", 30, False, True, True, fallthrough)
    assert found.forward_zones == zones[:1]


def test_the_zones_of_the_block_are_the_default() -> None:
    assert options("kubernetes\n  services s", "a.test", "10.in-addr.arpa").forward_zones == (from_text("a.test"),)


def test_fallthrough_without_zones_is_for_all() -> None:
    assert options("kubernetes\n  services s\n  fallthrough").fallthrough == (b"\0",)


@pytest.mark.parametrize(("text", "fault"), [
    ("kubernetes 10.0.0.0/24\n  services s", "Corefile:1:2: all zones of kubernetes are reverse ones "
        "(name another: cluster.local)"),
    ("kubernetes\n  services", "Corefile:2:1: services wants 1 argument, not 0"),
    ("kubernetes\n  services a b", "Corefile:2:3: services takes at most 1 argument; 'b' is one too many"),
    ("kubernetes\n  services *.toml", "Corefile:2:2: '*.toml' is not the name of one file"),
    ("kubernetes\n  services a\n  services b", "Corefile:3:1: services stands twice (keep one)"),
    ("kubernetes\n  services a\n  pods verifed", "Corefile:3:2: unknown mode of pods 'verifed' "
        "(did you mean 'verified'?)"),
    ("kubernetes\n  services a\n  ttl 3601", "Corefile:3:2: 3601 is out of range (between 0 and 3600)"),
    ("kubernetes\n  services a\n  noendpoints x", "Corefile:3:2: noendpoints takes no arguments; 'x' is one too many"),
    ("kubernetes\n  services a\n  ignore empty", "Corefile:3:2: unknown thing to ignore 'empty' "
        "(one of: empty_service)"),
    ("kubernetes\n  services a\n  zonal\n  noendpoints", "Corefile:3:1: zonal answers endpoints, which noendpoints "
        "does not have (keep one)"),
    ("kubernetes a.test\n  nodeports a.test", "Corefile:2:2: node ports have a zone of their own, and 'a.test' is one "
        "of addresses or of services (name another)"),
    ("kubernetes a.test\n  nodeports b.test outside", "Corefile:2:3: unknown address of nodes 'outside' "
        "(one of: external, internal)"),
    ("kubernetes a.test\n  multicluster", "Corefile:2:1: 'clusterset.local' is no forward zone of this kubernetes "
        "directive (name it there as well)"),
    ("kubernetes a.test\n  multicluster b.test", "Corefile:2:2: 'b.test' is no forward zone of this kubernetes "
        "directive (name it there as well)"),
    ("kubernetes\n  services a\n  namespaces", "Corefile:3:1: namespaces wants at least 1 argument, not 0"),
    ("kubernetes\n  services a\n  fallthru", "Corefile:3:1: unknown option of kubernetes 'fallthru' "
        "(did you mean 'fallthrough'?)"),
])  # fmt: skip
def test_a_fault(text: str, fault: str) -> None:
    assert faults(text) == [fault]


@pytest.mark.parametrize(("words", "expected"), [("", "clusterset.local"), ("a.test", "a.test")])
def test_the_zones_of_a_set_of_clusters(words: str, expected: str) -> None:
    found = options(f"kubernetes cluster.local {expected}\n  multicluster {words}".rstrip())
    assert found.multicluster == (from_text(expected),)
    assert found.cluster_zones == (from_text("cluster.local"),)


@pytest.mark.parametrize(("words", "internal"), [("", False), (" external", False), (" internal", True)])
def test_the_zone_of_node_ports(words: str, internal: bool) -> None:
    found = options(f"kubernetes cluster.local\n  nodeports nodes.test{words}")
    assert (found.node_zone, found.internal) == (from_text("nodes.test"), internal)


@pytest.mark.parametrize(
    "option", ["nodeports a.test", "multicluster", "endpoint http://x", "labels a=b", "startup_timeout 5s"]
)
def test_a_file_needs_no_option_of_the_api(option: str) -> None:
    (fault,) = faults(f"kubernetes\n  services a\n  {option}")
    name = option.split()[0]
    told = f"{name} is for the Kubernetes API, which is not asked where there is a services file (keep one)"
    assert fault == f"Corefile:3:1: {told}"


def test_all_faults_are_told_in_their_order() -> None:
    assert [fault.split(":")[1] for fault in faults("kubernetes\n  ttl x\n  endpoint y\n  pods z")] == list("234")
