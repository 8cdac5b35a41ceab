"""The manifests are what Kubernetes takes, and kubectl makes of them what these tests look at."""

from __future__ import annotations

import subprocess

import kubernetes_validate
import pytest
import yaml

from tests.deploy.kubernetes.kustomize import FOLDER, VARIANTS, identity, render
from tests.e2e.programs import installed

VERSIONS = ("1.25", "1.34")  # the first in which all these kinds are as they are here, and a late one


@pytest.mark.skipif(installed("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("variant", VARIANTS)
def test_kubectl_renders_the_same(variant: str) -> None:
    command = ("kubectl", "kustomize", str(FOLDER / variant))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(yaml.safe_load_all(done.stdout), key=identity) == sorted(render(variant), key=identity)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_it_fits_the_schema_of_kubernetes(variant: str, version: str) -> None:
    """Strictly: a field that Kubernetes does not know is an error, too."""
    for manifest in render(variant):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_no_object_is_made_twice() -> None:
    found = [identity(manifest) for variant in VARIANTS for manifest in render(variant)]
    assert len(found) == len(set(found))


@pytest.mark.parametrize("variant", VARIANTS)
def test_everything_is_in_kube_system_or_of_the_whole_cluster(variant: str) -> None:
    for kind, namespace, _ in map(identity, render(variant)):
        assert namespace == ("" if kind.startswith("ClusterRole") else "kube-system")


def test_nothing_of_coredns_is_touched() -> None:
    assert "coredns" not in {name for variant in VARIANTS for _, _, name in map(identity, render(variant))}


@pytest.mark.parametrize("variant", sorted(set(VARIANTS) - {"service"}))
def test_the_clusters_dns_address_does_not_go_when_pydns_goes(variant: str) -> None:
    """`kubectl delete -k` deletes what a variant renders."""
    assert "Service" not in {manifest["kind"] for manifest in render(variant)}
