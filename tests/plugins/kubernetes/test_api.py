from __future__ import annotations

from pathlib import Path

import pytest

from pydns.kubernetes.endpoint import Certificates
from pydns_plugins.kubernetes import api
from pydns_plugins.kubernetes.api import Api
from pydns_plugins.kubernetes.options import read_options
from tests.plugins.asking import block, directives
from tests.plugins.kubernetes.test_options import faults


def read(*lines: str) -> Api:
    text = "\n  ".join(("kubernetes cluster.local", *lines))
    found = read_options(directives(text)[0], block()).api
    assert found is not None
    return found


def test_the_start_waits_no_longer_than_it_may() -> None:
    assert read("startup_timeout 10m").startup == 50.0


def test_without_options_the_api_is_that_of_the_cluster() -> None:
    assert read() == Api()
    assert read().source().place == "in-cluster"


def test_an_endpoint() -> None:
    found = read("endpoint https://192.0.2.1:6443", "tls cert key /ca")
    assert found == Api("https://192.0.2.1:6443", Certificates(Path("cert"), Path("key"), Path("/ca")))
    assert found.source().place == "https://192.0.2.1:6443"


@pytest.mark.parametrize(
    ("words", "context", "place"), [("config", "", "config"), ("config there", "there", "config#there")]
)
def test_a_kubeconfig(words: str, context: str, place: str) -> None:
    found = read(f"kubeconfig {words}")
    assert (found.kubeconfig, found.context, found.source().place) == (Path("config"), context, place)


def test_limits_selectors_and_patience() -> None:
    found = read(
        "apiserver_qps 2.5", "apiserver_burst 7", "apiserver_max_inflight 3", "labels app=web , tier in (a, b)",
        "namespace_labels team=dns", "startup_timeout 10s",
    )  # fmt: skip
    assert found == Api(
        rate=2.5, burst=7, at_once=3, labels="app=web , tier in (a, b)", namespace_labels="team=dns", startup=10.0
    )


@pytest.mark.parametrize(("text", "fault"), [
    ("endpoint 192.0.2.1", "2:2: '192.0.2.1' is no URL (write it as https://192.0.2.1:6443)"),
    ("endpoint", "2:1: endpoint wants 1 argument, not 0"),
    ("endpoint http://u:p@x", "2:2: 'http://u:p@x' is no URL (write it as https://192.0.2.1:6443)"),
    ("endpoint http://x\n  tls a b", "3:1: tls wants 3 arguments, not 2"),
    ("tls a b c", "2:1: tls is for an endpoint, and there is none"),
    ("kubeconfig a b c", "2:4: kubeconfig takes at most 2 arguments; 'c' is one too many"),
    ("apiserver_qps 0", "2:2: 0 is out of range (between 0.001 and 1e+06)"),
    ("apiserver_burst x", "2:2: 'x' is no whole number"),
    ("apiserver_max_inflight 0", "2:2: 0 is out of range (between 1 and 2147483647)"),
    ("labels a=b=c", "2:2: 'a=b=c' selects no labels: 'a=b=c' is no requirement (write it as app=web,tier!=test)"),
    ("startup_timeout 5", "2:2: '5' is no duration (write it as 30s, 5m, 1h or 500ms)"),
])  # fmt: skip
def test_a_fault(text: str, fault: str) -> None:
    assert faults(f"kubernetes\n  {text}") == [f"Corefile:{fault}"]


@pytest.mark.parametrize(("first", "second", "fault"), [
    ("endpoint http://x", "kubeconfig y", "2:1: endpoint: kubeconfig names the API as well (keep one)"),
    ("tls a b c", "kubeconfig y", "2:1: tls: kubeconfig names the certificates as well (keep one)"),
    ("namespaces a", "namespace_labels b", "3:1: namespace_labels: namespaces are named already (keep one)"),
])  # fmt: skip
def test_what_does_not_go_together(first: str, second: str, fault: str) -> None:
    assert faults(f"kubernetes\n  {first}\n  {second}") == [f"Corefile:{fault}"]


def test_libraries_that_are_missing_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "NEEDED", {"no_such_module": "missing"})
    told = "kubernetes asks the Kubernetes API, which needs missing (pip install 'pydns-server[kubernetes]')"
    assert faults("kubernetes") == [f"Corefile:1:1: {told}"]
    assert not faults("kubernetes\n  services a")
