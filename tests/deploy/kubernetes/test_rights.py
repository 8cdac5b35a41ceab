"""What pods may do, in the cluster and on the node: what they need, and nothing else."""

from __future__ import annotations

import pytest

from tests.deploy.kubernetes.kustomize import Manifest, containers, identity, of_kind, pod_spec, workloads

CONTAINERS = [
    pytest.param(pod_spec(workload), container, id=f"{workload['kind']} {container['name']}")
    for workload in workloads()
    for container in containers(pod_spec(workload))
]


@pytest.mark.parametrize(
    ("variant", "resources"),
    [
        ("base", {("", "namespaces"), ("", "services"), ("discovery.k8s.io", "endpointslices")}),
        ("pods-verified", {("", "pods")}),
        ("nodeports", {("", "nodes")}),
        ("multicluster", {("multicluster.x-k8s.io", "serviceimports")}),
    ],
)
def test_it_may_read_this_and_no_more(variant: str, resources: set[tuple[str, str]]) -> None:
    (role,) = of_kind("ClusterRole", variant)
    found = {(group, each) for rule in role["rules"] for group in rule["apiGroups"] for each in rule["resources"]}
    assert found == resources


@pytest.mark.parametrize("rule", [rule for role in of_kind("ClusterRole") for rule in role["rules"]], ids=str)
def test_it_may_list_and_watch_and_no_more(rule: Manifest) -> None:
    assert rule.keys() == {"apiGroups", "resources", "verbs"}
    assert rule["verbs"] == ["list", "watch"]


@pytest.mark.parametrize("binding", of_kind("ClusterRoleBinding"), ids=identity)
def test_the_account_of_the_deployment_alone_has_these_rights(binding: Manifest) -> None:
    assert binding["roleRef"]["name"] in {role["metadata"]["name"] for role in of_kind("ClusterRole")}
    (subject,) = binding["subjects"]
    (account,) = of_kind("ServiceAccount", "base")
    assert (subject["kind"], subject["namespace"], subject["name"]) == identity(account)
    assert pod_spec(*of_kind("Deployment"))["serviceAccountName"] == subject["name"]


def test_the_cache_of_a_node_gets_no_token() -> None:
    assert pod_spec(*of_kind("DaemonSet"))["automountServiceAccountToken"] is False


@pytest.mark.parametrize(("spec", "container"), CONTAINERS)
def test_no_container_is_root(spec: Manifest, container: Manifest) -> None:
    context = {**spec["securityContext"], **container["securityContext"]}
    assert context["runAsNonRoot"]
    assert context["runAsUser"] != 0
    assert context["runAsGroup"] != 0


@pytest.mark.parametrize(("spec", "container"), CONTAINERS)
def test_a_container_writes_nothing_and_gains_nothing(spec: Manifest, container: Manifest) -> None:
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert context["allowPrivilegeEscalation"] is False
    assert "privileged" not in context
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert all(mount["readOnly"] for mount in container.get("volumeMounts", ()))


@pytest.mark.parametrize(("spec", "container"), CONTAINERS)
def test_a_container_has_one_capability(spec: Manifest, container: Manifest) -> None:
    needed = "NET_ADMIN" if container in spec.get("initContainers", ()) else "NET_BIND_SERVICE"
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": [needed]}


def test_the_deployment_sees_nothing_of_the_node() -> None:
    spec = pod_spec(*of_kind("Deployment"))
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert not any("hostPath" in volume for volume in spec["volumes"])


@pytest.mark.parametrize(("spec", "container"), CONTAINERS)
def test_a_container_says_what_it_needs(spec: Manifest, container: Manifest) -> None:
    resources = container["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"}
    assert resources["limits"].keys() == {"memory"}


@pytest.mark.parametrize("workload", workloads(), ids=lambda each: each["kind"])
def test_its_names_come_from_the_node_and_not_from_itself(workload: Manifest) -> None:
    assert pod_spec(workload)["dnsPolicy"] == "Default"
