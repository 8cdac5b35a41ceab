"""A pod asks the cache of its node, and that the cluster's DNS: each a host of its own, as the manifests have them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.deploy.kubernetes.containers import ENVIRON, build, confined, skip_where_impossible
from tests.deploy.kubernetes.corefiles import DNS_ADDRESS, VARIABLE, away, written
from tests.deploy.kubernetes.kustomize import of_kind, pod_spec
from tests.e2e.programs import ROOT, Answer, Program, dig
from tests.lab.network import Host, Network

ADDRESS: Final = "169.254.20.10"
RESOLV_CONF: Final = {"resolv.conf": "nameserver 192.0.2.53\n"}  # nobody is there
NODE: Final = Host("node", "198.51.100.1", RESOLV_CONF)
CLUSTER: Final = Host("cluster", "198.51.100.2", RESOLV_CONF)
POD: Final = Host("pod", "198.51.100.3")


class Running(NamedTuple):
    network: Network
    cluster: Program
    cache: Program

    def ask(self, name: str, *words: str) -> Answer:
        return dig(53, name, "A", *words, host=ADDRESS, inside=self.network.namespace("pod"))

    def page(self, host: str, url: str) -> str:
        words = self.network.inside(host, "curl", "--silent", "--max-time", "10", url)
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def set_address(network: Network, image: Path) -> None:
    """As the init container does."""
    (container,) = pod_spec(*of_kind("DaemonSet"))["initContainers"]
    (capability,) = container["securityContext"]["capabilities"]["add"]
    words = [word.replace("/opt/pydns", str(image)) for word in container["command"]]
    subprocess.run(network.inside("node", *confined(capability, *words)), check=True)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    skip_where_impossible()
    folder = tmp_path_factory.mktemp("node-local")
    image = build(folder / "pydns")
    (folder / "cluster").write_text(away(written("base"), f"{ROOT}/services.example.toml"))
    (folder / "node").write_text(written("node-local"))
    network = Network(f"pydns-local-{os.getpid()}")
    with ExitStack() as stack:
        stack.callback(network.remove)
        try:
            network.build(NODE, CLUSTER, POD)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespace can be made here: {error.stderr.strip()}")
        for host, words in (
            ("cluster", ("address", "add", f"{DNS_ADDRESS}/32", "dev", "eth0")),
            ("node", ("route", "add", DNS_ADDRESS, "via", CLUSTER.address)),
            ("pod", ("route", "add", "default", "via", NODE.address)),
        ):
            subprocess.run(("ip", "-n", network.namespace(host), *words), check=True)
        set_address(network, image)
        programs = []
        for host in ("cluster", "node"):
            words = confined("NET_BIND_SERVICE", f"{image}/bin/python", "-m", "pydns", "-conf", f"{folder}/{host}")
            environ = {**ENVIRON, VARIABLE: DNS_ADDRESS}
            programs.append(stack.enter_context(Program(*network.inside(host, *words), environ=environ)))
            programs[-1].wait_for("pydns-")
        yield Running(network, *programs)
        for program in programs:
            program.process.kill()  # without their lame ducks


@pytest.mark.parametrize("words", [("+notcp",), ("+tcp",)])
def test_a_pod_asks_its_node_for_a_service(running: Running, words: tuple[str, ...]) -> None:
    assert running.ask("web.shop.svc.cluster.local", *words).data == ["10.96.1.10"]


def test_a_service_that_is_not_there_is_denied(running: Running) -> None:
    assert running.ask("none.shop.svc.cluster.local").status == "NXDOMAIN"


def asked(running: Running) -> dict[str, float]:
    """By the protocol how often the cluster was asked for addresses."""
    metrics = running.page("cluster", "http://127.0.0.1:9153/metrics")
    counts = re.findall(r'^coredns_dns_requests_total\{.*proto="(\w+)".*type="A".*\} (\S+)$', metrics, re.MULTILINE)
    return {protocol: float(count) for protocol, count in counts}


def test_the_cluster_is_asked_once_and_over_tcp(running: Running) -> None:
    before = asked(running).get("tcp", 0)
    for _ in range(3):
        assert running.ask("db.shop.svc.cluster.local").data == ["10.244.0.21"]
    assert asked(running) == {"tcp": before + 1}


@pytest.mark.parametrize("page", ["8080/health", "8181/ready"])
def test_the_kubelet_finds_it_well(running: Running, page: str) -> None:
    assert running.page("node", f"http://{ADDRESS}:{page}") == "OK"


def test_its_metrics_are_at_the_addresses_of_the_node(running: Running) -> None:
    assert "coredns_cache_hits_total" in running.page("pod", f"http://{NODE.address}:9253/metrics")


def test_setting_the_address_again_changes_nothing(running: Running, tmp_path: Path) -> None:
    """When the pod starts anew."""
    image = build(tmp_path / "pydns")

    def addresses() -> str:
        words = ("ip", "-n", running.network.namespace("node"), "-o", "-4", "address", "show", "dev", "lo")
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    before = addresses()
    set_address(running.network, image)
    assert addresses() == before
    assert f"inet {ADDRESS}/32 scope host lo" in before
