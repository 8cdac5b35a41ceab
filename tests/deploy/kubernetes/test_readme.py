"""deploy/kubernetes/README.md: its commands are understood, and what it names is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from itertools import takewhile
from pathlib import Path
from typing import Final

import kubernetes_validate
import pytest
import yaml

from pydns.registry import BUILTIN
from tests.deploy.kubernetes.kustomize import FOLDER, VARIANTS, identity, render
from tests.e2e.programs import ROOT, installed

README: Final = (FOLDER / "README.md").read_text()
COMMANDS: Final = [line.strip() for line in re.findall(r"^ {4,}(?:kubectl|pydns|docker) .*$", README, re.MULTILINE)]
OBJECTS: Final = {f"{kind.lower()}/{name}" for variant in VARIANTS for kind, _, name in map(identity, render(variant))}


def words(command: str) -> list[str]:
    """Without a comment, where its output goes, and what is run elsewhere."""
    return list(takewhile(lambda word: word not in (">", "&", "--"), shlex.split(command, comments=True)))


def of_kubectl() -> list[str]:
    return sorted({command for command in COMMANDS if command.startswith("kubectl")})


@pytest.mark.skipif(installed("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("command", sorted({command for command in COMMANDS if command.startswith("kubectl")}))
def test_kubectl_knows_the_command_and_its_flags(command: str) -> None:
    found = words(command)
    done = subprocess.run((*found, "--help"), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\bdeploy/kubernetes/[\w/.-]+", README))))
def test_a_path_of_a_command_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(
    "name",
    sorted(set(re.findall(r"`((?:base|service|pods-verified|nodeports|multicluster|node-local)/[\w.-]+)`", README))),
)
def test_a_file_that_is_to_be_edited_is_there(name: str) -> None:
    assert (FOLDER / name).is_file()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b(?:deployment|daemonset)/[\w-]+", README))))
def test_an_object_of_a_command_is_ours_or_coredns_own(name: str) -> None:
    assert name in OBJECTS | {"deployment/coredns"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_folder_is_told(variant: str) -> None:
    assert f"| `{variant}` |" in README


def test_what_a_pod_is_told_by_hand_is_a_pod() -> None:
    (pod,) = [yaml.safe_load(text) for text in _yaml() if "kind: Pod" in text]
    kubernetes_validate.validate(pod, "1.34", strict=True)


def test_the_address_of_the_cache_is_the_same_everywhere() -> None:
    addresses = set(re.findall(r"\b169\.254\.[\d.]*\d", README + "".join(map(Path.read_text, _files("node-local")))))
    assert addresses == {"169.254.20.10"}


def test_metrics_that_it_names_are_told_by_a_plugin() -> None:
    told = "".join((ROOT / f"plugins/pydns_plugins/{name}/README.md").read_text() for name in BUILTIN)
    for name in re.findall(r"`(coredns_\w+)`", README):
        assert name in told


def _yaml() -> list[str]:
    found = re.findall(r"^( *)```yaml\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def _files(variant: str) -> list[Path]:
    return sorted((FOLDER / variant).iterdir())
