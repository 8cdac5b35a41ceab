"""What `kubectl kustomize` makes of deploy/kubernetes: of resources, images and files that become ConfigMaps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parents[3] / "deploy/kubernetes"
VARIANTS: Final = ("base", "service", "pods-verified", "nodeports", "multicluster", "node-local")
KNOWN: Final = {"apiVersion", "kind", "images", "resources", "configMapGenerator", "generatorOptions"}

Manifest = dict[str, Any]


def render(variant: str) -> list[Manifest]:
    folder = FOLDER / variant
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(kustomization) <= KNOWN, "kustomize is asked for more than this file knows"
    found = [*_resources(folder, kustomization), *_config_maps(folder, kustomization)]
    for image in kustomization.get("images", ()):
        for each in map(pod_spec, found):
            for container in containers(each):
                if container["image"] == image["name"]:
                    container["image"] = f"{image['newName']}:{image['newTag']}"
    return found


def _resources(folder: Path, kustomization: Manifest) -> Iterator[Manifest]:
    for name in kustomization["resources"]:
        yield from yaml.safe_load_all((folder / name).read_text())


def _config_maps(folder: Path, kustomization: Manifest) -> Iterator[Manifest]:
    options = kustomization.get("generatorOptions", {})
    for each in kustomization.get("configMapGenerator", ()):
        assert options["disableNameSuffixHash"]
        metadata = {"name": each["name"], "namespace": each["namespace"], "labels": options["labels"]}
        data = {name: (folder / name).read_text() for name in each["files"]}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def identity(manifest: Manifest) -> tuple[str, str, str]:
    """Kind, namespace, name."""
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def of_kind(kind: str, *variants: str) -> list[Manifest]:
    return [each for variant in variants or VARIANTS for each in render(variant) if each["kind"] == kind]


def workloads() -> list[Manifest]:
    """What makes pods."""
    return of_kind("Deployment") + of_kind("DaemonSet")


def pod_spec(manifest: Manifest) -> Manifest:
    """Empty for what makes no pods."""
    found: Manifest = manifest["spec"]["template"]["spec"] if manifest["kind"] in ("Deployment", "DaemonSet") else {}
    return found


def containers(spec: Manifest) -> list[Manifest]:
    return [*spec.get("initContainers", ()), *spec.get("containers", ())]
