"""What one manifest names is in another: accounts, ConfigMaps, labels, ports."""

from __future__ import annotations

import re

import pytest

from tests.deploy.kubernetes.corefiles import configured
from tests.deploy.kubernetes.kustomize import (
    FOLDER,
    VARIANTS,
    Manifest,
    containers,
    identity,
    of_kind,
    pod_spec,
    workloads,
)

PAIRS = [("base", "Deployment"), ("node-local", "DaemonSet")]


def labels(manifest: Manifest) -> dict[str, str]:
    found: dict[str, str] = manifest["spec"]["template"]["metadata"]["labels"]
    return found


@pytest.mark.parametrize("workload", workloads(), ids=lambda each: each["kind"])
def test_its_account_is_there(workload: Manifest) -> None:
    accounts = {each["metadata"]["name"] for each in of_kind("ServiceAccount")}
    assert pod_spec(workload)["serviceAccountName"] in accounts


@pytest.mark.parametrize(("variant", "kind"), PAIRS)
def test_its_config_map_is_there_and_mounted_where_the_command_line_looks(variant: str, kind: str) -> None:
    (config_map,) = of_kind("ConfigMap", variant)
    spec = pod_spec(*of_kind(kind, variant))
    (volume,) = spec["volumes"]
    (container,) = spec["containers"]
    (mount,) = container["volumeMounts"]
    assert volume["configMap"]["name"] == config_map["metadata"]["name"]
    assert mount["name"] == volume["name"]
    (item,) = volume["configMap"]["items"]
    assert item["key"] in config_map["data"]
    assert container["args"] == ["-conf", f"{mount['mountPath']}/{item['path']}"]


@pytest.mark.parametrize("workload", workloads(), ids=lambda each: each["kind"])
def test_a_workload_selects_its_pods(workload: Manifest) -> None:
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels(workload).items()


def test_no_workload_selects_the_pods_of_another_or_those_of_coredns() -> None:
    selectors = [each["spec"]["selector"]["matchLabels"] for each in workloads()]
    assert all("k8s-app" not in selector for selector in selectors)
    assert sum(selector.items() <= labels(each).items() for selector in selectors for each in workloads()) == 2


def test_nodes_are_drained_and_pods_spread_by_the_labels_that_the_pods_have() -> None:
    (deployment,) = of_kind("Deployment")
    (budget,) = of_kind("PodDisruptionBudget")
    spreads = [each["labelSelector"] for each in pod_spec(deployment)["topologySpreadConstraints"]]
    assert [*spreads, budget["spec"]["selector"]] == [deployment["spec"]["selector"]] * 3


def test_the_autoscaler_scales_the_deployment() -> None:
    (autoscaler,) = of_kind("HorizontalPodAutoscaler")
    (deployment,) = of_kind("Deployment")
    target = autoscaler["spec"]["scaleTargetRef"]
    assert (target["apiVersion"], target["kind"], target["name"]) == ("apps/v1", "Deployment", identity(deployment)[2])
    assert "replicas" not in deployment["spec"]


def test_the_service_finds_the_pods_of_the_base_and_no_cache_of_a_node() -> None:
    """A node's cache that the Service found would ask itself."""
    (service,) = of_kind("Service")
    found = [each["kind"] for each in workloads() if service["spec"]["selector"].items() <= labels(each).items()]
    assert found == ["Deployment"]


def test_the_ports_of_the_service_are_those_of_the_pods() -> None:
    (service,) = of_kind("Service")
    (container,) = pod_spec(*of_kind("Deployment"))["containers"]
    ports = {(each["name"], each["protocol"]): each["containerPort"] for each in container["ports"]}
    for port in service["spec"]["ports"]:
        assert ports[port["targetPort"], port["protocol"]] == port["port"]


def sites(variant: str) -> dict[str, tuple[str, int]]:
    """By its path where each page of the Corefile stands."""
    return {site.path: (site.host, site.port) for block in configured(variant).blocks for site in block.settings.sites}


@pytest.mark.parametrize(("variant", "kind"), PAIRS)
def test_probes_ask_the_pages_of_the_corefile(variant: str, kind: str) -> None:
    (container,) = pod_spec(*of_kind(kind, variant))["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    asked = {}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        ask = container[probe]["httpGet"]
        asked[ask["path"]] = (ask.get("host", ""), ports.get(ask["port"], ask["port"]))
    shown = sites(variant)
    assert asked == {path: shown[path] for path in ("/health", "/ready")}


@pytest.mark.parametrize(("variant", "kind"), PAIRS)
def test_metrics_and_dns_are_where_the_pod_says(variant: str, kind: str) -> None:
    (container,) = pod_spec(*of_kind(kind, variant))["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports["metrics"] == sites(variant)["/metrics"][1]
    assert {place for block in configured(variant).blocks for _, place, _, _ in block.ports()} == {
        ports["dns"],
        ports["dns-tcp"],
    }


def test_the_cache_of_a_node_listens_at_the_address_that_the_node_is_given() -> None:
    (address,) = pod_spec(*of_kind("DaemonSet"))["initContainers"]
    (given,) = [word for word in address["command"] if word.endswith("/32")]
    assert {f"{host}/32" for block in configured("node-local").blocks for host in block.hosts()} == {given}


def test_all_containers_run_the_image_that_the_kustomization_names() -> None:
    images = {each["image"] for workload in workloads() for each in containers(pod_spec(workload))}
    assert images == {"registry.example.com/pydns:0.1.0"}


def test_the_version_of_the_image_is_that_of_the_project() -> None:
    (version,) = re.findall(r'^version = "(.*)"$', (FOLDER.parents[1] / "pyproject.toml").read_text(), re.MULTILINE)
    assert all(each["image"].endswith(f":{version}") for each in containers(pod_spec(*of_kind("Deployment"))))


def test_each_variant_of_the_folder_is_looked_at() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/kustomization.yaml")} == set(VARIANTS)
