"""The Corefiles that the ConfigMaps hold are sound, and do in the cluster what they are there for."""

from __future__ import annotations

import pytest

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.lint import warnings
from tests.deploy.kubernetes.corefiles import VARIABLE, configured, written
from tests.deploy.kubernetes.kustomize import of_kind, pod_spec

VARIANTS = ("base", "node-local")


@pytest.mark.parametrize("variant", VARIANTS)
def test_pydns_check_finds_nothing(variant: str) -> None:
    assert not list(warnings(configured(variant)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_edit_of_the_config_map_is_taken_up(variant: str) -> None:
    assert configured(variant).reload is not None


@pytest.mark.parametrize(("variant", "kind"), [("base", "Deployment"), ("node-local", "DaemonSet")])
def test_the_lame_duck_ends_before_the_pod_is_killed(variant: str, kind: str) -> None:
    lame_duck = int(written(variant).partition("lameduck ")[2].partition("s\n")[0])
    last_queries = 5
    assert lame_duck + last_queries < pod_spec(*of_kind(kind))["terminationGracePeriodSeconds"]


def test_the_cache_of_a_node_does_not_start_without_the_service() -> None:
    """It says what is missing, and asks nobody else."""
    with pytest.raises(CorefileErrorGroup, match=f"{VARIABLE} is not set"):
        parse_text(written("node-local"), environ={})


def test_the_variable_of_the_cache_of_a_node_is_that_of_the_service() -> None:
    (service,) = of_kind("Service")
    assert f"{service['metadata']['name'].upper().replace('-', '_')}_SERVICE_HOST" == VARIABLE
    assert pod_spec(*of_kind("DaemonSet")).get("enableServiceLinks", True)
